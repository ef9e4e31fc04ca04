import { textOf } from "../../model/bytes.ts";
import { isSnapshotId } from "../../model/ids.ts";
import type { Finding } from "../../model/records.ts";
import { snapshotsRecorded } from "../../repo/audit_mentions.ts";
import type { ControlPath } from "../../repo/control_path.ts";
import type { Store } from "../../repo/store.ts";
import { deleteGone } from "../gc/sweep.ts";
import { goneName } from "../gc/take_out.ts";
import { underCollection } from "../gc/under_way.ts";
import { finding } from "./finding.ts";
import { namedSnapshots } from "./named_snapshots.ts";

/** What is left of a snapshot that is out of the history, and of which no tombstone and no open change tells any more. */
export interface Untold {
  readonly id: string;
  /** At least one. */
  readonly paths: readonly ControlPath[];
  /** Why JVS does not delete it, and what a person does; undefined where it is safe to. */
  readonly kept: string | undefined;
}

/**
 * Finds what garbage collections left whose tombstones were lost. It is safe to delete only where the trail, which is whole, names the
 * snapshot as collected, and nothing that can be read, or cannot, may name it since.
 */
export async function untoldOf(store: Store): Promise<Untold[]> {
  const { layout } = store;
  const before = partsLeft(store);
  if (before.size === 0) return [];
  const busy = underCollection(store);
  const { deleted, pruned } = snapshotsRecorded(layout);
  const mayBe = (id: string) => !busy.has(id) && (goneOf(store, id).isThere() || deleted.has(id));
  const ids = [...before.keys()].filter(mayBe).sort();
  if (ids.length === 0) return [];
  const isWhole = (await store.audit.check()).broken === undefined;
  const named = await namedSnapshots(store);
  const whyKept = (id: string): string | undefined => {
    const isPruned = store.snapshots.isPruned(id) && pruned.has(id);
    if (!isPruned && !deleted.has(id)) return unrecorded(store, id);
    if (store.snapshots.isKnown(id) && !isPruned || layout.payload(id).isThere()) return BROUGHT_BACK;
    if (!isWhole) return UNCERTAIN;
    // What names a pruned one names its place in the history, which stays.
    if (isPruned) return undefined;
    if (!named.isAll) return UNCERTAIN;
    return named.byRecords.has(id) || named.asParents.has(id) ? NAMED : undefined;
  };
  const untold = ids.map((id) => ({ id, paths: before.get(id) ?? [], kept: whyKept(id) }));
  // A garbage collection that ended meanwhile has removed its tombstone, and all that this named before.
  const still = partsLeft(store);
  return untold.filter(({ id }) => still.has(id));
}

/** Deletes it, where that is safe. */
export async function deleteUntold(store: Store, { id }: Untold): Promise<void> {
  await deleteGone({ store }, [id]);
}

/** Reports what only a person can decide on. */
export function untoldFinding({ id, kept, paths: [first] }: Untold): Finding {
  const path = first?.path ?? null;
  const message = `Left over from a garbage collection of snapshot ${id}: "${path}". ${kept}`;
  return finding("warning", "LEFTOVER", message, { path, snapshot_id: id });
}

const BROUGHT_BACK =
  "It is kept, because files of that snapshot have their own names again, as if it was brought back from a copy. " +
  "Bring back the rest of it too, its marker last; or move all of it away.";

const UNCERTAIN =
  "It is kept as long as the audit trail is broken, or a record cannot be read that may name the snapshot. Mend that first, " +
  "as `jvs doctor` says; then `jvs doctor --repair clean_tmp` deletes it.";

const NAMED =
  "It is kept, because a worktree, ref, pin or snapshot names it. Bring the snapshot back from a copy of the repository; or " +
  "give up what names it: then `jvs doctor --repair clean_tmp` deletes what is left.";

function unrecorded({ layout }: Store, id: string): string {
  return "It is kept, because no record tells that the snapshot was collected. If the snapshot is missing, rename it to " +
    `"${
      layout.payload(id).path
    }": \`jvs doctor --repair rebuild_ready\` then brings it back, if it is what was saved. ` +
    "If not, move it away.";
}

function goneOf({ layout }: Store, id: string): ControlPath {
  return layout.gone.at(textOf(goneName(id)));
}

/**
 * By their ids: payloads that are out of the history; and files of snapshots without a marker, where nobody else may write: there another
 * member's tombstone may have told of them.
 */
function partsLeft(store: Store): Map<string, ControlPath[]> {
  const { layout, unfinished } = store;
  const gone = layout.gone.names().filter((name) => name.endsWith(GONE)).map((name) =>
    name.slice(0, -GONE.length)
  ).filter(isSnapshotId);
  const parts = new Map(gone.map((id) => [id, [goneOf(store, id)]]));
  const unmarked = layout.plane.isOpenToOthers ? [] : unfinished.leftovers();
  for (const id of unmarked) parts.set(id, [...parts.get(id) ?? [], ...unfinished.parts(id)]);
  return new Map([...parts].filter(([, paths]) => paths.length > 0));
}

const GONE = textOf(goneName(""));
