import { type BytePath, ITSELF } from "../../model/bytes.ts";
import type { DegradationList } from "../../model/degradations.ts";
import { DIR } from "../../model/entry.ts";
import { JvsError } from "../../model/errors.ts";
import { displayPath } from "../../model/path_text.ts";
import { TimeSlice } from "../../platform/time_slice.ts";
import { type Folder, Stat } from "../../platform/platform.ts";
import { isSystemError } from "../../platform/system_error.ts";
import { FoldersByPath, lastName, parentPath } from "../../tree/folders_by_path.ts";
import { type OnRefused, setAspects } from "./aspects.ts";
import type { Journal, JournalAspects, JournalUnit } from "./journal.ts";
import { PutAside } from "./put_aside.ts";
import type { Staging } from "./staging.ts";

const OWNER_MAY_CHANGE = 0o300;

/** The folders that a restore moves things between: the worktree, and those of staging. */
export class RestoreTrees implements Disposable {
  readonly worktree: FoldersByPath;
  readonly fresh: FoldersByPath;
  readonly old: FoldersByPath;
  /** What other processes wrote in the way of the restore, or into what it took out. */
  readonly aside: PutAside;

  constructor(root: Folder, staging: Staging) {
    this.worktree = new FoldersByPath(root);
    this.fresh = new FoldersByPath(staging.fresh);
    this.old = new FoldersByPath(staging.old);
    this.aside = new PutAside((number) => staging.openAside(number));
  }

  [Symbol.dispose](): void {
    for (const folders of [this.worktree, this.fresh, this.old, this.aside]) folders[Symbol.dispose]();
  }
}

/**
 * Checks that the folders which are to go can be moved, before anything is changed: overlayfs refuses with EXDEV to move a
 * folder of a lower layer.
 */
export function requireMovable(worktree: FoldersByPath, { units }: Journal, staging: Staging): void {
  const stat = new Stat();
  for (const { path, before } of units) {
    if (before === null) continue;
    const parent = worktree.get(parentPath(path));
    if (!parent.stat(lastName(path), stat) || stat.type !== DIR) continue;
    if (!staging.canTake(parent, lastName(path))) throw cannotMove(path);
  }
}

/**
 * Makes the folders of staging that the change, or its undo, moves things into. On a full disk no folder can be made, but a
 * rename between existing folders still works.
 */
export function prepareRoom(trees: RestoreTrees, { units }: Journal): void {
  for (const { path, kind } of units) {
    if (kind !== "create") trees.old.ensure(parentPath(path));
    trees.aside.prepare(path);
  }
}

/** Is called right before and right after each unit is carried out, with its folder and name. */
export interface UnitWatch {
  before(unit: number, folder: Folder, name: Uint8Array): void;
  after(unit: number, folder: Folder, name: Uint8Array): void;
}

/** Carries the journal out: one rename or exchange after the other, then modes, owners and times. */
export async function applyJournal(
  trees: RestoreTrees,
  journal: Journal,
  watch: UnitWatch,
  degradations: DegradationList,
  signal: AbortSignal,
): Promise<void> {
  const slice = new TimeSlice(signal);
  loosenFolders(trees.worktree, journal.aspects);
  for (const [index, unit] of journal.units.entries()) {
    const folder = trees.worktree.get(parentPath(unit.path));
    watch.before(index, folder, lastName(unit.path));
    carryOut(trees, unit, folder);
    watch.after(index, folder, lastName(unit.path));
    if (slice.isOver(8)) await slice.yield();
  }
  for (const entry of [...journal.aspects].reverse()) {
    const refused: OnRefused = (aspect, reason) => degradations.add(aspect, entry.path, reason);
    const folder = folderAbove(trees.worktree, entry.path);
    if (folder !== undefined) setAspects(folder, nameIn(entry.path), entry.after, refused);
    if (slice.isOver(8)) await slice.yield();
  }
}

/**
 * Lets the owner change what is in these folders; at the end they get their own mode. An undo calls it too, and then a
 * folder may have its old mode, its new mode, or a loosened one.
 */
export function loosenFolders(folders: FoldersByPath, aspects: readonly JournalAspects[]): void {
  const stat = new Stat();
  for (const { path, folder, before } of aspects) {
    if (!folder || before === null) continue;
    const parent = folderAbove(folders, path);
    const name = nameIn(path);
    if (!parent?.stat(name, stat) || stat.type !== DIR) continue;
    if ((stat.mode & OWNER_MAY_CHANGE) !== OWNER_MAY_CHANGE) parent.setMode(name, stat.mode | 0o700);
  }
}

function carryOut(trees: RestoreTrees, unit: JournalUnit, parent: Folder): void {
  const name = lastName(unit.path);
  if (unit.kind === "remove") return takeOut(trees, parent, unit.path);
  const staged = trees.fresh.get(parentPath(unit.path));
  if (unit.kind === "create" && putIfFree(staged, parent, name)) return;
  try {
    staged.rename(name, parent, name, "exchange");
  } catch (error) {
    // The worktree's entry is gone, or the file system cannot exchange: two steps do it too.
    if (!isSystemError(error, "ENOENT", "EINVAL", "ENOSYS", "EOPNOTSUPP")) throw error;
    takeOut(trees, parent, unit.path);
    staged.rename(name, parent, name, "fresh");
  }
}

function putIfFree(staged: Folder, parent: Folder, name: Uint8Array): boolean {
  try {
    staged.rename(name, parent, name, "fresh");
    return true;
  } catch (error) {
    if (!isSystemError(error, "EEXIST", "ENOTEMPTY")) throw error;
    return false; // made by another process since the look: it is exchanged, and found in staging later
  }
}

function takeOut(trees: RestoreTrees, parent: Folder, path: BytePath): void {
  const name = lastName(path);
  try {
    parent.rename(name, trees.old.ensure(parentPath(path)), name, "fresh");
  } catch (error) {
    if (!isSystemError(error, "ENOENT")) throw error; // it is gone already
  }
}

/** The folder that this path is in; for the root the root itself; undefined if a folder on the way is missing. */
export function folderAbove(folders: FoldersByPath, path: BytePath): Folder | undefined {
  if (path.length === 0) return folders.root;
  try {
    return folders.get(parentPath(path));
  } catch (error) {
    if (isSystemError(error, "ENOENT", "ENOTDIR", "ELOOP")) return undefined;
    throw error;
  }
}

/** The name of this path in `folderAbove`; the root is `.` in itself. */
export function nameIn(path: BytePath): Uint8Array {
  return path.length === 0 ? ITSELF : lastName(path);
}

function cannotMove(path: Uint8Array): JvsError {
  return new JvsError(
    "E_IO",
    `Cannot restore: the folder "${
      displayPath(path)
    }" would have to go, and the file system does not move it. ` +
      "Nothing was changed",
    {
      hint:
        "On an overlay file system folders of a lower layer can only be moved when it is mounted with redirect_dir=on. " +
        "Remount it so, or restore into a new worktree with --name.",
    },
  );
}
