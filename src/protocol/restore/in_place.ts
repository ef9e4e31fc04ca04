import { isJvsError } from "../../model/errors.ts";
import { NONE, type TreeTable } from "../../tree/table.ts";
import { commitChange } from "../change/commit.ts";
import { defineChange, type WorktreeChange } from "../change/kind.ts";
import type { Context } from "../context.ts";
import { applyJournal, prepareRoom, requireMovable, RestoreTrees, type UnitWatch } from "./apply.ts";
import {
  gatherConcurrentWrites,
  type Gathered,
  saveConcurrentWrites,
  saveLateWrites,
} from "./concurrent_writes.ts";
import { AsGathered, TakenOut } from "./expected.ts";
import { fillStaging, withoutUnmade } from "./fill_staging.ts";
import { headAfterRestore, moveHead } from "./head.ts";
import { RestoreAudit, RestoreDetails, STEPS } from "./intent.ts";
import { journalOf, writeJournal } from "./journal.ts";
import type { RestorePlan, Unit } from "./plan.ts";
import { type PreparedRestore, prepareRestore } from "./prepare.ts";
import type { RestoreRequest } from "./request.ts";
import { removeOldReplaced, Staging } from "./staging.ts";
import { StatCacheUpdate } from "./stat_cache_update.ts";

/** Makes a worktree equal a snapshot. */
export const restoring = defineChange({
  operation: "restore",
  details: RestoreDetails,
  steps: STEPS,
  touchesFiles: true,
  audit: RestoreAudit,
  // Loaded only if there is something to recover.
  recover: async (context, intent) => (await import("./recovery.ts")).recoverRestore(context, intent),
});

type RestoreChange = WorktreeChange<typeof restoring>;

/**
 * Makes the worktree equal a snapshot. Only what differs is changed:
 *
 * 1. Look at the worktree, plan, and save unsaved work in an autosave (`prepare.ts`, `plan.ts`).
 * 2. Make the new content in a staging folder, out of sight (`staging.ts`, `fill_staging.ts`).
 * 3. Write a journal of every rename to come, with inode numbers (`journal.ts`).
 * 4. Carry it out: one rename or exchange for each unit, then modes, owners and times (`apply.ts`). What was in the
 *    worktree is now in staging.
 * 5. Look in staging for what other processes wrote meanwhile, and save it in a second autosave
 *    (`concurrent_writes.ts`, `expected.ts`).
 * 6. Commit: decide the audit record, move the head (`head.ts`), write the record, put staging away.
 *
 * An error, a signal or a kill may interrupt it anywhere. Before the audit record is decided in 6, recovery undoes the
 * restore by the journal (`undo.ts`); after that it finishes the restore (`recovery.ts`). The reasons are in
 * docs/design/restore.md.
 */
export async function restoreInPlace(
  change: RestoreChange,
  request: RestoreRequest,
  use: (restored: PreparedRestore) => void,
): Promise<void> {
  // The memory of the trees is free when this returns: the cache needs as much.
  const cacheUpdate = await restoreWhole(change, request, use);
  if (cacheUpdate === undefined) return;
  const { store } = change;
  await tidyUp(change, () => removeOldReplaced(store, store.config.get("restore.keep_replaced")));
  await tidyUp(change, () => cacheUpdate.write(change));
}

/** Restores, and returns what is to be done with the stat cache; undefined if there was nothing to change. */
async function restoreWhole(
  change: RestoreChange,
  request: RestoreRequest,
  use: (restored: PreparedRestore) => void,
): Promise<StatCacheUpdate | undefined> {
  const prepared = await prepareRestore(change, request);
  using _look = prepared.look;
  const { units, metadata } = prepared.plan;
  if (units.length > 0 || metadata.length > 0) {
    const { restored, cacheUpdate } = await changeTree(change, request, prepared);
    use(restored);
    return cacheUpdate;
  }
  await commit(change, request, prepared);
  use(prepared);
}

