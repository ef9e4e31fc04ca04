import type { WorktreeConfig } from "../../model/records.ts";
import type { Store } from "../../repo/store.ts";
import type { RestoreRequest } from "./request.ts";

/** Where a worktree stands. */
export type HeadPatch = Pick<WorktreeConfig, "base_snapshot_id" | "head_snapshot_id" | "latest_snapshot_id">;

/**
 * Where the worktree stands after a restore; null if only some paths are restored, as those move no head. A worktree
 * without a snapshot of its own begins its line at the restored snapshot, and so is not detached (SPEC 6).
 */
export async function headAfterRestore(
  store: Store,
  worktree: WorktreeConfig,
  id: string,
  paths: RestoreRequest["paths"],
): Promise<HeadPatch | null> {
  if (paths !== null) return null;
  const { base_snapshot_id, latest_snapshot_id } = worktree;
  const ownLine = latest_snapshot_id !== null && latest_snapshot_id !== base_snapshot_id ||
    await isOwn(store, worktree, latest_snapshot_id);
  return ownLine
    ? { base_snapshot_id, head_snapshot_id: id, latest_snapshot_id }
    : { base_snapshot_id: id, head_snapshot_id: id, latest_snapshot_id: id };
}

/** Moves the worktree there. Repeatable. */
export function moveHead(store: Store, worktree: WorktreeConfig, head: HeadPatch | null): void {
  if (head !== null) store.worktrees.update(worktree.name, head);
}

async function isOwn(store: Store, worktree: WorktreeConfig, id: string | null): Promise<boolean> {
  if (id === null) return false;
  const descriptor = await store.snapshots.readable(id);
  // A missing or damaged snapshot counts as the worktree's own, so that it stays its latest and no line is lost.
  return descriptor === undefined || descriptor.worktree_id === worktree.worktree_id;
}
