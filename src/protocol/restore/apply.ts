import type { BytePath } from "../../model/bytes.ts";
import type { DegradationList } from "../../model/degradations.ts";
import { DIR } from "../../model/entry.ts";
import { JvsError } from "../../model/errors.ts";
import { displayPath, quoted } from "../../model/path_text.ts";
import { TimeSlice } from "../../platform/time_slice.ts";
import { type Folder, Stat } from "../../platform/platform.ts";
import { isSystemError, unlessFailed } from "../../platform/system_error.ts";
import { type FoldersByPath, lastName, parentPath } from "../../tree/folders_by_path.ts";
import { type OnRefused, setAspects } from "./aspects.ts";
import type { Journal, JournalAspects, JournalUnit } from "./journal.ts";
import type { Staging } from "./staging.ts";
import { folderAbove, nameIn, type RestoreTrees, tryMove } from "./trees.ts";

const OWNER_MAY_CHANGE = 0o300;

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

/** Is told of each entry right before it is taken out, and of each right after it is put in its place. */
export interface UnitWatch {
  taking(unit: number, folder: Folder, name: Uint8Array): void;
  placed(path: BytePath, folder: Folder, name: Uint8Array): void;
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
    const { path, before, after } = unit;
    const folder = trees.worktree.get(parentPath(path));
    if (before !== null) watch.taking(index, folder, lastName(path));
    carryOut(trees, unit, folder);
    if (after !== null) watch.placed(path, folder, lastName(path));
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

function carryOut(trees: RestoreTrees, { kind, path }: JournalUnit, parent: Folder): void {
  if (kind === "remove") return takeOut(trees, parent, path);
  const name = lastName(path);
  const staged = trees.fresh.get(parentPath(path));
  // What another process made since the look is exchanged, and found in staging later.
  if (kind === "create" && tryMove(staged, name, parent, "fresh", ["EEXIST", "ENOTEMPTY"])) return;
  // If the worktree's entry is gone, or the file system cannot exchange, two steps do it too.
  if (tryMove(staged, name, parent, "exchange", ["ENOENT", "EINVAL", "ENOSYS", "EOPNOTSUPP"])) return;
  takeOut(trees, parent, path);
  staged.rename(name, parent, name, "fresh");
}

function takeOut(trees: RestoreTrees, parent: Folder, path: BytePath): void {
  const name = lastName(path);
  // It may be gone already.
  unlessFailed(["ENOENT"], () => parent.rename(name, trees.old.ensure(parentPath(path)), name, "fresh"));
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
