import { DIR, FILE } from "../../model/entry.ts";
import { encodePath } from "../../model/path_text.ts";
import { keyOf } from "../../model/bytes.ts";
import type { WorktreeConfig } from "../../model/records.ts";
import type { Folder } from "../../platform/platform.ts";
import { isSystemError } from "../../platform/system_error.ts";
import { FoldersByPath, lastName, parentPath } from "../../tree/folders_by_path.ts";
import { at, NONE, type TreeTable } from "../../tree/table.ts";
import type { RepositoryContext } from "../context.ts";
import type { Expected } from "./expected.ts";
import { inodeAt } from "./inode.ts";
import type { JournalUnit } from "./journal.ts";
import { PutAside } from "./put_aside.ts";
import type { Staging } from "./staging.ts";
import { lookWithoutCache } from "../look/look.ts";
import { saveSnapshot } from "../snapshot/save_snapshot.ts";
import { snapshotSaving } from "../snapshot/snapshot_saving.ts";
import { withIntent } from "../change/with_intent.ts";

/** A tree of staging, and what it is to hold. */
export interface Gathered {
  readonly tree: Folder;
  readonly expected: Expected;
}

/**
 * Looks through what was taken out of a worktree for what another process wrote there meanwhile, and links it, by its
 * path, into `aside`. Gives what was found, with the hashes of all that times alone did not prove. SPEC 7.
 */
export async function gatherConcurrentWrites(
  context: RepositoryContext,
  worktree: WorktreeConfig,
  taken: Folder,
  expected: Expected,
  aside: PutAside,
): Promise<TreeTable> {
  using look = await lookWithoutCache(context, worktree, taken.openFolder(ITSELF));
  const found = look.table;
  const { isProven, isKnown } = expected.in(found);
  const doubtful: number[] = [];
  for (let j = 1; j < found.count; j++) {
    if (found.type[j] !== DIR && !isProven(j)) doubtful.push(j);
  }
  // What is written from now on must show in a later look.
  await look.settle();
  await look.hash(doubtful.filter((j) => found.type[j] === FILE));
  using folders = new FoldersByPath(taken);
  for (const j of doubtful) {
    if (isKnown(j)) continue;
    const path = found.path(j);
    linkInto(aside, path, folders.get(parentPath(path)));
  }
  return found;
}

/**
 * Saves what was gathered as autosaves of just those paths, one for each tree there is from a number on; their ids,
 * usually none. Folders that were only made for what these units may have met are empty, and not saved.
 */
export async function saveConcurrentWrites(
  context: RepositoryContext,
  worktree: WorktreeConfig,
  staging: Staging,
  { units = [], from = 0 }: { units?: readonly JournalUnit[]; from?: number },
): Promise<string[]> {
  const saved: string[] = [];
  const trees = staging.countAside();
  for (let number = from; number < trees; number++) {
    using aside = staging.openAside(number);
    removeEmptyParents(aside, units);
    const id = await saveTree(context, worktree, aside);
    if (id !== null) saved.push(id);
  }
  return saved;
}

/**
 * Where staging cannot be kept, what writers that still have a file of it open wrote there since it was gathered is saved
 * before it is deleted.
 */
export async function saveLateWrites(
  context: RepositoryContext,
  worktree: WorktreeConfig,
  staging: Staging,
  gathered: readonly Gathered[],
): Promise<void> {
  const from = staging.countAside();
  using aside = new PutAside((number) => staging.openAside(from + number));
  for (const { tree, expected } of gathered) {
    await gatherConcurrentWrites(context, worktree, tree, expected, aside);
  }
  for (const id of await saveConcurrentWrites(context, worktree, staging, { from })) {
    context.reporter.warn(`What was written into replaced files afterwards was kept as snapshot ${id}.`);
  }
}

/** Of the folders above these paths; deepest first, as each that goes may leave the next one empty. */
function removeEmptyParents(tree: Folder, units: readonly JournalUnit[]): void {
  const parents = new Map<string, Uint8Array>();
  for (const { path } of units) {
    for (
      let above = parentPath(path);
      above.length > 0 && !parents.has(keyOf(above));
      above = parentPath(above)
    ) {
      parents.set(keyOf(above), above);
    }
  }
  using folders = new FoldersByPath(tree);
  for (const path of [...parents.values()].sort((a, b) => b.length - a.length)) {
    try {
      folders.get(parentPath(path)).removeFolder(lastName(path));
    } catch (error) {
      // Something is in it, or something else of that name was put there.
      if (!isSystemError(error, "ENOTEMPTY", "EEXIST", "ENOENT", "ENOTDIR", "ELOOP")) throw error;
    }
  }
}

async function saveTree(
  context: RepositoryContext,
  worktree: WorktreeConfig,
  aside: Folder,
): Promise<string | null> {
  using look = await lookWithoutCache(context, worktree, aside.openFolder(ITSELF));
  const paths = leafPaths(look.table);
  if (paths.length === 0) return null;
  const { store } = context;
  const begun = { kind: snapshotSaving, target: worktree.name, details: {} };
  return await withIntent(context, worktree.worktree_id, begun, async (intent) => {
    const { descriptor } = await saveSnapshot({ context, store, worktree, intent }, look, {
      kind: "autosave",
      note: "written while a restore was under way",
      tags: [],
      consistency: "either",
      skipUnreadable: true,
      paths,
      movesHead: false,
      keepLineAs: null,
    });
    return descriptor.snapshot_id;
  });
}

const ITSELF = Uint8Array.of(0x2e);

function linkInto(aside: PutAside, path: Uint8Array, from: Folder): void {
  const name = lastName(path);
  aside.put(path, (folder) => {
    try {
      folder.linkFrom(name, from, name);
    } catch (error) {
      // Gathered by an earlier, interrupted attempt; or something else of this path was.
      if (!isSystemError(error, "EEXIST") || inodeAt(folder, name) !== inodeAt(from, name)) throw error;
    }
  });
}

/** Paths with nothing below them; folders on the way stand for nothing. */
function leafPaths(table: TreeTable): string[] {
  const isParent = new Uint8Array(table.count);
  for (let i = 1; i < table.count; i++) {
    const parent = at(table.parent, i);
    if (parent !== NONE) isParent[parent] = 1;
  }
  const paths: string[] = [];
  for (let i = 1; i < table.count; i++) if (isParent[i] !== 1) paths.push(encodePath(table.path(i)));
  return paths;
}
