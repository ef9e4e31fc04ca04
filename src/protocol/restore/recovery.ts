import { isJvsError } from "../../model/errors.ts";
import { namedPaths } from "../../model/path_text.ts";
import type { Folder } from "../../platform/platform.ts";
import type { Store } from "../../repo/store.ts";
import { isOfSameMake } from "../../tree/same_entry.ts";
import { NONE, type TreeTable } from "../../tree/table.ts";
import { at } from "../../tree/columns.ts";
import { finishDecided, finishIf } from "../change/commit.ts";
import type { WorktreeContext } from "../change/kind.ts";
import type { RepositoryContext } from "../context.ts";
import { openWorktree } from "../open_worktree.ts";
import { setAside } from "../set_aside.ts";
import { stagingInRoot } from "../staging_name.ts";
import { RestoreTrees } from "./apply.ts";
import { moveHead } from "./head.ts";
import { RestoreAudit, type RestoreIntent } from "./intent.ts";
import { readJournal } from "./journal.ts";
import { isAnother } from "./links.ts";
import { putRootBack, Staging } from "./staging.ts";
import { undoJournal } from "./undo.ts";
import {
  type Expected,
  gatherConcurrentWrites,
  placesIn,
  saveConcurrentWrites,
  saveLateWrites,
} from "./concurrent_writes.ts";

/** Finishes an interrupted restore if its audit record was decided, else undoes it. SPEC 7, docs/design/restore.md. */
export async function recoverRestore(context: RepositoryContext, intent: RestoreIntent): Promise<void> {
  const { store } = context;
  const worktree = store.worktrees.withId(intent.worktreeId);
  if (worktree === undefined) return await endWithoutWorktree(context, intent);
  if (intent.decided() === null && !intent.has("staging")) {
    // Nothing was begun. The worktree's folder may be gone, and that must not stop the next change.
    await Staging.discard(store, undefined, intent);
    return intent.complete();
  }
  using root = openWorktree(context, worktree);
  using staging = Staging.find(store, root, intent);
  const end = intent.decided() === null ? undo : finish;
  await end({ context: { ...context, worktree }, intent, staging, root });
}

/**
 * Ends a restore whose worktree has no record any more, so that nobody knows which folder it was about. What was taken out of that may be the
 * only copy: it is set aside.
 */
async function endWithoutWorktree(context: RepositoryContext, intent: RestoreIntent): Promise<void> {
  const { reporter, store } = context;
  if (!intent.has("journal")) {
    await Staging.discard(store, undefined, intent); // nothing was taken out yet
    return intent.complete();
  }
  const isDone = intent.decided() !== null;
  const inRoot = intent.details.staging_inode === undefined || intent.has("retiring")
    ? undefined
    : stagingInRoot(intent.claims);
  const place = setAside(store, intent) ?? inRoot;
  if (place !== undefined) {
    reporter.warn(
      `The record of worktree ${intent.worktreeId} is lost, so an interrupted restore of ${intent.target} in it ` +
        `${
          isDone ? "was not tidied up" : "can be neither undone nor finished"
        }. What it took out of the worktree is kept in "${place}"` +
        `${
          place === inRoot ? ", in the worktree's own folder" : ""
        }: bring back from there what is missing in its files.`,
    );
  }
  await finishIf(isDone, context, intent);
}

interface Interrupted {
  readonly context: WorktreeContext;
  readonly intent: RestoreIntent;
  readonly staging: Staging | undefined;
  readonly root: Folder;
}

async function finish({ context, intent, staging, root }: Interrupted): Promise<void> {
  const { store, worktree } = context;
  await staging?.close(store);
  if (staging?.isToBeDeleted(intent) || staging?.isClosed) {
    const { previous_head, autosave_snapshot_id, second_autosave_id } = RestoreAudit.check(
      intent.decided()?.details,
    );
    const expected = await inSnapshots(store, [previous_head, autosave_snapshot_id, second_autosave_id]);
    await saveLateWrites(context, staging, expected);
  }
  moveHead(store, worktree, intent.details.head ?? null);
  await staging?.retire(store, intent);
  await Staging.discard(store, root, intent); // an interrupted removal may have left some of it
  await finishDecided({ store }, intent);
}

async function undo({ context, intent, staging, root }: Interrupted): Promise<void> {
  const { store, worktree, reporter } = context;
  if (staging === undefined || !intent.has("journal") || intent.has("undone")) {
    await Staging.discard(store, root, intent);
    const { root_before: before } = intent.details;
    // It may have been killed in the probe for staging.
    if (!intent.has("journal") && before !== undefined) putRootBack(root, before);
    return intent.complete();
  }
  using trees = new RestoreTrees(root, staging);
  const journal = readJournal(staging.home);
  const kept = undoJournal(trees, journal);
  if (kept.length > 0) {
    reporter.warn(
      `Another process changed or replaced these around an interrupted restore; they stay as it left them: ${
        namedPaths(kept)
      }`,
    );
  }
  await staging.close(store);
  // Without writes of other processes staging holds what was staged and, for folders that are gone, what was taken out.
  const expected = await inSnapshots(store, [intent.target, worktree.head_snapshot_id]);
  await gatherConcurrentWrites(context, staging, expected, trees.aside);
  for (const id of await saveConcurrentWrites(context, staging, journal)) {
    reporter.warn(`Work that was written around an interrupted restore was kept as snapshot ${id}.`);
  }
  store.platform.syncFileSystem(root);
  // A kill may interrupt the removal when the journal is gone already, so the intent says that the undo is done.
  if (staging.isInRoot) intent.step("undone");
  await staging.retire(store, intent);
  intent.complete();
}

/**
 * Expects what these snapshots hold. Recovery does not know how it came to be in staging, so times prove nothing and all of
 * it is read. A damaged snapshot counts as empty: then more is kept than is needed.
 */
async function inSnapshots({ snapshots }: Store, ids: readonly (string | null)[]): Promise<Expected> {
  const tables: TreeTable[] = [];
  for (const id of ids.filter((id) => id !== null)) {
    try {
      tables.push(await snapshots.manifest(id));
    } catch (error) {
      if (!isJvsError(error)) throw error;
    }
  }
  return async (found) => {
    const all = await Promise.all(
      tables.map(async (table) => ({ table, places: await placesIn(table, found) })),
    );
    const isKnown = (j: number) =>
      all.some(({ table, places }) => {
        const k = at(places, j);
        return k !== NONE && isOfSameMake(table, k, found, j) && !isAnother(table, k, found, j);
      });
    return { isProven: () => false, isKnown };
  };
}
