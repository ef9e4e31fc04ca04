import { bytesOf } from "../../model/bytes.ts";
import type { Pruned } from "../../model/gc_records.ts";
import { snapshotId } from "../../model/records.ts";
import { list, record } from "../../model/schema.ts";
import { nowIso } from "../../platform/clock.ts";
import { moveFolder } from "../../platform/move_folder.ts";
import type { Folder } from "../../platform/platform.ts";
import { unlessFailed } from "../../platform/system_error.ts";
import { TemporaryFile } from "../../platform/temporary_file.ts";
import type { ControlPath } from "../../repo/control_path.ts";
import { recordText } from "../../repo/record_file.ts";
import type { Store } from "../../repo/store.ts";
import type { Tombstone } from "../../repo/tombstones.ts";

/** What intents and audit records call a change that takes snapshots out of the history. */
export const COLLECTION = "gc run";

/** What its intent says. */
export const TAKEN = record({ pruned: list(snapshotId()), deleted: list(snapshotId()) });

/** The snapshots of one change. */
export interface Taken {
  /** They keep their record. */
  readonly pruned: readonly string[];
  /** Nothing of them stays. */
  readonly deleted: readonly string[];
}

/** Whether there are any. */
export function isAny({ deleted, pruned }: Taken): boolean {
  return deleted.length + pruned.length > 0;
}

/**
 * Takes snapshots out of the history, durably. The caller holds their markers and has written the tombstone. The marker PRUNED is
 * durable before READY goes, and a payload gets its other name only when no marker leads to it any more.
 */
export function takeOut(store: Store, id: string, planId: string, taken: Taken): void {
  const { layout, platform } = store;
  using folder = layout.snapshots.open();
  for (const pruned of taken.pruned) writePruned(store, folder, pruned, planId);
  if (taken.pruned.length > 0) platform.syncFileSystem(folder); // one call for all of them
  removeMarkers(store, folder, taken);
  setAside(store, taken);
  store.tombstones.update(id, { gc_state: "committed", committed_at: nowIso() });
}

/** Says that a snapshot is pruned, not durably. It counts only when READY is gone. */
function writePruned({ layout, snapshots }: Store, folder: Folder, id: string, planId: string): void {
  using file = new TemporaryFile(folder, layout.pruned(id).name);
  file.write(bytesOf(recordText({ ...snapshots.ready(id), plan_id: planId } satisfies Pruned)));
  file.replace();
}

/**
 * Takes READY from those that are pruned, and every marker from those that are deleted, durably. The newest go first, so that at
 * no moment a snapshot is there whose ancestor is not.
 */
function removeMarkers({ layout }: Store, folder: Folder, { deleted, pruned }: Taken): void {
  const remove = ({ name }: ControlPath) => unlessFailed(["ENOENT"], () => folder.removeFile(bytesOf(name)));
  const goesWhole = new Set(deleted);
  for (const id of [...pruned, ...deleted].sort().reverse()) {
    remove(layout.ready(id));
    if (goesWhole.has(id)) remove(layout.pruned(id));
  }
  folder.sync();
}

/**
 * After a kill in `takeOut`: those that lost their marker are out, and the others stay as they were. `told` is what a tombstone says
 * besides: where its file was lost it is written again, because nothing else knows what is to be deleted. Repeatable.
 */
export function finishTaking(
  store: Store,
  id: string,
  { deleted, pruned }: Taken,
  told?: Pick<Tombstone, "plan_id" | "audit">,
): Taken {
  const { layout, snapshots, tombstones } = store;
  for (const stays of pruned.filter((each) => snapshots.exists(each))) layout.pruned(stays).remove();
  const taken = {
    pruned: pruned.filter((each) => snapshots.isPruned(each)),
    deleted: deleted.filter((each) => !snapshots.exists(each) && !snapshots.isPruned(each)),
  };
  if (!isAny(taken)) {
    tombstones.remove(id);
    return taken;
  }
  if (told !== undefined && !tombstones.has(id)) tombstones.mark({ id, ...told, ...taken });
  setAside(store, taken);
  tombstones.update(id, { ...taken, gc_state: "committed", committed_at: nowIso() });
  return taken;
}

/** The name of a payload that is out of the history. */
export function goneName(id: string): Uint8Array<ArrayBuffer> {
  return bytesOf(`${id}.gone`);
}

/** Gives payloads a name under which nobody looks for a snapshot, durably. Repeatable. */
function setAside({ layout, platform }: Store, { deleted, pruned }: Taken): void {
  using snapshots = layout.snapshots.open();
  using gone = layout.gone.open();
  for (const id of [...pruned, ...deleted]) {
    const from = { folder: snapshots, name: bytesOf(layout.payload(id).name) };
    const to = { folder: gone, name: goneName(id) };
    // Where that cannot be, `sweep.ts` deletes the payload under its own name, or moves it again.
    unlessFailed(
      ["ENOENT", "EEXIST", "EACCES", "EPERM", "EROFS", "EXDEV", "ENOTDIR", "ELOOP"],
      () =>
        isInReach(layout)
          ? moveFolder(platform, from, to)
          : snapshots.rename(from.name, gone, to.name, "fresh"),
    );
  }
  snapshots.sync();
  gone.sync();
}

/** Whether others may give the name of a payload to something else. What goes is then moved out of their reach first. */
export function isInReach({ gone, snapshots }: Store["layout"]): boolean {
  return gone.path !== snapshots.path;
}
