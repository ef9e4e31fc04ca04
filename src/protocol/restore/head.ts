import { isJvsError } from "../../model/errors.ts";
import type { WorktreeConfig } from "../../model/records.ts";
import { ancestors } from "../../repo/lineage.ts";
import type { Store } from "../../repo/store.ts";
import type { RestoreRequest } from "./comparison.ts";

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
  const { base_snapshot_id, latest_snapshot_id, worktree_id } = worktree;
  const isOwn = async (latest: string) => {
    const descriptor = await store.snapshots.readable(latest);
    // A missing or damaged snapshot counts as the worktree's own, so that it stays its latest and no line is lost.
    return descriptor === undefined || descriptor.worktree_id === worktree_id;
  };
  return latest_snapshot_id !== null &&
      (latest_snapshot_id !== base_snapshot_id || await isOwn(latest_snapshot_id))
    ? { base_snapshot_id, head_snapshot_id: id, latest_snapshot_id }
    : { base_snapshot_id: id, head_snapshot_id: id, latest_snapshot_id: id };
}

/** Moves the worktree there. Repeatable. */
export function moveHead(store: Store, worktree: WorktreeConfig, head: HeadPatch | null): void {
  if (head !== null) store.worktrees.update(worktree.name, head);
}

/**
 * Where a restore leads, in words to follow the worktree's name: to an ancestor is back, to a descendant forward. Empty if
 * the worktree stays where it is or has no head yet, or a record on the way is damaged.
 */
export async function directionTo(store: Store, from: string | null, to: string): Promise<string> {
  if (from === null || from === to) return "";
  // Ids rise along a line, so the older snapshot can only be an ancestor of the newer one.
  const [older, newer, way] = from < to ? [from, to, "forward"] : [to, from, "back"];
  let count = 0;
  try {
    for await (const id of ancestors(store, newer)) {
      if (id === older) return `, ${count} ${count === 1 ? "snapshot" : "snapshots"} ${way}`;
      if (id < older) break;
      count++;
    }
  } catch (error) {
    if (!isJvsError(error, "E_DESCRIPTOR_CORRUPT", "E_LINEAGE_BROKEN", "E_NOT_FOUND")) throw error;
    return "";
  }
  return ", on another line";
}
