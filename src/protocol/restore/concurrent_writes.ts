import { ITSELF, keyOf } from "../../model/bytes.ts";
import { DIR, FILE } from "../../model/entry.ts";
import { encodePath } from "../../model/path_text.ts";
import type { Folder } from "../../platform/platform.ts";
import { isSystemError, unlessFailed } from "../../platform/system_error.ts";
import { FoldersByPath, lastName, parentPath } from "../../tree/folders_by_path.ts";
import type { TreeTable } from "../../tree/table.ts";
import type { WorktreeContext } from "../change/kind.ts";
import { lookWithoutCache } from "../look/look.ts";
import { autosaveLook } from "../snapshot/autosave.ts";
import type { Expected } from "./expected.ts";
import { inodeAt, type JournalUnit } from "./journal.ts";
import { PutAside } from "./trees.ts";
import type { Staging } from "./staging.ts";

/** A tree of staging, and what it should hold. */
export interface Gathered {
  readonly tree: Folder;
  readonly expected: Expected;
}

/**
 * Searches what was taken out of the worktree for what another process wrote there meanwhile, and links that into `aside`,
 * by its path. Returns what it found, with a hash for each file that times alone did not prove. SPEC 7.
 */
export async function gatherConcurrentWrites(
  context: WorktreeContext,
  taken: Folder,
  expected: Expected,
  aside: PutAside,
): Promise<TreeTable> {
  using look = await lookWithoutCache(context, taken.openFolder(ITSELF));
  const found = look.table;
  const { isProven, isKnown } = expected(found);
  const doubtful: number[] = [];
  for (let j = 1; j < found.count; j++) {
    if (found.type[j] !== DIR && !isProven(j)) doubtful.push(j);
  }
  // A later look must notice what is written from now on.
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
 * Saves what was gathered: an autosave of only those paths for each tree, beginning with number `from`. Returns the ids,
 * usually none. Empty folders that `prepareRoom` made for these units are not saved.
 */
export async function saveConcurrentWrites(
  context: WorktreeContext,
  staging: Staging,
  { units = [], from = 0 }: { units?: readonly JournalUnit[]; from?: number },
): Promise<string[]> {
  const saved: string[] = [];
  const trees = staging.countAside();
  for (let number = from; number < trees; number++) {
    using aside = staging.openAside(number);
    removeEmptyParents(aside, units);
    const id = await saveTree(context, aside);
    if (id !== null) saved.push(id);
  }
  return saved;
}

/**
 * Saves what other processes wrote into staging since it was gathered, because they still have files of it open. Needed
 * where staging cannot be kept and is about to be deleted.
 */
export async function saveLateWrites(
  context: WorktreeContext,
  staging: Staging,
  gathered: readonly Gathered[],
): Promise<void> {
  const from = staging.countAside();
  using aside = new PutAside((number) => staging.openAside(from + number));
  for (const { tree, expected } of gathered) {
    await gatherConcurrentWrites(context, tree, expected, aside);
  }
  for (const id of await saveConcurrentWrites(context, staging, { from })) {
    context.reporter.warn(`What was written into replaced files afterwards was kept as snapshot ${id}.`);
  }
}

/** Removes empty folders above these paths; the deepest first, because that may empty the one above it. */
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
  // The folder is not empty, or something else has that name.
  const reasons = ["ENOTEMPTY", "EEXIST", "ENOENT", "ENOTDIR", "ELOOP"];
  for (const path of [...parents.values()].sort((a, b) => b.length - a.length)) {
    unlessFailed(reasons, () => folders.get(parentPath(path)).removeFolder(lastName(path)));
  }
}

async function saveTree(context: WorktreeContext, aside: Folder): Promise<string | null> {
  using look = await lookWithoutCache(context, aside.openFolder(ITSELF));
  const paths = leafPaths(look.table);
  if (paths.length === 0) return null;
  const note = "written while a restore was under way";
  return (await autosaveLook(context, look, note, paths)).descriptor.snapshot_id;
}

function linkInto(aside: PutAside, path: Uint8Array, from: Folder): void {
  const name = lastName(path);
  aside.put(path, (folder) => {
    try {
      folder.linkFrom(name, from, name);
    } catch (error) {
      // An interrupted attempt linked it already; else `aside` has something else of this path.
      if (!isSystemError(error, "EEXIST") || inodeAt(folder, name) !== inodeAt(from, name)) throw error;
    }
  });
}

/** The paths that have nothing below them. */
function leafPaths(table: TreeTable): string[] {
  const parents = new Set(table.parent.subarray(0, table.count));
  const paths: string[] = [];
  for (let i = 1; i < table.count; i++) if (!parents.has(i)) paths.push(encodePath(table.path(i)));
  return paths;
}
