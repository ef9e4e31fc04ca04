import { bytesOf } from "../../model/bytes.ts";
import { isJvsError, JvsError } from "../../model/errors.ts";
import { namedPaths } from "../../model/path_text.ts";
import { snapshotId, time, uuid, type WorktreeConfig } from "../../model/records.ts";
import { boolean, integer, nullable, record, text } from "../../model/schema.ts";
import { inodeAt } from "../../platform/stat.ts";
import { nowIso, nowMs } from "../../platform/clock.ts";
import type { Store } from "../../repo/store.ts";
import type { TreeTable } from "../../tree/table.ts";
import { commitChange, finishDecided } from "../change/commit.ts";
import { defineChange, type WorktreeChange } from "../change/kind.ts";
import { scanWorktree } from "../look/scan_worktree.ts";
import {
  changedBetween,
  discardStaged,
  makeMovable,
  movePayload,
  openPayloads,
  payloadName,
} from "./payload_roots.ts";

const KEEP_LINE_MS = 30 * 24 * 3600 * 1000;

/** Removes a worktree; its snapshots stay. */
export const worktreeRemoval = defineChange({
  operation: "worktree remove",
  details: record({
    root_mode: nullable(integer()).about("The payload root's mode, if it was changed to move it.")
      .optional(),
    head_pin_id: uuid().about("The pin of the line it stands on, where that is not its own.").optional(),
  }),
  steps: ["pinning", "taking out"],
  touchesFiles: true,
  audit: record({
    worktree: text(),
    worktree_id: uuid(),
    head_snapshot_id: nullable(snapshotId()),
    latest_snapshot_id: nullable(snapshotId()),
    kept_until: nullable(time()),
    autosave_snapshot_id: nullable(snapshotId()),
    discarded: boolean(),
  }),
  // If the worktree's record is gone, the removal is finished; else everything is put back.
  async recover(context, intent): Promise<void> {
    const { store } = context;
    const worktree = store.worktrees.withId(intent.worktreeId);
    if (worktree !== undefined) {
      putBack(store, worktree, intent);
      store.pins.remove(intent.id);
      store.pins.remove(intent.details.head_pin_id ?? "");
      return intent.complete();
    }
    await discardStaged(store, intent);
    await finishDecided(context, intent);
  },
});

type RemovalChange = WorktreeChange<typeof worktreeRemoval>;
type RemovalIntent = RemovalChange["intent"];

/** How a worktree is removed. */
export interface Removal {
  /** What was seen of it and is saved; undefined if its content is given up. */
  readonly seen: TreeTable | undefined;
  /** For the audit trail. */
  readonly autosaveId: string | null;
  readonly discarded: boolean;
}

/**
 * Removes a worktree, and returns the time until which its line is kept. One rename takes its folder out of sight. If
 * another process wrote in it since it was saved, the folder is put back. Else its record is removed, then its content.
 */
export async function removeWorktree(change: RemovalChange, removal: Removal): Promise<string | null> {
  const { store, worktree } = change;
  const { name, worktree_id, head_snapshot_id, latest_snapshot_id } = worktree;
  const { seen, autosaveId: autosave_snapshot_id, discarded } = removal;
  const kept_until = pinLine(change);
  const ids = { worktree_id, head_snapshot_id, latest_snapshot_id, autosave_snapshot_id };
  const details = { worktree: name, ...ids, kept_until, discarded };
  await commitChange(change, { target: name, details }, {
    commit: async () => {
      takeOut(change);
      if (seen !== undefined) await refuseWhatCameSince(change, seen);
      store.worktrees.remove(name);
      forgetCache(change);
      await deleteContent(change);
    },
  });
  return kept_until;
}

/** What cannot be deleted is only a warning, because the worktree is removed already. */
async function deleteContent({ reporter, intent, store, worktree }: RemovalChange): Promise<void> {
  try {
    await discardStaged(store, intent);
  } catch (error) {
    if (!isJvsError(error)) throw error;
    reporter.warn(
      `Worktree "${worktree.name}" is removed, but some of its files could not be deleted: ${error.message}. ` +
        `They are in "${store.layout.staging.at(intent.id)}".`,
    );
  }
}

/** Keeps the worktree's line for a while with a pin, because no head protects it any more. SPEC 8. */
function pinLine({ intent, store, worktree }: RemovalChange): string | null {
  const { head_snapshot_id, latest_snapshot_id, name } = worktree;
  if (latest_snapshot_id === null) return null;
  const expires_at = new Date(nowMs() + KEEP_LINE_MS).toISOString();
  const pin = (pin_id: string, snapshot_id: string, what: string) => {
    const reason = `${what} worktree ${name}, which was removed`;
    store.pins.add({ pin_id, snapshot_id, reason, created_at: nowIso(), expires_at, keeps_line: true });
  };
  pin(intent.id, latest_snapshot_id, "the line of");
  if (head_snapshot_id === null || head_snapshot_id === latest_snapshot_id) return expires_at;
  const head_pin_id = crypto.randomUUID();
  intent.step("pinning", { head_pin_id });
  pin(head_pin_id, head_snapshot_id, "the snapshot under");
  return expires_at;
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

function forgetCache({ store, worktree }: RemovalChange): void {
  try {
    store.layout.cache(store.platform.host.id, worktree.worktree_id).remove();
  } catch {
    // There is no cache, or it stays: no process will read it.
  }
}

/** Takes a payload root out of sight, so that no process reaches it by its path. Repeatable. */
function takeOut({ intent, store, worktree }: RemovalChange): void {
  using payloads = openPayloads(store);
  const name = payloadName(worktree);
  if (inodeAt(payloads, name) === null) return;
  using root = payloads.openFolder(name);
  intent.step("taking out", { root_mode: makeMovable(root) });
  using staging = store.layout.staging.open();
  movePayload(payloads, name, staging, bytesOf(intent.id));
  payloads.sync();
  staging.sync();
}

/** Puts a payload root that was taken out back in its place. Repeatable. */
function putBack(store: Store, worktree: WorktreeConfig, intent: RemovalIntent): void {
  using staging = store.layout.staging.open();
  using payloads = openPayloads(store);
  const name = payloadName(worktree);
  if (inodeAt(staging, bytesOf(intent.id)) !== null) {
    if (inodeAt(payloads, name) !== null) {
      const { path } = store.layout.staging.at(intent.id);
      const root = store.worktrees.root(worktree);
      const what = `worktree "${worktree.name}" back after its removal was interrupted`;
      throw new JvsError("E_ALREADY_EXISTS", `Cannot put ${what}: something new stands in its place`, {
        hint: `Move "${root}" away and try again. All that was in the worktree is in "${path}".`,
        details: { worktree: worktree.name, path },
      });
    }
    movePayload(staging, bytesOf(intent.id), payloads, name);
    payloads.sync();
    staging.sync();
  }
  const { root_mode: mode = null } = intent.details;
  if (mode !== null && inodeAt(payloads, name) !== null) payloads.setMode(name, mode);
}
