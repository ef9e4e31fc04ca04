import { Phases } from "../../model/progress.ts";
import type { BytePath } from "../../model/bytes.ts";
import { DIR } from "../../model/entry.ts";
import { isJvsError } from "../../model/errors.ts";
import { namedPaths } from "../../model/path_text.ts";
import { Stat } from "../../platform/stat.ts";
import { NONE, type TreeTable } from "../../tree/table.ts";
import { at } from "../../tree/columns.ts";
import { commitChange } from "../change/commit.ts";
import { defineChange, type WorktreeChange } from "../change/kind.ts";
import type { Context } from "../context.ts";
import { makeDurable } from "../make_durable.ts";
import { bringOut, type BroughtOut } from "../payload/bring_out.ts";
import { applyJournal, prepareRoom, requireMovable, RestoreTrees, type UnitWatch } from "./apply.ts";
import type { RestoreRequest } from "./comparison.ts";
import {
  gatherConcurrentWrites,
  saveConcurrentWrites,
  saveLateWrites,
  TakenOut,
} from "./concurrent_writes.ts";
import { removeOldReplaced } from "./replaced.ts";
import { headAfterRestore, moveHead } from "./head.ts";
import { hooksOf } from "../hooks/hooks_for.ts";
import { RestoreAudit, RestoreDetails, STEPS } from "./intent.ts";
import { journalOf, writeJournal } from "./journal.ts";
import type { RestorePlan, Unit } from "./plan_form.ts";
import { type PreparedRestore, prepareRestore } from "./prepare.ts";
import { StagedTree } from "./staged_tree.ts";
import { FRESH, Staging } from "./staging.ts";
import { catchUp } from "../snapshot/catch_up.ts";
import { StatCacheUpdate } from "./stat_cache_update.ts";

