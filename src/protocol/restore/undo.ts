import type { BytePath } from "../../model/bytes.ts";
import { DIR } from "../../model/entry.ts";
import type { Folder } from "../../platform/platform.ts";
import { inodeAt, isSameInode, Stat } from "../../platform/stat.ts";
import { unlessFailed } from "../../platform/system_error.ts";
import { type FoldersByPath, lastName, parentPath } from "../../tree/folders_by_path.ts";
import { folderAbove, loosenFolders, nameIn, NO_EXCHANGE, type RestoreTrees, tryMove } from "./apply.ts";
import { changeAspects } from "./aspects.ts";
import type { Journal, JournalAspects, JournalUnit } from "./journal.ts";
import { makeMovable } from "../worktree/payload_roots.ts";

/**
 * Undoes what a journal began. The inode numbers on the disk show what was done, so an undo can be killed and repeated.
 * What the restore made goes back to staging. What another process wrote in place of old content goes into `aside`. What
 * cannot be put back, because its folder is gone, stays in staging. Afterwards the caller searches all of staging for work
 * that no snapshot holds. Returns the paths whose old modes, owners or attributes were not set back, because another process has
 * changed them or put something else there.
 */
export function undoJournal(trees: RestoreTrees, journal: Journal): BytePath[] {
  loosenFolders(trees.worktree, journal.aspects);
  for (const unit of [...journal.units].reverse()) undoUnit(trees, unit);
  const root = Stat.ofFolder(trees.worktree.root);
  const aspects = [...journal.aspects].reverse();
  return aspects.filter((entry) => !putAspectsBack(trees.worktree, entry, root)).map(({ path }) => path);
}

function undoUnit(trees: RestoreTrees, { path, after }: JournalUnit): void {
  const parent = folderAbove(trees.worktree, path);
  if (parent === undefined) return; // its folder is gone: what was taken out of it stays in staging
  const name = lastName(path);
  putCopyAside(trees, path, after);
  const present = inodeAt(parent, name);
  const taken = whereTaken(trees, path, after);
  const isOurs = present !== null && present === after;
  if (!isOurs && taken === undefined) return; // it was not carried out
  // It was about to be taken out, or was put back already.
  if (taken !== undefined && isHalfMoved(parent, name, taken)) return removeIfThere(taken, name);
  if (taken !== undefined) makeMovable(taken, name);
  if (present !== null) {
    makeMovable(parent, name);
    // In one step if that works: then there is no moment in which nothing has the name.
    if (isOurs && taken !== undefined && tryMove(parent, name, taken, "exchange", NO_EXCHANGE)) return;
    if (isOurs) moveIfThere(parent, name, whereFree(trees, path, present));
    else trees.aside.put(path, (aside) => moveIfThere(parent, name, aside));
  }
  if (taken !== undefined) moveIfThere(taken, name, parent);
}

/** Gone meanwhile is as good: a program's file system (FUSE) shows for a while what it does not have any more. */
function moveIfThere(from: Folder, name: Uint8Array, to: Folder): void {
  if (isHalfMoved(from, name, to)) removeIfThere(from, name);
  else unlessFailed(["ENOENT"], () => from.rename(name, to, name, "fresh"));
}

/** Whether a file has its name in both folders: a move in two steps, a link and its removal, was killed between them. */
function isHalfMoved(from: Folder, name: Uint8Array, to: Folder): boolean {
  const [one, other] = [new Stat(), new Stat()];
  if (!from.stat(name, one) || one.type === DIR || one.nlink < 2) return false;
  return to.stat(name, other) && isSameInode(one, other);
}

function removeIfThere(folder: Folder, name: Uint8Array): void {
  unlessFailed(["ENOENT"], () => folder.removeFile(name));
}

/** Where an entry that the restore made can go: to `new`, or to `old` if `new` has something else of its path. */
function whereFree(trees: RestoreTrees, path: Uint8Array, after: string): Folder {
  const staged = trees.fresh.ensure(parentPath(path));
  const there = inodeAt(staged, lastName(path));
  return there === null || there === after ? staged : trees.old.ensure(parentPath(path));
}

/**
 * Where there are no links (exFAT), what another process wrote into a file while it was moved out of `new` is in a copy there, under
 * the old name. What was taken out is in `old` then: the two must not be mistaken for each other.
 */
function putCopyAside(trees: RestoreTrees, path: Uint8Array, after: string | null): void {
  if (after === null) return; // nothing was moved out of `new`; what has the name there may be that of another case
  const [copied, taken] = [trees.fresh, trees.old].map((folders) => {
    const folder = folderAbove(folders, path);
    const there = folder === undefined ? null : inodeAt(folder, lastName(path));
    return there === null || there === after ? undefined : folder;
  });
  if (copied === undefined || taken === undefined) return;
  trees.aside.put(path, (aside) => moveIfThere(copied, lastName(path), aside));
}

/** Where the restore put what it took from a path: an exchange leaves it where the staged entry was, a removal in `old`. */
function whereTaken(trees: RestoreTrees, path: Uint8Array, after: string | null): Folder | undefined {
  for (const folders of [trees.fresh, trees.old]) {
    const folder = folderAbove(folders, path);
    const there = folder === undefined ? null : inodeAt(folder, lastName(path));
    if (there !== null && there !== after) return folder;
  }
  return undefined;
}

/** Sets each old aspect that still has the restore's value; false if something stayed. */
function putAspectsBack(
  worktree: FoldersByPath,
  { path, folder, inode, before, after }: JournalAspects,
  root: Stat,
): boolean {
  if (before === null) return true; // the restore made it, and the undo has taken it out
  const parent = folderAbove(worktree, path);
  if (parent === undefined) return true;
  // What the system refuses now it refused before too.
  const change = { folder, from: after, to: before };
  return changeAspects(parent, nameIn(path), { inode, folder, root }, change, () => {});
}
