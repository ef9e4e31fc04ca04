import { removeClone } from "../../engine/engines.ts";
import { bytesOf } from "../../model/bytes.ts";
import { isJvsError, JvsError, unlessThrown } from "../../model/errors.ts";
import { shortId } from "../../model/ids.ts";
import { DIR } from "../../model/entry.ts";
import { phase, type Reporter } from "../../model/progress.ts";
import { moveFolder } from "../../platform/move_folder.ts";
import type { Folder } from "../../platform/platform.ts";
import { Stat } from "../../platform/stat.ts";
import { unlessFailed } from "../../platform/system_error.ts";
import type { Store } from "../../repo/store.ts";
import type { Tombstone } from "../../repo/tombstones.ts";
import { dropManifests } from "../../tree/drop_manifests.ts";
import { strangerIn } from "./as_saved.ts";
import { finishTaking, goneName, isAny, isInReach, type Taken } from "./take_out.ts";

/** Whose garbage is deleted, and who waits for it. */
export interface Sweep {
  readonly store: Store;
  readonly reporter?: Reporter;
  readonly signal?: AbortSignal;
}

/** What was deleted of one change. */
export interface Swept extends Taken {
  /** What came free with each snapshot, by the plan. */
  readonly bytes: ReadonlyMap<string, number>;
}

/**
 * Deletes what snapshots held that the caller's garbage collections took out of the history, and adds each change of which nothing is left
 * to `swept`. Of one change it stops at the first failure, and goes on there when it is called again; what other changes left is deleted
 * all the same. Gives the first failure. The caller holds the lock of collections.
 */
export async function sweep(context: Sweep, swept: Swept[]): Promise<JvsError | undefined> {
  let failure: JvsError | undefined;
  for (const tombstone of context.store.tombstones.own()) {
    try {
      const done = await deleteNamed(context, tombstone);
      if (done !== undefined) swept.push(done);
    } catch (error) {
      if (!isJvsError(error) || error.code === "E_INTERRUPTED") throw error;
      failure ??= error;
    }
  }
  return failure;
}

/** No other host has a file open that is replaced there. */
const OF_ONE_HOST = ["ext4", "xfs", "btrfs", "tmpfs"];

/** Deletes what one tombstone names, and then the tombstone. Undefined if nothing of it is out of the history. */
export async function deleteNamed(sweep: Sweep, marked: Tombstone): Promise<Swept | undefined> {
  const { reporter, signal, store } = sweep;
  const tombstone = outOfHistory(store, marked);
  if (tombstone === undefined) return undefined;
  await tell(store, tombstone);
  const { deleted, pruned } = tombstone;
  const ids = [...pruned, ...deleted];
  const bytes = new Map(ids.map((id) => [id, tombstone.bytes?.[id] ?? 0]));
  const total = ids.reduce((sum, id) => sum + (bytes.get(id) ?? 0), 0);
  using _phase = phase(reporter, "freeing", { entries: ids.length, unit: "snapshot", bytes: total });
  const left = new Set(ids);
  try {
    for (const id of ids) {
      await removePayloads(sweep, id);
      left.delete(id);
      reporter?.advance(1, bytes.get(id) ?? 0);
    }
    await deleteRecords(store, deleted, signal);
    store.tombstones.remove(tombstone.id);
    return { pruned, deleted, bytes };
  } catch (error) {
    throw stopped(store, tombstone, [...left], error);
  }
}

/** Deletes what is left of snapshots that are out of the history, but no payload under its own name. Repeatable. */
export async function deleteGone(sweep: Sweep, ids: readonly string[]): Promise<void> {
  {
    using gone = sweep.store.layout.gone.open();
    for (const id of ids) await removePayload(sweep, gone, { id, name: goneName(id) });
  }
  await deleteRecords(sweep.store, ids, sweep.signal);
}

/** Removes what a snapshot held, under whichever name it is. */
async function removePayloads(sweep: Sweep, id: string): Promise<void> {
  const { layout, platform, snapshots: known } = sweep.store;
  using gone = layout.gone.open();
  const [own, other] = [bytesOf(layout.payload(id).name), goneName(id)];
  await removePayload(sweep, gone, { id, name: other });
  using snapshots = layout.snapshots.open();
  if (known.exists(id) || !snapshots.stat(own, new Stat())) return;
  // It could not get the other name. Others could exchange it until it is deleted: then it has to.
  if (!isInReach(layout)) return await removePayload(sweep, snapshots, { id, name: own });
  moveFolder(platform, { folder: snapshots, name: own }, { folder: gone, name: other });
  await removePayload(sweep, gone, { id, name: other });
}

