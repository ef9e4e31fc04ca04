import { phase } from "../../model/progress.ts";
import { ITSELF } from "../../model/bytes.ts";
import type { WorktreeConfig } from "../../model/records.ts";
import type { Folder } from "../../platform/platform.ts";
import { resolveSnapshot } from "../../repo/resolve.ts";
import type { TreeTable } from "../../tree/table.ts";
import { tableOf } from "./compare.ts";
import type { RepositoryContext } from "../context.ts";
import { type Look, lookAt } from "./look.ts";

/** The label of the empty tree before the first snapshot. */
export const NOTHING = "nothing";

/** One side of a comparison: a snapshot, which is not collected meanwhile, or a worktree as it is now. */
export interface Side extends Disposable {
  /** How results name it: a snapshot's id, or `@name`. */
  readonly label: string;
  readonly table: TreeTable;
  /** The look at a worktree, where content may still have to be hashed; null for a snapshot. */
  readonly look: Look | null;
  /** Opens the tree, to read content from it. */
  open(): Folder;
}

/** Opens a side: `@` is the worktree as it is now, `@name` another worktree, anything else a snapshot. */
export async function openSide(
  context: RepositoryContext,
  worktree: WorktreeConfig,
  word: string,
): Promise<Side> {
  if (word === "@") return await nowSide(context, worktree);
  if (word.startsWith("@")) return await nowSide(context, context.store.worktrees.get(word.slice(1)));
  const { forProgram, reporter } = context;
  const id = await resolveSnapshot(context.store, word, { worktree, forProgram, reporter });
  return await snapshotSide(context, id);
}

/** A worktree as it is now. */
export async function nowSide(context: RepositoryContext, worktree: WorktreeConfig): Promise<Side> {
  const look = await lookAt(context, worktree, { toCompare: true });
  return {
    label: `@${worktree.name}`,
    table: look.table,
    look,
    open: () => look.root.openFolder(ITSELF),
    [Symbol.dispose]: () => look[Symbol.dispose](),
  };
}

/**
 * A snapshot; null is the empty tree before the first one. If the look `seen` has seen exactly that, the two share one table, and the
 * manifest is not decoded.
 */
export async function snapshotSide(
  { reporter, signal, store }: RepositoryContext,
  id: string | null,
  seen?: Look | null,
): Promise<Side> {
  using _phase = phase(reporter, "reading a manifest");
  using opened = new DisposableStack();
  if (id !== null) opened.use(await store.snapshots.use(id, { signal }));
  const isSeen = id !== null && id === seen?.savedAs &&
    await store.snapshots.countEntries(id) === seen.table.count;
  const table = isSeen ? seen.table : await tableOf(store, id);
  const used = opened.move();
  return {
    label: id ?? NOTHING,
    table,
    look: null,
    open: () => store.snapshots.openPayload(id ?? ""),
    [Symbol.dispose]: () => used.dispose(),
  };
}
