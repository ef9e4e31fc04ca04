import { isJvsError } from "../../model/errors.ts";
import { ancestors } from "../../repo/lineage.ts";
import type { Store } from "../../repo/store.ts";

/** Where a restore leads, seen from the snapshot that the worktree stands on. */
export type Move =
  | { readonly to: "back" | "forward"; readonly snapshots: number }
  | { readonly to: "another line" }
  /** It stays where it is, or has not stood anywhere, or a record on the way is damaged. */
  | { readonly to: "unsaid" };

/** Which way it is from one snapshot to another: an ancestor is back, a descendant forward. */
export async function moveBetween(store: Store, from: string | null, to: string): Promise<Move> {
  if (from === null || from === to) return { to: "unsaid" };
  // Ids rise along a line, so it leads from the newer one to the older one or to neither.
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

/** For the sentence on a restore, behind the worktree's name. */
export function moveText(move: Move): string {
  if (move.to === "unsaid") return "";
  if (move.to === "another line") return ", on another line";
  return `, ${move.snapshots} ${move.snapshots === 1 ? "snapshot" : "snapshots"} ${move.to}`;
}
