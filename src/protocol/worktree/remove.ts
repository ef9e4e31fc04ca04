import { bytesOf } from "../../model/bytes.ts";
import { isJvsError, JvsError } from "../../model/errors.ts";
import { namedPaths } from "../../model/path_text.ts";
import type { WorktreeConfig } from "../../model/records.ts";
import { nowIso, nowMs } from "../../platform/clock.ts";
import type { TreeTable } from "../../tree/table.ts";
import { changedBetween } from "./changed_between.ts";
import { commitChange } from "../change/commit.ts";
import type { WorktreeChange } from "../change/kind.ts";
import { scanWorktree } from "../look/look.ts";
import { discardStaged, openStaging } from "./payload_roots.ts";
import { takeOut, type worktreeRemoval } from "./removal.ts";

const KEEP_LINE_MS = 30 * 24 * 3600 * 1000;

type RemovalChange = WorktreeChange<typeof worktreeRemoval>;

/** How a worktree is removed. */
export interface Removal {
  /** What was seen of it, and is saved; nothing when it does not matter. */
  readonly seen: TreeTable | undefined;
  /** For the audit trail. */
  readonly autosaveId: string | null;
  readonly discarded: boolean;
}

/**
 * Removes a worktree: its folder is taken out of sight by one rename, then looked at once more for what was written
 * since it was saved; then its record goes, and its content. Gives the time until which its line is kept.
 */
export async function removeWorktree(change: RemovalChange, removal: Removal): Promise<string | null> {
  const { intent, store, worktree } = change;
  const { name, worktree_id, head_snapshot_id, latest_snapshot_id } = worktree;
  const keptUntil = pinLine(change);
  const details = {
    worktree: name,
    worktree_id,
    head_snapshot_id,
    latest_snapshot_id,
    kept_until: keptUntil,
    autosave_snapshot_id: removal.autosaveId,
    discarded: removal.discarded,
  };
  await commitChange(change, { target: name, details }, {
    commit: async () => {
      takeOut(store, worktree, intent);
      if (removal.seen !== undefined) await refuseWhatCameSince(change, removal.seen);
      store.worktrees.remove(name);
      forgetCache(change);
      await deleteContent(change);
    },
  });
  return keptUntil;
}

/** The worktree is removed already, so what cannot be deleted is a warning. */
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

/** The line of a worktree that is gone has no head any more that would protect it: a pin does, for a while. SPEC 8. */
function pinLine({ intent, store, worktree }: RemovalChange): string | null {
  const { name, latest_snapshot_id } = worktree;
  if (latest_snapshot_id === null) return null;
  const expires_at = new Date(nowMs() + KEEP_LINE_MS).toISOString();
  store.pins.add({
    pin_id: intent.id,
    snapshot_id: latest_snapshot_id,
    reason: `the line of worktree ${name}, which was removed`,
    created_at: nowIso(),
    expires_at,
  });
  return expires_at;
}

/** Nobody reaches the folder by its path now: if it still is what was seen, everything in it is saved. */
async function refuseWhatCameSince(change: RemovalChange, seen: TreeTable): Promise<void> {
  const { intent, worktree } = change;
  if (seen.count === 0) return;
  using staging = openStaging(change.store);
  using root = staging.openFolder(bytesOf(intent.id));
  const now = await scanWorktree(change, root, { known: seen, unreadable: "record" });
  const paths = changedBetween(seen, now.table);
  if (paths.length > 0) throw changedMeanwhile(worktree, paths);
}

function changedMeanwhile({ name }: WorktreeConfig, paths: readonly Uint8Array[]): JvsError {
  return new JvsError(
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
    // There was none, or it stays: nobody will ask for it again.
  }
}
