import { type BytePath, ITSELF } from "../../model/bytes.ts";
import type { DegradationList } from "../../model/degradations.ts";
import { DIR } from "../../model/entry.ts";
import { JvsError } from "../../model/errors.ts";
import { displayPath, quoted } from "../../model/path_text.ts";
import { TimeSlice } from "../../platform/time_slice.ts";
import type { Folder, RenameHow } from "../../platform/platform.ts";
import { Stat } from "../../platform/stat.ts";
import { isSystemError, unlessFailed } from "../../platform/system_error.ts";
import { FoldersByPath, lastName, parentPath } from "../../tree/folders_by_path.ts";
import { changeAspects, isMeant, type OnRefused } from "./aspects.ts";
import { NONE, type TreeTable } from "../../tree/table.ts";
import type { JournalAspects, PlannedJournal, PlannedUnit } from "./journal.ts";
import type { RestorePlan } from "./plan_form.ts";
import type { Staging } from "./staging.ts";

const OWNER_MAY_CHANGE = 0o300;
/** The errors of a file system that cannot exchange two names. */
export const NO_EXCHANGE = ["EINVAL", "ENOSYS", "EOPNOTSUPP"];

/** The folders that a restore moves things between: the worktree, and those of staging. */
export class RestoreTrees implements Disposable {
  readonly worktree: FoldersByPath;
  readonly fresh: FoldersByPath;
  readonly old: FoldersByPath;
  /** What other processes wrote in the way of the restore, or into what it took out. */
  readonly aside: PutAside;
  /** Whether `old` got anything, or began to. What is exchanged is in `fresh`. */
  hasTakenOut = false;

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
 * Trees for what is put aside, by its path. Usually one tree is enough. If it already has something of that path, because
 * an undo was killed and then another process wrote there again, the next tree is used: nothing is ever overwritten.
 */
export class PutAside implements Disposable {
  private readonly trees: FoldersByPath[] = [];
  /** Whether anything was put here, or began to be. */
  isUsed = false;

  /** `openTree` opens the tree of a number, and makes it if it does not exist. */
  constructor(private readonly openTree: (number: number) => Folder) {}

  /** Makes this folder in advance, because on a full disk it cannot be made later. */
  prepare(folder: BytePath): void {
    this.tree(0).ensure(folder);
  }

  /** Calls `put` for the first tree in which the path is free; `put` throws EEXIST if it is not. */
  put(path: BytePath, put: (folder: Folder, name: Uint8Array) => void): void {
    this.isUsed = true;
    for (let number = 0;; number++) {
      try {
        return put(this.tree(number).ensure(parentPath(path)), lastName(path));
      } catch (error) {
        // Something else has the path, or a part of it.
        if (!isSystemError(error, "EEXIST", "ENOTEMPTY", "ENOTDIR", "ELOOP") || number === MOST) throw error;
      }
    }
  }

  [Symbol.dispose](): void {
    for (const folders of this.trees.splice(0)) {
      folders[Symbol.dispose]();
      folders.root[Symbol.dispose]();
    }
  }

