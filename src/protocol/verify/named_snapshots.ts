import { unlessThrown } from "../../model/errors.ts";
import { isUnreadableRecord } from "../../repo/control_errors.ts";
import type { Store } from "../../repo/store.ts";

/** The snapshots that other records name: only a published one is ever named. */
export interface NamedSnapshots {
  /** By worktrees, refs and pins. */
  readonly byRecords: ReadonlySet<string>;
  /** By what descends from them. */
  readonly asParents: ReadonlySet<string>;
  /** Whether all these records could be read: a damaged one may name any. */
  readonly isAll: boolean;
}

/** Reads which snapshots other records name. Damaged ones are skipped. */
export async function namedSnapshots({ pins, refs, snapshots, worktrees }: Store): Promise<NamedSnapshots> {
  const [byRecords, asParents] = [new Set<string | null>(), new Set<string | null>()];
  let isAll = true;
  const isDamaged = (error: unknown) => {
    if (!isUnreadableRecord(error)) return false;
    isAll = false;
    return true;
  };
  const readable = <T>(read: () => T | undefined) => unlessThrown(isDamaged, read);
  for (const id of snapshots.listKnown()) {
    const descriptor = await snapshots.readable(id);
    if (descriptor === undefined) isAll = false;
    else asParents.add(descriptor.parent_snapshot_id);
  }
  for (const name of worktrees.names()) {
    const worktree = readable(() => worktrees.find(name));
    if (worktree === undefined) continue;
    byRecords.add(worktree.base_snapshot_id).add(worktree.head_snapshot_id).add(worktree.latest_snapshot_id);
  }
  for (const name of refs.names()) byRecords.add(readable(() => refs.find(name))?.snapshot_id ?? null);
  for (const id of pins.ids()) byRecords.add(readable(() => pins.find(id))?.snapshot_id ?? null);
  const named = (ids: ReadonlySet<string | null>) => new Set([...ids].filter((id) => id !== null));
  return { byRecords: named(byRecords), asParents: named(asParents), isAll };
}
