import { catchUp } from "../snapshot/catch_up.ts";
import { bytesOf } from "../../model/bytes.ts";
import { isJvsError, JvsError } from "../../model/errors.ts";
import { namedPaths } from "../../model/path_text.ts";
import type { Reporter } from "../../model/progress.ts";
import { snapshotId, time, uuid, type WorktreeConfig } from "../../model/records.ts";
import { boolean, integer, list, nullable, record, text } from "../../model/schema.ts";
import { inodeAt } from "../../platform/stat.ts";
import { moveFolder } from "../../platform/move_folder.ts";
import { isSystemError, unlessFailed } from "../../platform/system_error.ts";
import { removeClone } from "../../engine/engines.ts";
import { FolderList, listFolders } from "../../tree/folder_list.ts";
import { keepList, listOf, removeList } from "../kept_lists.ts";
import { nowIso, nowMs } from "../../platform/clock.ts";
import { FORGETTING } from "../../repo/lost_records.ts";
import { reasonOfRemoval, RemovalPin } from "../../repo/recorded_keepers.ts";
import type { Store } from "../../repo/store.ts";
import type { TreeTable } from "../../tree/table.ts";
import type { RepositoryContext } from "../context.ts";
import { setAside } from "../set_aside.ts";
import { commitChange, finishDecided } from "../change/commit.ts";
import { defineChange, type WorktreeChange } from "../change/kind.ts";
import { scanWorktree } from "../look/scan_worktree.ts";
import {
  changedBetween,
  discardStaged,
  findPayloads,
  hasPayload,
  makeMovable,
  movePayload,
  openPayloads,
  payloadName,
  setRootMode,
} from "./payload_roots.ts";

const KEEP_LINE_MS = 30 * 24 * 3600 * 1000;

/** Removes a worktree; its snapshots stay. */
export const worktreeRemoval = defineChange({
  operation: "worktree remove",
  prepare: catchUp,
  details: record({
    root_mode: nullable(integer()).about("The payload root's mode, if it was changed to move it.")
      .optional(),
    head_pin_id: uuid().about("The pin of the line it stands on, where that is not its own.").optional(),
    autosave_pin_id: uuid().about("The pin of its unsaved work.").optional(),
  }),
  steps: ["pinning", "taking out", FORGETTING],
  touchesFiles: true,
  audit: record({
    worktree: text(),
    worktree_id: uuid(),
    head_snapshot_id: nullable(snapshotId()),
    latest_snapshot_id: nullable(snapshotId()),
    kept_until: nullable(time()),
    autosave_snapshot_id: nullable(snapshotId()),
    discarded: boolean(),
    pins: list(RemovalPin).optional(),
  }),
  // If it has removed the worktree's record, it is finished; else everything is put back, or set aside where the record was lost otherwise.
  async recover(context, intent): Promise<void> {
    const { store } = context;
    const worktree = beingRemoved(store, intent);
    if (worktree !== undefined) {
      putBack(store, worktree, intent);
      if (store.layout.plane.isOpenToOthers) removeList(store.layout.staging, intent.id);
      const { autosave_pin_id = "", head_pin_id = "" } = intent.details;
      for (const id of [intent.id, head_pin_id, autosave_pin_id]) store.pins.remove(id);
      return intent.complete();
    }
    if (!intent.has(FORGETTING)) return endWithoutRecord(context, intent);
    try {
      await discardRemoved(store, intent);
    } catch (error) {
      if (!isJvsError(error, "E_PERMISSION") || isSystemError(error)) throw error;
      const path = store.layout.replaced.at(intent.id);
      context.reporter.warn(`${error.message}. What was in the worktree that was removed is in "${path}".`);
    }
    await finishDecided(context, intent);
  },
});

/**
 * Ends a removal whose worktree lost its record in another way: programs may have gone on in its folder, so that is set aside. What it pinned
 * stays pinned, as nothing else may keep it.
 */
function endWithoutRecord({ reporter, store }: RepositoryContext, intent: RemovalIntent): void {
  const place = setAside(store, intent);
  if (place !== undefined) {
    reporter.warn(
      `The record of worktree "${intent.target}" was lost before its removal was done, which is not finished now. Its folder is kept in ` +
        `"${place}".`,
    );
  }
  intent.complete();
}

type RemovalChange = WorktreeChange<typeof worktreeRemoval>;
type RemovalIntent = RemovalChange["intent"];

/** How a worktree is removed. */
export interface Removal {
  /** What was seen of it; undefined if its folder is gone. */
  readonly there: TreeTable | undefined;
  /** For the audit trail. */
  readonly autosaveId: string | null;
  /** Whether its content is given up; else it is saved. */
  readonly discarded: boolean;
}