/** Removes what a snapshot held. Where others may write, only if it is that. */
async function removePayload(
  { reporter, signal, store: { layout, platform, snapshots } }: Sweep,
  folder: Folder,
  { id, name }: { readonly id: string; readonly name: Uint8Array },
): Promise<void> {
  const stat = new Stat();
  if (!folder.stat(name, stat)) return;
  if (layout.plane.isOpenToOthers && stat.type === DIR) {
    const descriptor = await snapshots.unmarkedDescriptor(id);
    using root = folder.openFolder(name);
    const path = descriptor === undefined
      ? "it"
      : await strangerIn(root, await snapshots.manifestOf(descriptor, signal && { signal }), {
        caller: platform.host.uid,
        signal,
      });
    if (path !== undefined) throw notSaved(root, path);
  }
  await removeClone(platform, folder, name, { ...(reporter && { reporter }), ...(signal && { signal }) });
}

function notSaved({ path: folder }: Folder, path: string): JvsError {
  return new JvsError(
    "E_PERMISSION",
    `Cannot delete "${folder}": "${path}" in it is not what was saved there`,
    {
      hint:
        "Another user who may write there may have put it there, and it may be somebody's work. Look at it, and move it away.",
      details: { path: folder, stranger: path },
    },
  );
}

/** The tombstone with those that are out of the history; undefined while that is for the recovery of the change to say. */
function outOfHistory(store: Store, tombstone: Tombstone): Tombstone | undefined {
  if (tombstone.gc_state !== "marked") return tombstone;
  if (store.intents.names().includes(tombstone.id)) return undefined;
  const taken = finishTaking(store, tombstone.id, tombstone); // a copy of the repository without its `runtime/`
  return isAny(taken) ? { ...tombstone, ...taken } : undefined;
}

/** Writes the audit record, if that was not done: a copy of the repository has the tombstone, and not the intent. */
async function tell({ audit }: Store, tombstone: Tombstone): Promise<void> {
  const { audit: { after: _, ...entry }, deleted, id, pruned } = tombstone;
  await audit.append({ ...entry, event_id: id, details: { ...entry.details, deleted, pruned } });
}

/** Removes descriptors and manifests; a manifest that others share blocks of stays as far as they need it. */
async function deleteRecords(
  { layout, platform, snapshots }: Store,
  ids: readonly string[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const gone = ids.filter((id) => !snapshots.isKnown(id));
  if (gone.length === 0) return;
  using manifests = layout.manifests.open();
  const mayReplace = OF_ONE_HOST.includes(platform.fileSystem(manifests).kind);
  await dropManifests(manifests, new Set(gone), { mayReplace, signal });
  using signatures = layout.signatures.isThere() ? layout.signatures.open() : undefined;
  for (const id of gone) {
    unlessFailed(["ENOENT"], () => signatures?.removeFile(bytesOf(layout.signature(id).name)));
  }
  signatures?.sync();
  using descriptors = layout.descriptors.open();
  for (const id of gone) {
    unlessFailed(["ENOENT"], () => descriptors.removeFile(bytesOf(layout.descriptor(id).name)));
    if (layout.plane.isOpenToOthers) layout.maker(layout.plane.owners.caller.uid, id).remove();
  }
  descriptors.sync();
}

/** Writes into the tombstone what is `left`, and why its files could not be deleted; gives the error that says what to do. */
function stopped(
  { layout, tombstones }: Store,
  { bytes, deleted, id, plan_id, pruned }: Tombstone,
  left: readonly string[],
  error: unknown,
): unknown {
  if (!isJvsError(error)) return error;
  const rest = bytes && { bytes: Object.fromEntries(left.map((each) => [each, bytes[each] ?? 0])) };
  const isInterrupted = error.code === "E_INTERRUPTED";
  const state = isInterrupted ? {} : { gc_state: "failed", failure_reason: error.message } as const;
  // What cannot be written now only repeats what the error says, and how much comes free.
  unlessThrown(isJvsError, () => tombstones.update(id, { ...state, ...rest }));
  const again = layout.plan(plan_id).isThere() ? `with --plan-id ${plan_id} or --yes` : "with --yes";
  if (isInterrupted) return interrupted(error, { plan_id, again, count: pruned.length + deleted.length });
  const snapshotId = left[0] ?? deleted[0] ?? "";
  const message = `Cannot delete all that snapshot ${shortId(snapshotId)} held: ${error.message}`;
  return new JvsError(error.code, message, {
    hint:
      "It is out of the history, and nothing that is kept was touched. Correct what the message names, and run " +
      `\`jvs gc run\` again, ${again}: it goes on there.`,
    details: { ...error.details, snapshot_id: snapshotId, plan_id },
    cause: error,
  });
}

function interrupted(
  error: JvsError,
  { again, count, plan_id }: { readonly again: string; readonly count: number; readonly plan_id: string },
): JvsError {
  const out = count === 1 ? "1 snapshot is" : `${count} snapshots are`;
  return new JvsError(
    "E_INTERRUPTED",
    `Interrupted while files were deleted: ${out} out of the history already`,
    {
      hint: `Their content cannot be brought back. \`jvs gc run\` deletes the rest, ${again}.`,
      details: { ...error.details, plan_id },
      cause: error,
    },
  );
}
