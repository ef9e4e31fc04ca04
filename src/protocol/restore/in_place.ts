import { isJvsError } from "../../model/errors.ts";
import type { Folder } from "../../platform/platform.ts";
import { NONE, type TreeTable } from "../../tree/table.ts";
import { commitChange } from "../change/commit.ts";
import type { WorktreeChange } from "../change/kind.ts";
import type { RepositoryContext } from "../context.ts";
import { applyJournal, prepareRoom, RestoreTrees, type UnitWatch } from "./apply.ts";
import { Brought } from "./brought.ts";
import { AsGathered, TakenOut } from "./expected.ts";
import type { RestoreRequest } from "./request.ts";
import { headAfterRestore, moveHead } from "./head.ts";
import { writeJournal } from "./journal.ts";
import { requireMovable } from "./movable.ts";
import type { RestorePlan, Unit } from "./plan.ts";
import { type Prepared, prepareRestore } from "./prepare.ts";
import { type Restored, toBeRestored } from "./restored.ts";
import { journalOf, stage, withoutUnmade } from "./stage.ts";
import type { restoring } from "./restoring.ts";
import { removeOldReplaced, Staging } from "./staging.ts";
import {
  gatherConcurrentWrites,
  type Gathered,
  saveConcurrentWrites,
  saveLateWrites,
} from "./concurrent_writes.ts";

type RestoreChange = WorktreeChange<typeof restoring>;

/**
 * Makes the worktree equal the snapshot by changing what differs: look, plan and autosave (`prepareRestore`), stage,
 * journal, change, commit. What each stage protects: docs/design/restore.md.
 */
export async function restoreInPlace(
  change: RestoreChange,
  request: RestoreRequest,
  use: (restored: Restored) => void,
): Promise<void> {
  const prepared = await prepareRestore(change, request);
  using _look = prepared.look;
  const result = toBeRestored(change, request, prepared);
  const { plan } = result;
  const nothingDiffers = plan.units.length === 0 && plan.metadata.length === 0;
  if (!nothingDiffers) return use(await changeTree(change, request, prepared, result));
  await commit(change, request, result);
  use(result);
}

async function changeTree(
  change: RestoreChange,
  request: RestoreRequest,
  { scope, saved }: Prepared,
  result: Restored,
): Promise<Restored> {
  const { context, store, worktree, intent } = change;
  const { look, then, degradations } = result;
  using staging = await Staging.make(store, look.root, intent);
  const stageRequest = {
    snapshotId: request.descriptor.snapshot_id,
    plan: result.plan,
    now: look.table,
    then,
    verify: result.verified,
  };
  degradations.addAll(await stage(change, staging, stageRequest));
  store.platform.syncFileSystem(staging.home);
  const brought = await Brought.look(change, staging, result.plan, then);

  using trees = new RestoreTrees(look.root, staging);
  const plan = withoutUnmade(result.plan, then, trees);
  const journal = journalOf(trees, { ...stageRequest, plan }, scope);
  requireMovable(trees.worktree, journal, staging);
  prepareRoom(trees, journal);
  writeJournal(staging.home, journal);
  intent.step("journal");

  const seen = { seen: look.table, saved, timesProve: look.timesProve };
  const taken = new TakenOut({ ...seen, mostRead: store.config.get("restore.verify_limit") });
  context.reporter.begin("restoring", { entries: journal.units.length });
  const watch = watchOf(plan, then, taken, brought);
  await applyJournal(trees, journal, watch, degradations, context.signal);

  const gathered: Gathered[] = [];
  for (const tree of [staging.fresh, staging.old]) {
    const found = await gatherConcurrentWrites(context, worktree, tree, taken, trees.aside);
    gathered.push({ tree, expected: new AsGathered(found, look.timesProve) });
  }
  const [secondAutosaveId = null, ...more] = await saveConcurrentWrites(context, worktree, staging, journal);
  for (const id of more) context.reporter.warn(`More of it was kept as snapshot ${id}.`);
  makeDurable(change, look.root, staging);
  const done = { ...result, plan, secondAutosaveId };
  await commit(change, request, done, async () => {
    if (staging.isInRoot) await saveLateWrites(context, worktree, staging, gathered);
    await staging.retire(store, intent);
  });
  await tidyUp(context, () => removeOldReplaced(store, store.config.get("restore.keep_replaced")));
  await tidyUp(context, () => brought.remember(change, look.table));
  return done;
}

/** Looks at each entry right before it is taken out, and right after it was put in its place. */
function watchOf({ units }: RestorePlan, then: TreeTable, taken: TakenOut, brought: Brought): UnitWatch {
  return {
    before(unit, folder, name) {
      const { now } = units[unit] as Unit;
      if (now !== NONE) taken.lookLast(now, folder, name);
    },
    after(unit, folder, name) {
      const { then: j } = units[unit] as Unit;
      if (j !== NONE) brought.note(then.path(j), folder, name);
    },
  };
}

/** What comes after the restore is done: it is not undone, nor reported as failed, when that does not work. */
async function tidyUp({ reporter }: RepositoryContext, act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (!isJvsError(error) || error.code === "E_INTERRUPTED") throw error;
    reporter.warn(`The worktree is restored; but then: ${error.message}`);
  }
}

/** Both the worktree and what was taken out of it; they may lie on two file systems (SPEC 2). */
function makeDurable({ store }: RestoreChange, root: Folder, staging: Staging): void {
  store.platform.syncFileSystem(root);
  store.platform.syncFileSystem(staging.home);
}

/** From here on the restore is finished, not undone, whatever happens. */
async function commit(
  change: RestoreChange,
  request: RestoreRequest,
  result: Restored,
  retire?: () => Promise<void>,
): Promise<void> {
  const { store, worktree, intent } = change;
  const { snapshot_id } = request.descriptor;
  const head = await headAfterRestore(store, worktree, request);
  intent.step("committing", { head });
  const { changed, added, removed, metadata } = result.plan.counts;
  const note = {
    target: snapshot_id,
    details: {
      worktree: worktree.name,
      snapshot_id,
      previous_head: worktree.head_snapshot_id,
      paths: request.paths === null ? null : request.paths.length,
      changed,
      added,
      removed,
      metadata,
      autosave_snapshot_id: result.autosaveId,
      second_autosave_id: result.secondAutosaveId,
      discarded: request.unsaved === "discard",
    },
  };
  await commitChange(change, note, {
    commit: () => moveHead(store, worktree, head),
    ...(retire === undefined ? {} : { cleanUp: retire }),
  });
}
