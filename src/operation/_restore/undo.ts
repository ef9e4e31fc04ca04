import { DIR } from "../../model/entry.ts";
import { type Folder, Stat } from "../../platform/platform.ts";
import { lastName, parentPath } from "../../tree/folders_by_path.ts";
import { folderAbove, loosenFolders, type RestoreTrees, setAt } from "./apply.ts";
import type { Journal, JournalUnit } from "./journal.ts";

/**
 * Takes back what a journal began. It asks the disk what was done, by inode numbers, so that it may itself be killed and
 * repeated. What the restore had made lands in `undone`, what somebody else wrote in the way of old content in
 * `strangers`: both are looked through for work that no snapshot holds.
 */
export function undoJournal(trees: RestoreTrees, journal: Journal): void {
  loosenFolders(trees.worktree, journal.aspects);
  for (const unit of [...journal.units].reverse()) undoUnit(trees, unit);
  for (const { path, before } of [...journal.aspects].reverse()) {
    // What cannot be set back could not be set before either.
    if (before !== null) setAt(trees.worktree, path, before, () => {});
  }
}

function undoUnit(trees: RestoreTrees, { path, after }: JournalUnit): void {
  const parent = folderAbove(trees.worktree, path);
  if (parent === undefined) return; // its folder is gone, and with it whatever was there
  const name = lastName(path);
  const present = inodeAt(parent, name);
  const taken = whereTaken(trees, path, after);
  const isOurs = present !== null && present === after;
  if (!isOurs && taken === undefined) return; // it was not carried out
  if (present !== null) {
    makeMovable(parent, name);
    const away = isOurs ? trees.undone : trees.strangers;
    parent.rename(name, away.ensure(parentPath(path)), name, "fresh");
  }
  taken?.rename(name, parent, name, "fresh");
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

/** The inode of what has this name, as the journal has it; null where nothing has. */
export function inodeAt(folder: Folder, name: Uint8Array): string | null {
  const stat = new Stat();
  return folder.stat(name, stat) ? `${stat.inoHi}:${stat.inoLo}` : null;
}
