import { DIR } from "../../model/entry.ts";
import { type Folder, Stat } from "../../platform/platform.ts";
import { isSystemError } from "../../platform/system_error.ts";
import { lastName, parentPath } from "../../tree/folders_by_path.ts";
import { folderAbove, loosenFolders, type RestoreTrees } from "./apply.ts";
import { inodeAt } from "./inode.ts";
import type { Journal, JournalUnit } from "./journal.ts";
import { putAspectsBack } from "./undo_aspects.ts";

/**
 * Takes back what a journal began. It asks the disk what was done, by inode numbers, so that it may itself be killed and
 * repeated. What the restore had made goes back to where it was staged, what somebody else wrote in the way of old content
 * into `aside`, and what cannot be put back, as its folder is gone, stays where it is: all of staging is looked
 * through afterwards for work that no snapshot holds.
 */
export function undoJournal(trees: RestoreTrees, journal: Journal): void {
  loosenFolders(trees.worktree, journal.aspects);
  for (const unit of [...journal.units].reverse()) undoUnit(trees, unit);
  for (const entry of [...journal.aspects].reverse()) putAspectsBack(trees.worktree, entry);
}

function undoUnit(trees: RestoreTrees, { path, after }: JournalUnit): void {
  const parent = folderAbove(trees.worktree, path);
  if (parent === undefined) return; // its folder is gone: what was taken out of it is gathered from staging
  const name = lastName(path);
  const present = inodeAt(parent, name);
  const taken = whereTaken(trees, path, after);
  const isOurs = present !== null && present === after;
  if (!isOurs && taken === undefined) return; // it was not carried out
  if (present !== null) {
    makeMovable(parent, name);
    if (isOurs && exchangeBack(parent, name, taken)) return;
    if (isOurs) parent.rename(name, whereFree(trees, path), name, "fresh");
    else trees.aside.put(path, (aside) => parent.rename(name, aside, name, "fresh"));
  }
  if (taken === undefined) return;
  makeMovable(taken, name);
  taken.rename(name, parent, name, "fresh");
}

/** One step where that can be: then there is no moment in which nothing has the name. */
function exchangeBack(parent: Folder, name: Uint8Array, taken: Folder | undefined): boolean {
  if (taken === undefined) return false;
  try {
    makeMovable(taken, name);
    parent.rename(name, taken, name, "exchange");
    return true;
  } catch (error) {
    if (!isSystemError(error, "EINVAL", "ENOSYS", "EOPNOTSUPP")) throw error;
    return false;
  }
}

/** Where what the restore made can go: it was staged in `new`, but there may now be what it was exchanged with. */
function whereFree(trees: RestoreTrees, path: Uint8Array): Folder {
  const staged = trees.fresh.ensure(parentPath(path));
  return inodeAt(staged, lastName(path)) === null ? staged : trees.old.ensure(parentPath(path));
}

/**
 * The staging folder that holds what the restore took from a path: an exchange leaves it where the staged entry was, a
 * removal in `old`.
 */
function whereTaken(trees: RestoreTrees, path: Uint8Array, after: string | null): Folder | undefined {
  for (const folders of [trees.fresh, trees.old]) {
    const folder = folderAbove(folders, path);
    const there = folder === undefined ? null : inodeAt(folder, lastName(path));
    if (there !== null && there !== after) return folder;
  }
  return undefined;
}

/** Moving a folder elsewhere changes its `..`, for which its owner needs the right to write in it. */
function makeMovable(parent: Folder, name: Uint8Array): void {
  const stat = new Stat();
  if (parent.stat(name, stat) && stat.type === DIR && (stat.mode & 0o200) === 0) {
    parent.setMode(name, stat.mode | 0o700);
  }
}
