import { DIR } from "../../model/entry.ts";
import { encodePath } from "../../model/path_text.ts";
import { keyOf } from "../../model/bytes.ts";
import type { WorktreeConfig } from "../../model/records.ts";
import type { Folder } from "../../platform/platform.ts";
import { isSystemError } from "../../platform/system_error.ts";
import { mergeTables } from "../../tree/diff.ts";
import { FoldersByPath, lastName, parentPath } from "../../tree/folders_by_path.ts";
import { at, NONE, type TreeTable } from "../../tree/table.ts";
import type { RepositoryContext } from "../context.ts";
import { inodeAt } from "./inode.ts";
import type { Journal, JournalUnit } from "./journal.ts";
import type { PutAside } from "./put_aside.ts";
import type { Staging } from "./staging.ts";
import { lookAtOurs } from "../look/look.ts";
import { saveSnapshot } from "../snapshot/save_snapshot.ts";
import { snapshotSaving } from "../snapshot/snapshot_saving.ts";
import { withIntent } from "../change/with_intent.ts";

/** What is expected in a tree of taken-out entries. */
export interface Expected {
  /** What was seen before anything was touched, or what was staged. */
  readonly table: TreeTable;
  /** Whether inodes must be the same too. */
  readonly inodes: boolean;
  /** What would be no surprise either, by size and time; nothing by default. */
  readonly others?: readonly TreeTable[];
}

/**
 * Looks through what was taken out of a worktree for what another process wrote there meanwhile, and links it, by its
 * path, into `strangers`. SPEC 7.
 */
export async function gatherStrangers(
  context: RepositoryContext,
  worktree: WorktreeConfig,
  taken: Folder,
  expected: Expected,
  strangers: PutAside,
): Promise<void> {
  using look = await lookAtOurs(context, worktree, taken.openFolder(ITSELF));
  using folders = new FoldersByPath(taken);
  const found = look.table;
  mergeTables(expected.table, found, (i, j) => {
    if (j === -1 || found.type[j] === DIR || (i !== -1 && isExpected(expected, i, found, j))) return;
    const path = found.path(j);
    if (expected.others?.some((table) => isIn(table, path, found, j))) return;
    linkInto(strangers, path, folders.get(parentPath(path)));
  });
}

/**
 * Saves what was gathered as autosaves of just those paths, one for each tree there is; their ids, usually none. Folders
 * that were only made for things to be put into are nobody's.
 */
export async function saveStrangers(
  context: RepositoryContext,
  worktree: WorktreeConfig,
  { staging, journal }: { readonly staging: Staging; readonly journal: Journal },
): Promise<string[]> {
  const saved: string[] = [];
  for (const tree of staging.allStrangers()) {
    using strangers = tree;
    removeEmptyParents(strangers, journal.units);
    const id = await saveTree(context, worktree, strangers);
    if (id !== null) saved.push(id);
  }
  return saved;
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
  strangers: Folder,
): Promise<string | null> {
  using look = await lookAtOurs(context, worktree, strangers.openFolder(ITSELF));
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

function isExpected({ table, inodes }: Expected, i: number, found: TreeTable, j: number): boolean {
  if (!looksTheSame(table, i, found, j)) return false;
  return !inodes || (table.inoLo[i] === found.inoLo[j] && table.inoHi[i] === found.inoHi[j]);
}

function isIn(table: TreeTable, path: Uint8Array, found: TreeTable, j: number): boolean {
  const i = table.find(path);
  return i !== -1 && looksTheSame(table, i, found, j);
}

function looksTheSame(table: TreeTable, i: number, found: TreeTable, j: number): boolean {
  return table.type[i] === found.type[j] && at(table.size, i) === at(found.size, j) &&
    table.mtimeSec[i] === found.mtimeSec[j] && table.mtimeNsec[i] === found.mtimeNsec[j];
}

function linkInto(strangers: PutAside, path: Uint8Array, from: Folder): void {
  const name = lastName(path);
  strangers.put(path, (folder) => {
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