async function changeTree(
  change: RestoreChange,
  request: RestoreRequest,
  prepared: PreparedRestore,
): Promise<{ restored: PreparedRestore; cacheUpdate: StatCacheUpdate }> {
  const { reporter, signal, store, intent } = change;
  const { look, then, scope, saved, degradations } = prepared;
  using staging = await Staging.make(store, look.root, intent);
  degradations.addAll(await fillStaging(change, staging, request.descriptor.snapshot_id, prepared));
  store.platform.syncFileSystem(staging.home);
  const cacheUpdate = await StatCacheUpdate.begin(change, look.table, staging, prepared);

  using trees = new RestoreTrees(look.root, staging);
  const plan = withoutUnmade(prepared.plan, then, trees.fresh);
  const journal = journalOf(trees.fresh, { plan, now: look.table, then, scope });
  requireMovable(trees.worktree, journal, staging);
  prepareRoom(trees, journal);
  writeJournal(staging.home, journal);
  intent.step("journal");

  const seen = { seen: look.table, saved, timesProve: look.timesProve };
  const taken = new TakenOut({ ...seen, mostRead: store.config.get("restore.verify_limit") });
  reporter.begin("restoring", { entries: journal.units.length });
  await applyJournal(trees, journal, watchOf(plan, then, taken, cacheUpdate), degradations, signal);

  const gathered: Gathered[] = [];
  for (const tree of [staging.fresh, staging.old]) {
    const found = await gatherConcurrentWrites(change, tree, taken, trees.aside);
    gathered.push({ tree, expected: new AsGathered(found, look.timesProve) });
  }
  const [secondAutosaveId = null, ...more] = await saveConcurrentWrites(change, staging, journal);
  for (const id of more) reporter.warn(`More of it was kept as snapshot ${id}.`);
  // The worktree and staging may be on two file systems (SPEC 2).
  for (const folder of [look.root, staging.home]) store.platform.syncFileSystem(folder);
  const restored = { ...prepared, plan, secondAutosaveId };
  await commit(change, request, restored, async () => {
    if (staging.isInRoot) await saveLateWrites(change, staging, gathered);
    await staging.retire(store, intent);
  });
  return { restored, cacheUpdate };
}

/** Looks at each entry right before it is taken out, and right after it was put in its place. */
function watchOf(
  { units }: RestorePlan,
  then: TreeTable,
  taken: TakenOut,
  cacheUpdate: StatCacheUpdate,
): UnitWatch {
  return {
    before(unit, folder, name) {
      const { now } = units[unit] as Unit;
      if (now !== NONE) taken.lookLast(now, folder, name);
    },
    after(unit, folder, name) {
      const { then: j } = units[unit] as Unit;
      if (j !== NONE) cacheUpdate.entryMoved(then.path(j), folder, name);
    },
  };
}

/** Runs what comes after the restore. If it fails the restore is still done, so that is only a warning. */
async function tidyUp({ reporter }: Context, act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (!isJvsError(error) || error.code === "E_INTERRUPTED") throw error;
    reporter.warn(`The worktree is restored; but then: ${error.message}`);
  }
}

/** From here on recovery finishes the restore and does not undo it. */
async function commit(
  change: RestoreChange,
  { descriptor: { snapshot_id }, paths, unsaved }: RestoreRequest,
  { plan, autosaveId, secondAutosaveId }: PreparedRestore,
  cleanUp?: () => Promise<void>,
): Promise<void> {
  const { store, worktree, intent } = change;
  const head = await headAfterRestore(store, worktree, snapshot_id, paths);
  intent.step("committing", { head });
  const { changed, added, removed, metadata } = plan.counts;
  const details = {
    worktree: worktree.name,
    snapshot_id,
    previous_head: worktree.head_snapshot_id,
    paths: paths === null ? null : paths.length,
    changed,
    added,
    removed,
    metadata,
    autosave_snapshot_id: autosaveId,
    second_autosave_id: secondAutosaveId,
    discarded: unsaved === "discard",
  };
  await commitChange(change, { target: snapshot_id, details }, {
    commit: () => moveHead(store, worktree, head),
    ...(cleanUp === undefined ? {} : { cleanUp }),
  });
}
