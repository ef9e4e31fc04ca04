import type { WorktreeConfig } from "../../model/records.ts";
import type { Store } from "../../repo/store.ts";
import type { RestoreRequest } from "./request.ts";

/** Where a worktree stands. */
export type HeadPatch = Pick<WorktreeConfig, "base_snapshot_id" | "head_snapshot_id" | "latest_snapshot_id">;

/**
 * Where the worktree will stand: on the snapshot; one that has no snapshot of its own yet begins its line there, and so
 * is not detached (SPEC 6). Null: some paths move no head.
 */
export async function headAfterRestore(
  store: Store,
  worktree: WorktreeConfig,
  { descriptor, paths }: Pick<RestoreRequest, "descriptor" | "paths">,
): Promise<HeadPatch | null> {
  if (paths !== null) return null;
  const { base_snapshot_id, latest_snapshot_id } = worktree;
  const id = descriptor.snapshot_id;
  const ownLine = latest_snapshot_id !== null && latest_snapshot_id !== base_snapshot_id ||
    await isOwn(store, worktree, latest_snapshot_id);
  return ownLine
    ? { base_snapshot_id, head_snapshot_id: id, latest_snapshot_id }
    : { base_snapshot_id: id, head_snapshot_id: id, latest_snapshot_id: id };
}

/** Moves it there. Repeatable. */
export function moveHead(store: Store, worktree: WorktreeConfig, head: HeadPatch | null): void {
  if (head !== null) store.worktrees.update(worktree.name, head);
}

async function isOwn(store: Store, worktree: WorktreeConfig, id: string | null): Promise<boolean> {
  if (id === null) return false;
  const descriptor = await store.snapshots.readable(id);
  // Of one that is missing or damaged nobody can tell: as the worktree's own it stays its newest, so that nothing is left.
  return descriptor === undefined || descriptor.worktree_id === worktree.worktree_id;
}
