import { isJvsError, JvsError } from "../../model/errors.ts";
import type { WorktreeConfig } from "../../model/records.ts";
import type { Folder } from "../../platform/platform.ts";
import type { Store } from "../../repo/store.ts";
import type { TreeTable } from "../../tree/table.ts";
import type { RepositoryContext } from "../context.ts";
import { finishDecided } from "../change/commit.ts";
import { openWorktree } from "../open_worktree.ts";
import { RestoreTrees } from "./apply.ts";
import { moveHead } from "./head.ts";
import { RestoreAudit, type RestoreIntent } from "./intent.ts";
import { readJournal } from "./journal.ts";
import { Staging } from "./staging.ts";
import { undoJournal } from "./undo.ts";
import { gatherConcurrentWrites, saveConcurrentWrites, saveLateWrites } from "./concurrent_writes.ts";
import { InSnapshots } from "./expected.ts";

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
  context: RepositoryContext,
  worktree: WorktreeConfig,
  intent: RestoreIntent,
  staging: Staging | undefined,
  root: Folder,
): Promise<void> {
  const { store } = context;
  if (staging?.isToBeDeleted(intent)) {
    const { previous_head, autosave_snapshot_id, second_autosave_id } = RestoreAudit.check(
      intent.decided()?.details,
    );
    const expected = await inSnapshots(store, [previous_head, autosave_snapshot_id, second_autosave_id]);
    const gathered = [staging.fresh, staging.old].map((tree) => ({ tree, expected }));
    await saveLateWrites(context, worktree, staging, gathered);
  }
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
  // If no other process wrote anything: what was staged; and where a folder is gone, what was taken from it.
  const expected = await inSnapshots(store, [intent.target, worktree.head_snapshot_id]);
  for (const tree of [staging.fresh, staging.old]) {
    await gatherConcurrentWrites(context, worktree, tree, expected, trees.aside);
  }
  for (const id of await saveConcurrentWrites(context, worktree, staging, journal)) {
    context.reporter.warn(`Work that was written around an interrupted restore was kept as snapshot ${id}.`);
  }
  store.platform.syncFileSystem(root);
  // A removal can be killed half-way, when the journal is gone already; a rename cannot, and needs no room on a full disk.
  if (staging.isInRoot) intent.step("undone");
  await staging.retire(store, intent);
  intent.complete();
}

/** What these snapshots hold; of one that is damaged nothing, so that more than is needed is kept. */
async function inSnapshots({ snapshots }: Store, ids: readonly (string | null)[]): Promise<InSnapshots> {
  const tables: TreeTable[] = [];
  for (const id of ids) {
    if (id === null) continue;
    try {
      tables.push(await snapshots.manifest(id));
    } catch (error) {
      if (!isJvsError(error)) throw error;
    }
  }
  return new InSnapshots(tables);
}

function unknownWorktree(intent: RestoreIntent): JvsError {
  return new JvsError(
    "E_LINEAGE_BROKEN",
    `Cannot recover an interrupted restore: its worktree ${intent.worktreeId} is not known any more`,
    { hint: "Run `jvs doctor --strict`; what the restore took out is in .jvs/runtime/shared/staging." },
  );
}
