import { removeClone } from "../../engine/engines.ts";
import { bytesOf } from "../../model/bytes.ts";
import { isJvsError, JvsError } from "../../model/errors.ts";
import type { GcPlan } from "../../model/gc_records.ts";
import { shortId } from "../../model/ids.ts";
import { DIR } from "../../model/entry.ts";
import { phase, type Reporter } from "../../model/progress.ts";
import type { Folder } from "../../platform/platform.ts";
import { Stat } from "../../platform/stat.ts";
import { unlessFailed } from "../../platform/system_error.ts";
import type { Store } from "../../repo/store.ts";
import type { Tombstone } from "../../repo/tombstones.ts";
import { dropManifests } from "../../tree/drop_manifests.ts";
import { strangerIn } from "./as_saved.ts";
import { finishTaking, goneName, isAny } from "./take_out.ts";

/** Whose garbage is deleted, and who waits for it. */
export interface Sweep {
  readonly store: Store;
  readonly reporter?: Reporter;
  readonly signal?: AbortSignal;
}

/**
 * Deletes what snapshots held that the caller's garbage collections took out of the history; `plan` says how much that is, for the
 * progress. Of one change it stops at the first failure, and goes on there when it is called again; what other changes left is deleted
 * all the same. Gives the first failure. The caller holds the lock of collections.
 */
export async function sweep(context: Sweep, plan?: GcPlan): Promise<JvsError | undefined> {
  const bytes = new Map(plan?.snapshots.map((each) => [each.snapshot_id, each.bytes]));
  let failure: JvsError | undefined;
  for (const tombstone of context.store.tombstones.own()) {
    try {
      await deleteNamed(context, tombstone, bytes);
    } catch (error) {
      if (!isJvsError(error) || error.code === "E_INTERRUPTED") throw error;
      failure ??= error;
    }
  }
  return failure;
}

/** No other host has a file open that is replaced there. */
const OF_ONE_HOST = ["ext4", "xfs", "btrfs", "tmpfs"];

/** Deletes what one tombstone names, and then the tombstone. */
export async function deleteNamed(
  { reporter, signal, store }: Sweep,
  marked: Tombstone,
  bytes: ReadonlyMap<string, number> = new Map(),
): Promise<void> {
  const { layout } = store;
  const tombstone = outOfHistory(store, marked);
  if (tombstone === undefined) return;
  await tell(store, tombstone);
  const ids = [...tombstone.pruned, ...tombstone.deleted];
  const total = ids.reduce((sum, id) => sum + (bytes.get(id) ?? 0), 0);
  using _phase = phase(reporter, "freeing", { bytes: total });
  let current = ids[0] ?? "";
  try {
    using gone = layout.gone.open();
    using snapshots = layout.snapshots.open();
    for (const id of ids) {
      current = id;
      await removePayload(store, gone, { id, name: goneName(id) }, signal);
      // It could not get the other name.
      const payload = { id, name: bytesOf(layout.payload(id).name) };
      if (!store.snapshots.exists(id)) await removePayload(store, snapshots, payload, signal);
      reporter?.advance(0, bytes.get(id) ?? 0);
    }
    await deleteRecords(store, tombstone.deleted, signal);
    store.tombstones.remove(tombstone.id);
  } catch (error) {
    throw stopped(store, tombstone, current, error);
  }
}

/** Removes what a snapshot held. Where others may write, only if it is that. */
async function removePayload(
  { layout, platform, snapshots }: Store,
  folder: Folder,
  { id, name }: { readonly id: string; readonly name: Uint8Array },
  signal: AbortSignal | undefined,
): Promise<void> {
  const stat = new Stat();
  if (!folder.stat(name, stat)) return;
  if (layout.plane.isOpenToOthers && stat.type === DIR) {
    const descriptor = await snapshots.unmarkedDescriptor(id);
    using root = folder.openFolder(name);
    const path = descriptor === undefined
      ? "it"
      : await strangerIn(root, await snapshots.manifestOf(descriptor, signal && { signal }), signal);
    if (path !== undefined) throw notSaved(root, path);
  }
  await removeClone(platform, folder, name, signal && { signal });
}

function notSaved({ path: folder }: Folder, path: string): JvsError {
  return new JvsError(
    "E_PERMISSION",
    `Cannot delete "${folder}": "${path}" in it is not what was saved there`,
    {
      hint:
        "Any member of the group may have put it there, and it may be somebody's work. Look at it, and move it away.",
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
  using descriptors = layout.descriptors.open();
  for (const id of gone) {
    unlessFailed(["ENOENT"], () => descriptors.removeFile(bytesOf(layout.descriptor(id).name)));
    if (layout.plane.isOpenToOthers) layout.maker(layout.plane.owners.caller.uid, id).remove();
  }
  descriptors.sync();
}

/** Writes into the tombstone why its files could not be deleted, and gives the error that says what to do. */
function stopped(
  { tombstones }: Store,
  { deleted, id, plan_id, pruned }: Tombstone,
  snapshotId: string,
  error: unknown,
): unknown {
  if (!isJvsError(error)) return error;
  if (error.code === "E_INTERRUPTED") return interrupted(error, plan_id, pruned.length + deleted.length);
  try {
    tombstones.update(id, { gc_state: "failed", failure_reason: error.message });
  } catch {
    // It only repeats what the error says.
  }
  const message = `Cannot delete all that snapshot ${shortId(snapshotId)} held: ${error.message}`;
  return new JvsError(error.code, message, {
    hint:
      "It is out of the history, and nothing that is kept was touched. Correct what the message names, and run " +
      `\`jvs gc run\` again, with --plan-id ${plan_id} or --yes: it goes on there.`,
    details: { ...error.details, snapshot_id: snapshotId, plan_id },
    cause: error,
  });
}

function interrupted(error: JvsError, planId: string, count: number): JvsError {
  const out = count === 1 ? "1 snapshot is" : `${count} snapshots are`;
  return new JvsError(
    "E_INTERRUPTED",
    `Interrupted while files were deleted: ${out} out of the history already`,
    {
      hint: "Their content cannot be brought back. `jvs gc run` deletes the rest, with --plan-id or --yes.",
      details: { ...error.details, plan_id: planId },
      cause: error,
    },
  );
}
