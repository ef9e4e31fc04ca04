import type { BytePath } from "../../model/bytes.ts";
import type { DegradationList } from "../../model/degradations.ts";
import { DIR } from "../../model/entry.ts";
import { TimeSlice } from "../../platform/time_slice.ts";
import { type Folder, Stat } from "../../platform/platform.ts";
import { isSystemError } from "../../platform/system_error.ts";
import { FoldersByPath, lastName, parentPath } from "../../tree/folders_by_path.ts";
import { type Aspects, setAspects } from "./aspects.ts";
import type { Journal, JournalAspects, JournalUnit } from "./journal.ts";
import { PutAside } from "./put_aside.ts";
import type { Staging } from "./staging.ts";

const OWNER_MAY_CHANGE = 0o300;

/** The trees of a restore, by path: the worktree, and those of staging. */
export class RestoreTrees implements Disposable {
  readonly worktree: FoldersByPath;
  readonly fresh: FoldersByPath;
  readonly old: FoldersByPath;
  /** What others wrote in the way of it, or into what was taken out. */
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
 * Makes the folders of staging that the change, or its undo, moves things into: on a disk that is full by then nothing can
 * be made, but a rename between folders that are there still works.
 */
export function prepareRoom(trees: RestoreTrees, { units }: Journal): void {
  for (const { path, kind } of units) {
    if (kind !== "create") trees.old.ensure(parentPath(path));
    trees.aside.prepare(path);
  }
}

/** Is asked right before and right after each unit is carried out, with the folder and the name that it is about. */
export interface UnitWatch {
  before(unit: number, folder: Folder, name: Uint8Array): void;
  after(unit: number, folder: Folder, name: Uint8Array): void;
}

/** Makes the journal's changes visible, one rename or exchange after the other, then sets modes, owners and times. */
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
    setAt(
      trees.worktree,
      entry.path,
      entry.after,
      (aspect, reason) => degradations.add(aspect, entry.path, reason),
    );
    if (slice.isOver(8)) await slice.yield();
  }
}

/**
 * An ordinary user can only change folders that have the right for it; they get their own mode at the end. What mode they
 * have now is asked: at an undo it is the old one, the new one or a loosened one.
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

/** Sets aspects of what is at a path, if anything is. */
export function setAt(
  folders: FoldersByPath,
  path: BytePath,
  aspects: Aspects,
  refused: Parameters<typeof setAspects>[3],
): void {
  const parent = folderAbove(folders, path);
  if (parent !== undefined) setAspects(parent, nameIn(path), aspects, refused);
}

function carryOut(trees: RestoreTrees, unit: JournalUnit, parent: Folder): void {
  const name = lastName(unit.path);
  if (unit.kind === "remove") return takeOut(trees, parent, unit.path);
  const staged = trees.fresh.get(parentPath(unit.path));
  if (unit.kind === "create" && putIfFree(staged, parent, name)) return;
  try {
    staged.rename(name, parent, name, "exchange");
  } catch (error) {
    // Nothing to exchange with any more, or a file system that cannot exchange: two steps do it too.
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
    return false; // somebody made something there since we looked: it is exchanged, and found in staging afterwards
  }
}

function takeOut(trees: RestoreTrees, parent: Folder, path: BytePath): void {
  const name = lastName(path);
  try {
    parent.rename(name, trees.old.ensure(parentPath(path)), name, "fresh");
  } catch (error) {
    if (!isSystemError(error, "ENOENT")) throw error; // gone already: nothing to take out
  }
}

/** The folder that the entry of this path is in; the root stands for itself as `.`; nothing where a part is missing. */
export function folderAbove(folders: FoldersByPath, path: BytePath): Folder | undefined {
  if (path.length === 0) return folders.root;
  try {
    return folders.get(parentPath(path));
  } catch (error) {
    if (isSystemError(error, "ENOENT", "ENOTDIR", "ELOOP")) return undefined;
    throw error;
  }
}

const ITSELF = Uint8Array.of(0x2e);

/** The name to use with `folderAbove`. */
export function nameIn(path: BytePath): Uint8Array {
  return path.length === 0 ? ITSELF : lastName(path);
}