/** Makes a worktree equal a snapshot. */
export const restoring = defineChange({
  operation: "restore",
  // It moves the latest, too, of a worktree that has no snapshot of its own, as far as its record knows (`head.ts`).
  async prepare(context, worktree) {
    if (worktree.latest_snapshot_id === worktree.base_snapshot_id) await catchUp(context, worktree);
  },
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
 * 2. Make the new content in a staging folder, out of sight (`staging.ts`).
 * 3. Write a journal of every rename to come, with inode numbers (`journal.ts`).
 * 4. Carry it out: one rename or exchange for each unit, then modes, owners and times (`apply.ts`). What was in the
 *    worktree is now in staging.
 * 5. Look in staging for what other processes wrote meanwhile, and save it in a second autosave
 *    (`concurrent_writes.ts`).
 * 6. Commit: decide the audit record, move the head (`head.ts`), write the record, put staging away.
 *
 * An error, a signal or a kill may interrupt it anywhere. Before the audit record is decided in 6, recovery undoes the
 * restore by the journal (`undo.ts`); after that it finishes the restore (`recovery.ts`). The reasons are in
 * docs/design/restore.md.
 */
export async function restoreInPlace<Result>(
  change: RestoreChange,
  request: RestoreRequest,
  report: (restored: PreparedRestore) => Result,
): Promise<Result> {
  const { store } = change;
  // The memory of the trees is free when this returns: the cache needs as much.
  const { result, cacheUpdate } = await restoreWhole(change, request, report);
  if (cacheUpdate !== undefined) {
    await tidyUp(change, () => removeOldReplaced(store, store.config.get("restore.keep_replaced")));
    await tidyUp(change, () => cacheUpdate.write());
  }
  return result;
}

/** Restores, and returns what is to be done with the stat cache, if anything was changed. */
async function restoreWhole<Result>(
  change: RestoreChange,
  request: RestoreRequest,
  report: (restored: PreparedRestore) => Result,
): Promise<{ result: Result; cacheUpdate?: StatCacheUpdate }> {
  const { descriptor: { snapshot_id } } = request;
  // Until the worktree stands on it, or everything is out of it.
  using _used = await change.store.snapshots.use(snapshot_id, { signal: change.signal, action: "restore" });
  const prepared = await prepareRestore(change, request);
  using _look = prepared.look;
  const { units, metadata } = prepared.plan;
  if (units.length > 0 || metadata.length > 0) {
    const { restored, cacheUpdate } = await changeTree(change, request, prepared);
    return { result: report(restored), cacheUpdate };
  }
  await commit(change, request, prepared);
  return { result: report(prepared) };
}

async function changeTree(
  change: RestoreChange,
  request: RestoreRequest,
  prepared: PreparedRestore,
): Promise<{ restored: PreparedRestore; cacheUpdate: StatCacheUpdate }> {
  const { reporter, signal, store, intent } = change;
  const { look, then, scope, saved, degradations } = prepared;
  using phases = new Phases(reporter);
  phases.next("staging");
  using staging = await Staging.make(store, look.root, intent);
  const made = await fillStaging(change, staging, request.descriptor.snapshot_id, prepared);
  await makeDurable(change, staging.home);
  const staged = await StagedTree.look(staging.fresh, made, then.count, signal);
  const cacheUpdate = new StatCacheUpdate(change, prepared, staged, staging.fresh);

  using trees = new RestoreTrees(look.root, staging);
  const plan = withoutUnmade(prepared.plan, staged);
  const journal = journalOf({ plan, now: look.table, then, scope, staged });
  requireMovable(trees.worktree, look.table, plan, staging);
  prepareRoom(trees, journal);
  writeJournal(staging.home, look.table, staged, journal);
  await cacheUpdate.settle(); // by now it seldom has to wait
  await change.guard?.check(); // what follows other processes see
  intent.step("journal");

  const mostRead = store.config.get("restore.verify_limit");
  const taken = new TakenOut({ seen: look.table, saved, timesProve: look.timesProve, mostRead });
  phases.next("restoring", { entries: plan.units.length });
  const watch: UnitWatch = {
    taking: ({ now }, folder, name) => taken.lookLast(now, folder, name),
    placed: ({ then }, folder, name) => cacheUpdate.entryMoved(then, folder, name),
  };
  warnOfKept(change, await applyJournal(trees, journal, watch, degradations, signal));

  phases.next("keeping concurrent writes");
  // What was exchanged is in `fresh`: a restore that takes nothing else out leaves the folders of `old` as it made them.
  const isLookedAtAgain = staging.isInRoot || store.layout.plane.isOpenToOthers;
  const among = trees.hasTakenOut || isLookedAtAgain ? [staging.fresh, staging.old] : [staging.fresh];
  const gathered = await gatherConcurrentWrites(change, staging, taken.expected, trees.aside, among);
  const kept = trees.aside.isUsed ? await saveConcurrentWrites(change, staging, journal) : [];
  const [secondAutosaveId = null, ...more] = kept;
  for (const id of more) reporter.warn(`More of it was kept as snapshot ${id}.`);
  // The worktree and staging may be on two file systems (SPEC 2).
  for (const folder of [look.root, staging.home]) await makeDurable(change, folder);
  phases.end();
  const restored = { ...prepared, plan, secondAutosaveId };
  await commit(change, request, restored, async () => {
    await staging.close(store);
    if (isLookedAtAgain) await saveLateWrites(change, staging, taken.expectedAfter(gathered));
    await staging.retire(store, intent);
  });
  return { restored, cacheUpdate };
}

function warnOfKept({ reporter }: Context, kept: readonly BytePath[]): void {
  if (kept.length === 0) return;
  const paths = namedPaths(kept);
  reporter.warn(
    `Another process changed attributes of these meanwhile, or replaced them; they stay as it left them: ${paths}`,
  );
}

/** Makes all new content in staging, by the paths it will have, and checks it. None of it is visible yet. */
async function fillStaging(
  context: RestoreChange,
  staging: Staging,
  snapshotId: string,
  { degradations, plan, then, verified }: PreparedRestore,
): Promise<BroughtOut> {
  const tops = new Set(plan.units.map((unit) => unit.then));
  const plain = Stat.ofFolder(staging.home);
  const made = await bringOut(context, {
    snapshotId,
    manifest: then,
    wanted: (j) => plan.staged[j] === 1,
    adjust: (table, i, j) => {
      if (plan.staged[j] !== 1) makeScaffold(table, i, plain);
      else if (tops.has(j) && table.type[i] === DIR) makeMovable(table, i);
    },
    into: staging.home,
    name: FRESH,
    verify: verified,
    action: "restore",
    entriesMoveOut: true,
  });
  degradations.addAll(made.degradations);
  return made;
}

/**
 * Makes a folder on the way to staged entries plain and the user's own: it goes with staging. It is like staging's own folder,
 * which shows what the file system makes of a plain one (exFAT keeps no modes).
 */
function makeScaffold(table: TreeTable, i: number, { mode, uid, gid }: Stat): void {
  table.mode[i] = mode;
  table.uid[i] = uid;
  table.gid[i] = gid;
  table.xattrs.delete(i);
}

/** The owner cannot move a folder without the right to write in it; the folder gets its own mode in its place. */
function makeMovable(table: TreeTable, i: number): void {
  table.mode[i] = at(table.mode, i) | 0o700;
}

/** The plan without what could not be made here, such as a device by an ordinary user: what is in its place stays. */
function withoutUnmade(plan: RestorePlan, staged: StagedTree): RestorePlan {
  const isUnmade = ({ then: j }: Unit) => j !== NONE && staged.inode(j) === null;
  const unmade = new Set(plan.units.filter(isUnmade));
  if (unmade.size === 0) return plan;
  const added = [...unmade].filter((unit) => unit.kind === "create").length;
  const { counts } = plan;
  return {
    ...plan,
    units: plan.units.filter((unit) => !unmade.has(unit)),
    leftAlone: [...plan.leftAlone, ...[...unmade].map((unit) => unit.then)],
    counts: { ...counts, added: counts.added - added, changed: counts.changed - (unmade.size - added) },
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
    ...hooksOf(change),
  };
  await commitChange(change, { target: snapshot_id, details }, {
    commit: () => moveHead(store, worktree, head),
    cleanUp,
  });
}
