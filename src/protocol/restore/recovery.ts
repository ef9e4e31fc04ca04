import { isJvsError, JvsError } from "../../model/errors.ts";
import { type Infer, nullable, record } from "../../model/schema.ts";
import { snapshotId, type WorktreeConfig } from "../../model/records.ts";
import type { Folder } from "../../platform/platform.ts";
import type { OpenIntent } from "../../repo/intents.ts";
import { TreeTable } from "../../tree/table.ts";
import type { RepositoryContext } from "../context.ts";
import { finishDecided } from "../change/finish.ts";
import { openWorktree } from "../worktree/open.ts";
import { RestoreTrees } from "./apply.ts";
import { moveHead } from "./head.ts";
import { readJournal } from "./journal.ts";
import { Staging } from "./staging.ts";
import { undoJournal } from "./undo.ts";
import { type Expected, gatherStrangers, saveStrangers } from "./strangers.ts";

const Head = nullable(record({
  base_snapshot_id: nullable(snapshotId()),
  head_snapshot_id: nullable(snapshotId()),
  latest_snapshot_id: nullable(snapshotId()),
}));

/** An interrupted restore is finished if it was decided, else undone. SPEC 7, docs/design/restore.md. */
export async function recoverRestore(context: RepositoryContext, intent: OpenIntent): Promise<void> {
  const { store } = context;
  const worktree = store.worktrees.withId(intent.intent.worktree_id);
  if (worktree === undefined) throw unknownWorktree(intent);
  if (intent.decided() === null && !intent.intent.steps.includes("staging")) {
    // Nothing was begun. It may be that the worktree's folder is gone: that must not stop what comes next.
    await Staging.discard(store, undefined, intent);
    return intent.complete();
  }
  using root = openWorktree(context, worktree);
  const staging = Staging.find(store, root, intent);
  try {
    if (intent.decided() !== null) await finish(context, worktree, intent, staging, root);
    else await undo(context, worktree, intent, staging, root);
  } finally {
    staging?.[Symbol.dispose]();
  }
}

async function finish(
  { store }: RepositoryContext,
  worktree: WorktreeConfig,
  intent: OpenIntent,
  staging: Staging | undefined,
  root: Folder,
): Promise<void> {
  moveHead(store, worktree, Head.check(intent.intent.details["head"]) as Infer<typeof Head>);
  await staging?.retire(store, intent);
  await Staging.discard(store, root, intent); // what an interrupted removal left
  await finishDecided(store, intent);
}

async function undo(
  context: RepositoryContext,
  worktree: WorktreeConfig,
  intent: OpenIntent,
  staging: Staging | undefined,
  root: Folder,
): Promise<void> {
  const { store } = context;
  const { steps } = intent.intent;
  if (staging === undefined || !steps.includes("journal") || steps.includes("undone")) {
    await Staging.discard(store, root, intent);
    if (!steps.includes("journal")) Staging.putRootBack(root, intent);
    return intent.complete();
  }
  using trees = new RestoreTrees(root, staging);
  const journal = readJournal(staging.home);
  undoJournal(trees, journal);
  const expected = await expectedInStaging(context, worktree, intent);
  for (const tree of [staging.fresh, staging.old]) {
    await gatherStrangers(context, worktree, tree, expected, trees.strangers);
  }
  for (const id of await saveStrangers(context, worktree, { staging, journal })) {
    context.reporter.warn(`Work that was written around an interrupted restore was kept as snapshot ${id}.`);
  }
  store.platform.syncFileSystem(root);
  // A removal can be killed half-way, when the journal is gone already; a rename cannot, and needs no room on a full disk.
  if (staging.isInRoot) intent.step("undone");
  await staging.retire(store, intent);
  intent.complete();
}

/**
 * What staging holds after an undo if nobody wrote anything: what was staged; and where a folder that it was taken from
 * is gone, what the head has.
 */
async function expectedInStaging(
  { store }: RepositoryContext,
  worktree: WorktreeConfig,
  intent: OpenIntent,
): Promise<Expected> {
  const tables: TreeTable[] = [];
  for (const id of [intent.intent.target, worktree.head_snapshot_id]) {
    if (id === null) continue;
    try {
      tables.push(await store.snapshots.manifest(id));
    } catch (error) {
      // A damaged manifest is no reason not to undo: then more than is needed is kept.
      if (!isJvsError(error)) throw error;
    }
  }
  const [table = new TreeTable(), ...others] = tables;
  return { table, inodes: false, others };
}

function unknownWorktree(intent: OpenIntent): JvsError {
  return new JvsError(
    "E_LINEAGE_BROKEN",
    `Cannot recover an interrupted restore: its worktree ${intent.intent.worktree_id} is not known any more`,
    { hint: "Run `jvs doctor --strict`; what the restore took out is in .jvs/runtime/shared/staging." },
  );
}