/**
 * Removes a worktree, and returns the time until which its line and its unsaved work are kept. One rename takes its folder out of sight. If
 * another process wrote in it since it was saved, the folder is put back. Else its record is removed, then its content.
 */
export async function removeWorktree(change: RemovalChange, removal: Removal): Promise<string | null> {
  const { store, worktree } = change;
  const { name, worktree_id, head_snapshot_id, latest_snapshot_id } = worktree;
  const { there, autosaveId: autosave_snapshot_id, discarded } = removal;
  const { kept_until, pins } = await pinSaved(change, autosave_snapshot_id);
  const ids = { worktree_id, head_snapshot_id, latest_snapshot_id, autosave_snapshot_id };
  const details = { worktree: name, ...ids, kept_until, discarded, pins };
  await commitChange(change, { target: name, details }, {
    commit: async () => {
      if (there !== undefined) await noteFolders(change, there);
      takeOut(change);
      if (there !== undefined && !discarded) await refuseWhatCameSince(change, there);
      await change.guard?.check(); // looking through all of it may have taken long
      change.intent.step(FORGETTING);
      store.worktrees.remove(name);
      forgetRest(change);
      await deleteContent(change);
    },
  });
  return kept_until;
}

/** What cannot be deleted is only a warning, because the worktree is removed already. */
async function deleteContent({ reporter, intent, store, worktree }: RemovalChange): Promise<void> {
  try {
    await discardRemoved(store, intent, reporter);
  } catch (error) {
    if (!isJvsError(error)) throw error;
    const { replaced, staging } = store.layout;
    const kept = [staging, replaced].map((folder) => folder.at(intent.id)).find((path) => path.isThere());
    reporter.warn(
      `Worktree "${worktree.name}" is removed, but some of its files could not be deleted: ${error.message}. ` +
        `They are in "${kept ?? staging}".`,
    );
  }
}

/** Where others may write, notes which folders it has: they may move others into it while it is taken away. */
async function noteFolders(change: RemovalChange, there: TreeTable): Promise<void> {
  const { intent, signal, store, worktree } = change;
  const { layout } = store;
  if (!layout.plane.isOpenToOthers) return;
  using payloads = findPayloads(store);
  if (payloads === undefined) return;
  using root = unlessFailed(["ENOENT", "ENOTDIR", "ELOOP"], () => payloads.openFolder(payloadName(worktree)));
  if (root !== undefined) keepList(layout.staging, intent.id, await listFolders(root, there, signal));
}

/**
 * Removes what was taken out. Where others may write, only folders that were noted: if there are others, all of it is kept where nothing
 * deletes it, and `E_PERMISSION` names one. Repeatable.
 */
async function discardRemoved(
  store: Store,
  intent: { readonly id: string },
  reporter?: Reporter,
): Promise<void> {
  const { layout: { plane, replaced, staging }, platform } = store;
  if (!plane.isOpenToOthers) return await discardStaged(store, intent, reporter);
  const { id } = intent;
  const only = listOf(store, staging, id) ?? { caller: platform.host.uid, folders: new FolderList() };
  using folder = staging.open();
  try {
    await removeClone(platform, folder, bytesOf(id), { only, ...(reporter && { reporter }) });
  } catch (error) {
    if (!isJvsError(error, "E_PERMISSION") || isSystemError(error)) throw error;
    using kept = replaced.open();
    moveFolder(platform, { folder, name: bytesOf(id) }, { folder: kept, name: bytesOf(id) });
    removeList(staging, id);
    throw error;
  }
  removeList(staging, id);
}

/**
 * Keeps the worktree's line for a while with a pin, because no head protects it any more; so the snapshot on which it stood, and its unsaved
 * work, which is a leaf beside the line. What the worktree was forked from is the line of another. SPEC 8.
 */
