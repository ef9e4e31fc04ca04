import { isJvsError } from "../../model/errors.ts";
import type { Folder } from "../../platform/platform.ts";
import { adoptHashes } from "../look/adopt_hashes.ts";
import { commitChange } from "../change/commit.ts";
import type { WorktreeChange } from "../change/kind.ts";
import type { RepositoryContext } from "../context.ts";
import { lookAt } from "../look/look.ts";
import { applyJournal, prepareRoom, RestoreTrees } from "./apply.ts";
import type { RestoreRequest } from "./request.ts";
import { headAfterRestore, moveHead } from "./head.ts";
import { writeJournal } from "./journal.ts";
import { requireMovable } from "./movable.ts";
import { prepareRestore } from "./prepare.ts";
import { type Restored, toBeRestored } from "./restored.ts";
import { journalOf, stage, withoutUnmade } from "./stage.ts";
import type { restoring } from "./restoring.ts";
import { removeOldReplaced, Staging } from "./staging.ts";
import { gatherStrangers, saveStrangers } from "./strangers.ts";

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
  if (!nothingDiffers) return use(await changeTree(change, request, prepared.scope, result));
  await commit(change, request, result);
  use(result);
}

async function changeTree(
  change: RestoreChange,
  request: RestoreRequest,
  scope: Uint8Array,
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

  using trees = new RestoreTrees(look.root, staging);
  const plan = withoutUnmade(result.plan, then, trees);
  const journal = journalOf(trees, { ...stageRequest, plan }, scope);
  requireMovable(trees.worktree, journal, staging);
  prepareRoom(trees, journal);
  writeJournal(staging.home, journal);
  intent.step("journal");

  context.reporter.begin("restoring", { entries: journal.units.length });
  await applyJournal(trees, journal, degradations, context.signal);

  const seen = { table: look.table, inodes: true };
  for (const taken of [staging.fresh, staging.old]) {
    await gatherStrangers(context, worktree, taken, seen, trees.strangers);
  }
  const [secondAutosaveId = null, ...more] = await saveStrangers(context, worktree, { staging, journal });
  for (const id of more) context.reporter.warn(`More of it was kept as snapshot ${id}.`);
  makeDurable(change, look.root, staging);
  const done = { ...result, plan, secondAutosaveId };
  await commit(change, request, done, staging);
  await tidyUp(context, () => removeOldReplaced(store, store.config.get("restore.keep_replaced")));
  await tidyUp(context, () => rememberRestored(change, done));
  return done;
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
  staging?: Staging,
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
    cleanUp: () => staging?.retire(store, intent),
  });
}

/** What was put back is known: the next look need not read it again. */
async function rememberRestored(change: RestoreChange, { plan, then }: Restored): Promise<void> {
  using look = await lookAt(change.context, change.worktree);
  adoptHashes(look.table, then, new Set(plan.metadata.map((pair) => pair.then)));
  look.remember(null);
}
