import { isJvsError, JvsError } from "../../model/errors.ts";
import type { WorktreeConfig } from "../../model/records.ts";
import type { Folder } from "../../platform/platform.ts";
import { TreeTable } from "../../tree/table.ts";
import type { RepositoryContext } from "../context.ts";
import { finishDecided } from "../change/commit.ts";
import { openWorktree } from "../open_worktree.ts";
import { RestoreTrees } from "./apply.ts";
import { moveHead } from "./head.ts";
import type { RestoreIntent } from "./intent.ts";
import { readJournal } from "./journal.ts";
import { Staging } from "./staging.ts";
import { undoJournal } from "./undo.ts";
import { type Expected, gatherStrangers, saveStrangers } from "./strangers.ts";

/** An interrupted restore is finished if it was decided, else undone. SPEC 7, docs/design/restore.md. */
export async function recoverRestore(context: RepositoryContext, intent: RestoreIntent): Promise<void> {
  const { store } = context;
  const worktree = store.worktrees.withId(intent.worktreeId);
  if (worktree === undefined) throw unknownWorktree(intent);
  if (intent.decided() === null && !intent.has("staging")) {
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
  intent: RestoreIntent,
  staging: Staging | undefined,
  root: Folder,
): Promise<void> {
  moveHead(store, worktree, intent.details.head ?? null);
  await staging?.retire(store, intent);
  await Staging.discard(store, root, intent); // what an interrupted removal left
  await finishDecided({ store }, intent);
}

async function undo(
  context: RepositoryContext,
  worktree: WorktreeConfig,
  intent: RestoreIntent,
  staging: Staging | undefined,
  root: Folder,
): Promise<void> {
  const { store } = context;
  if (staging === undefined || !intent.has("journal") || intent.has("undone")) {
    await Staging.discard(store, root, intent);
    if (!intent.has("journal")) Staging.putRootBack(root, intent);
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
  intent: RestoreIntent,
): Promise<Expected> {
  const tables: TreeTable[] = [];
  for (const id of [intent.target, worktree.head_snapshot_id]) {
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

function unknownWorktree(intent: RestoreIntent): JvsError {
  return new JvsError(
    "E_LINEAGE_BROKEN",
    `Cannot recover an interrupted restore: its worktree ${intent.worktreeId} is not known any more.`,
    { hint: "Run `jvs doctor --strict`; what the restore took out is in .jvs/runtime/shared/staging." },
  );
}