  private tree(number: number): FoldersByPath {
    return this.trees[number] ??= new FoldersByPath(this.openTree(number));
  }
}

/** The end for a mistake in the program: each tree but the first needs a recovery that was killed. */
const MOST = 10_000;

/** The folder that this path is in; for the root the root itself; undefined if a folder on the way is missing. */
export function folderAbove(folders: FoldersByPath, path: BytePath): Folder | undefined {
  if (path.length === 0) return folders.root;
  return unlessFailed(["ENOENT", "ENOTDIR", "ELOOP"], () => folders.get(parentPath(path)));
}

/** The name of this path in `folderAbove`; the root is `.` in itself. */
export function nameIn(path: BytePath): Uint8Array {
  return path.length === 0 ? ITSELF : lastName(path);
}

/** Moves an entry to a folder under the same name; false if that fails for one of these reasons. */
export function tryMove(
  from: Folder,
  name: Uint8Array,
  to: Folder,
  how: RenameHow,
  reasons: readonly string[],
): boolean {
  const isMoved = unlessFailed(reasons, () => {
    from.rename(name, to, name, how);
    return true;
  });
  return isMoved === true;
}

/** Checks, before any change, that folders can be moved: overlayfs refuses that for those of a lower layer (EXDEV). */
export function requireMovable(
  worktree: FoldersByPath,
  now: TreeTable,
  { units }: RestorePlan,
  staging: Staging,
): void {
  for (const { now: i } of units) {
    if (i === NONE || now.type[i] !== DIR) continue;
    const path = now.path(i);
    if (staging.canTake(worktree.get(parentPath(path)), lastName(path))) continue;
    throw new JvsError(
      "E_IO",
      `Cannot restore: the folder "${
        displayPath(path)
      }" would have to go, and the file system does not move ` +
        "it. Nothing was changed",
      {
        hint:
          "On an overlay file system folders of a lower layer can only be moved when it is mounted with redirect_dir=on. " +
          "Remount it so, or restore into a new worktree with --name.",
      },
    );
  }
}

/** Makes the folders of staging that moves need, in advance: on a full disk only renames between folders that exist work. */
export function prepareRoom(trees: RestoreTrees, { folders }: PlannedJournal): void {
  for (const { kind, path } of folders) {
    if (kind !== "create") trees.old.ensure(path);
    trees.aside.prepare(path);
  }
}

/** Is told of each entry right before it is taken out, and of each right after it is put in its place. */
export interface UnitWatch {
  taking(unit: PlannedUnit, folder: Folder, name: Uint8Array): void;
  placed(unit: PlannedUnit, folder: Folder, name: Uint8Array): void;
}

/**
 * Carries the journal out: one rename or exchange after the other, then modes, owners and times. Returns the paths whose
 * aspects another process changed meanwhile, or where it put another entry: they stay as it left them.
 */
export async function applyJournal(
  trees: RestoreTrees,
  { units, aspects, aspectsUpwards }: PlannedJournal,
  watch: UnitWatch,
  degradations: DegradationList,
  signal: AbortSignal,
): Promise<BytePath[]> {
  const slice = new TimeSlice(signal);
  const kept: BytePath[] = [];
  loosenFolders(trees.worktree, aspects);
  for (const unit of units) {
    const { kind, path } = unit;
    const folder = trees.worktree.get(parentPath(path));
    if (kind !== "create") watch.taking(unit, folder, lastName(path));
    carryOut(trees, unit, folder);
    if (kind !== "remove") watch.placed(unit, folder, lastName(path));
    if (slice.isOver(8)) await slice.yield();
  }
  const root = Stat.ofFolder(trees.worktree.root);
  for (const { path, folder, placed, before, after } of aspectsUpwards) {
    const refused: OnRefused = (aspect, reason) => degradations.add(aspect, path, reason);
    const parent = placed === null ? undefined : folderAbove(trees.worktree, path);
    const [meant, change] = [{ inode: placed, folder, root }, { folder, from: before, to: after }];
    if (parent && !changeAspects(parent, nameIn(path), meant, change, refused)) kept.push(path);
    if (slice.isOver(8)) await slice.yield();
  }
  return kept;
}

/**
 * Lets the owner change what is in these folders, if they are still the same; an undo may find their old mode, their new one, or
 * a loosened one.
 */
export function loosenFolders(folders: FoldersByPath, aspects: Iterable<JournalAspects>): void {
  const root = Stat.ofFolder(folders.root);
  for (const { path, folder, inode, before } of aspects) {
    if (!folder || before === null) continue;
    using entry = folderAbove(folders, path)?.openEntry(nameIn(path));
    if (entry === undefined) continue;
    const found = Stat.ofFile(entry);
    if (!isMeant(found, { inode, folder, root })) continue;
    if ((found.mode & OWNER_MAY_CHANGE) === OWNER_MAY_CHANGE) continue;
    unlessFailed(["EOPNOTSUPP"], () => entry.setMode(found.mode | 0o700)); // refused to root, who needs no mode for it
  }
}

function carryOut(trees: RestoreTrees, { kind, path }: PlannedUnit, parent: Folder): void {
  if (kind === "remove") return takeOut(trees, parent, path);
  const name = lastName(path);
  const staged = trees.fresh.get(parentPath(path));
  // What another process made since the look is exchanged, and found in staging later.
  if (kind === "create" && tryMove(staged, name, parent, "fresh", ["EEXIST", "ENOTEMPTY"])) return;
  // If the worktree's entry is gone, or the file system cannot exchange, two steps do it too.
  if (tryMove(staged, name, parent, "exchange", ["ENOENT", ...NO_EXCHANGE])) return;
  takeOut(trees, parent, path);
  staged.rename(name, parent, name, "fresh");
}

function takeOut(trees: RestoreTrees, parent: Folder, path: BytePath): void {
  const name = lastName(path);
  trees.hasTakenOut = true;
  // It may be gone already.
  unlessFailed(["ENOENT"], () => parent.rename(name, trees.old.ensure(parentPath(path)), name, "fresh"));
}

/** The path of an entry in staging, which is in the control plane or in the payload root. */
const STAGED = /\/(?:staging\/[^/]+|\.jvs-staging-[^/]+)\/new\/(.+)$/s;

/**
 * Turns the error of a refused rename into one that names the user's own path. The system names the path in staging, which
 * is gone when the user reads the message. Any other error stays as it is.
 */
export function refusedChange(error: unknown, worktree: string): unknown {
  if (!isSystemError(error, "EPERM", "EACCES") || error.details["action"] !== "rename") return error;
  const [, path] = STAGED.exec(String(error.details["path"])) ?? [];
  if (path === undefined) return error;
  return new JvsError(
    "E_PERMISSION",
    `Cannot change ${quoted(path)} in worktree "${worktree}": ${error.reason}`,
    {
      hint: error.errno === "EPERM"
        ? "It, or the folder it is in, may be immutable or append-only: `lsattr -d` shows that, `chattr -i -a` ends it."
        : "Change the rights of the folder it is in, or run it as a user who has them.",
      details: { ...error.details, path, worktree },
      cause: error,
    },
  );
}