async function pinSaved(
  { intent, signal, store, worktree }: RemovalChange,
  autosaveId: string | null,
): Promise<{ kept_until: string | null; pins: RemovalPin[] }> {
  const { base_snapshot_id, head_snapshot_id: head, latest_snapshot_id: latest, name } = worktree;
  const pins: RemovalPin[] = [];
  if (latest === null && autosaveId === null) return { kept_until: null, pins };
  const expires_at = new Date(nowMs() + KEEP_LINE_MS).toISOString();
  const pin = (pin_id: string, snapshot_id: string, what: string, keeps_line = false) => {
    const reason = reasonOfRemoval(what, name);
    store.pins.add({ pin_id, snapshot_id, reason, created_at: nowIso(), expires_at, keeps_line });
    pins.push({ pin_id, snapshot_id, keeps_line, pin_reason: reason });
  };
  if (latest !== null) pin(intent.id, latest, "the line of", latest !== base_snapshot_id);
  if (head !== null && head !== latest) {
    const head_pin_id = crypto.randomUUID();
    intent.step("pinning", { head_pin_id });
    pin(head_pin_id, head, "the snapshot under");
  }
  if (autosaveId !== null) {
    const autosave_pin_id = crypto.randomUUID();
    intent.step("pinning", { autosave_pin_id });
    // Where no setting keeps autosaves, garbage collection may have taken it meanwhile: then the worktree stays.
    using _used = await store.snapshots.use(autosaveId, { signal, action: "keep the unsaved work in" });
    pin(autosave_pin_id, autosaveId, "the unsaved work of");
  }
  return { kept_until: expires_at, pins };
}

/** No process reaches the folder by its path now: if it is still as it was seen, everything in it is saved. */
async function refuseWhatCameSince(change: RemovalChange, seen: TreeTable): Promise<void> {
  const { intent, store, worktree: { name } } = change;
  if (seen.count === 0) return;
  using staging = store.layout.staging.open();
  using root = staging.openFolder(bytesOf(intent.id));
  const now = await scanWorktree(change, root, { known: seen });
  const paths = await changedBetween(seen, now.table);
  if (paths.length === 0) return;
  throw new JvsError(
    "E_UNSAVED_CHANGES",
    `Cannot remove worktree "${name}": something was written in it at that moment: ${
      namedPaths(paths)
    }. It is as it was`,
    { hint: "Stop what writes there and try again.", details: { worktree: name, count: paths.length } },
  );
}

/** Removes what else there is of it. */
function forgetRest({ store, worktree: { worktree_id: id } }: RemovalChange): void {
  for (const file of [store.layout.lease(id), store.layout.cache(store.platform.host.id, id)]) {
    try {
      file.remove();
    } catch {
      // It is not there, or it stays: no process will read it.
    }
  }
}

/** Takes a payload root out of sight, so that no process reaches it by its path. Repeatable. */
function takeOut({ intent, store, worktree }: RemovalChange): void {
  using payloads = findPayloads(store);
  const name = payloadName(worktree);
  if (payloads === undefined || inodeAt(payloads, name) === null) return;
  using root = payloads.openFolder(name);
  intent.step("taking out", { root_mode: makeMovable(root) });
  using staging = store.layout.staging.open();
  movePayload(payloads, name, staging, bytesOf(intent.id));
  payloads.sync();
  staging.sync();
}

/**
 * The worktree that an interrupted removal was of, if it still has a record. A record that an older copy brought back may have the same id
 * under another name, and is of another folder than the one that was taken out.
 */
function beingRemoved(store: Store, { id, target: name, worktreeId }: RemovalIntent) {
  const worktree = store.worktrees.current({ name, worktree_id: worktreeId ?? "" });
  if (worktree === undefined || worktree.name === name) return worktree;
  using staging = store.layout.staging.open();
  return hasPayload(store, staging, bytesOf(id), worktree.identity) ? worktree : undefined;
}

/** Puts a payload root that was taken out back in its place. Repeatable. */
function putBack(store: Store, worktree: WorktreeConfig, intent: RemovalIntent): void {
  using staging = store.layout.staging.open();
  const isOut = inodeAt(staging, bytesOf(intent.id)) !== null;
  using payloads = isOut ? openPayloads(store) : findPayloads(store);
  if (payloads === undefined) return;
  const name = payloadName(worktree);
  if (isOut) {
    if (inodeAt(payloads, name) !== null) throw replacedMeanwhile(store, worktree, intent);
    movePayload(staging, bytesOf(intent.id), payloads, name);
    payloads.sync();
    staging.sync();
  }
  const { root_mode: mode = null } = intent.details;
  if (mode !== null) setRootMode(payloads, name, worktree.identity, mode);
}

function replacedMeanwhile(store: Store, worktree: WorktreeConfig, { id }: RemovalIntent): JvsError {
  const { path } = store.layout.staging.at(id);
  const root = store.worktrees.root(worktree);
  const what = `worktree "${worktree.name}" back after its removal was interrupted`;
  return new JvsError("E_ALREADY_EXISTS", `Cannot put ${what}: something new stands in its place`, {
    hint: `Move "${root}" away and try again. All that was in the worktree is in "${path}".`,
    details: { worktree: worktree.name, path },
  });
}
