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

/** Where a restore leads, seen from the snapshot that the worktree stands on. */
export type Direction =
  | { readonly to: "back" | "forward"; readonly snapshots: number }
  | { readonly to: "another line" }
  /** The worktree stays where it is, or has no head yet, or a record on the way is damaged. */
  | { readonly to: "unsaid" };

/** The direction from one snapshot to another: an ancestor is back, a descendant is forward. */
export async function directionTo(store: Store, from: string | null, to: string): Promise<Direction> {
  if (from === null || from === to) return { to: "unsaid" };
  // Ids rise along a line, so the older snapshot can only be an ancestor of the newer one.
  const [older, newer] = from < to ? [from, to] : [to, from];
  let snapshots = 0;
  try {
    for await (const { snapshot_id } of ancestors(store, newer)) {
      if (snapshot_id === older) return { to: from < to ? "forward" : "back", snapshots };
      if (snapshot_id < older) break;
      snapshots++;
    }
  } catch (error) {
    if (!isJvsError(error, "E_DESCRIPTOR_CORRUPT", "E_LINEAGE_BROKEN", "E_NOT_FOUND")) throw error;
    return { to: "unsaid" };
  }
  return { to: "another line" };
}

/** The direction in words, to follow the worktree's name in the sentence on a restore. */
export function directionText(direction: Direction): string {
  if (direction.to === "unsaid") return "";
  if (direction.to === "another line") return ", on another line";
  return `, ${direction.snapshots} ${direction.snapshots === 1 ? "snapshot" : "snapshots"} ${direction.to}`;
}
