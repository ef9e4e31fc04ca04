import { grantAclOwner } from "../../model/acl.ts";
import { equalBytes } from "../../model/bytes.ts";
import { DIR, type Xattr } from "../../model/entry.ts";
import { type Folder, Stat } from "../../platform/platform.ts";
import { type FoldersByPath, lastName, parentPath } from "../../tree/folders_by_path.ts";
import { folderAbove, loosenFolders, nameIn, NO_EXCHANGE, type RestoreTrees, tryMove } from "./apply.ts";
import { type Aspects, setAspects } from "./aspects.ts";
import { inodeAt, type Journal, type JournalAspects, type JournalUnit } from "./journal.ts";

const PERMISSIONS = 0o777;
const STICKY = 0o1000;
const OWNER_MAY_ALL = 0o700;
const ACCESS_ACL = "system.posix_acl_access";
const CAPABILITY = "security.capability";

/**
 * Undoes what a journal began. The inode numbers on the disk show what was done, so an undo can be killed and repeated.
 * What the restore made goes back to staging. What another process wrote in place of old content goes into `aside`. What
 * cannot be put back, because its folder is gone, stays in staging. Afterwards the caller searches all of staging for work
 * that no snapshot holds.
 */
export function undoJournal(trees: RestoreTrees, journal: Journal): void {
  loosenFolders(trees.worktree, journal.aspects);
  for (const unit of [...journal.units].reverse()) undoUnit(trees, unit);
  for (const entry of [...journal.aspects].reverse()) putAspectsBack(trees.worktree, entry);
}

function undoUnit(trees: RestoreTrees, { path, after }: JournalUnit): void {
  const parent = folderAbove(trees.worktree, path);
  if (parent === undefined) return; // its folder is gone: what was taken out of it stays in staging
  const name = lastName(path);
  const present = inodeAt(parent, name);
  const taken = whereTaken(trees, path, after);
  const isOurs = present !== null && present === after;
  if (!isOurs && taken === undefined) return; // it was not carried out
  if (taken !== undefined) makeMovable(taken, name);
  if (present !== null) {
    makeMovable(parent, name);
    // In one step if that works: then there is no moment in which nothing has the name.
    if (isOurs && taken !== undefined && tryMove(parent, name, taken, "exchange", NO_EXCHANGE)) return;
    if (isOurs) parent.rename(name, whereFree(trees, path), name, "fresh");
    else trees.aside.put(path, (aside) => parent.rename(name, aside, name, "fresh"));
  }
  taken?.rename(name, parent, name, "fresh");
}

/** Where an entry that the restore made can go: to `new`, or to `old` if `new` has something else of its path. */
function whereFree(trees: RestoreTrees, path: Uint8Array): Folder {
  const staged = trees.fresh.ensure(parentPath(path));
  return inodeAt(staged, lastName(path)) === null ? staged : trees.old.ensure(parentPath(path));
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

/** To move a folder changes its `..`, and for that its owner needs the right to write in it. */
function makeMovable(parent: Folder, name: Uint8Array): void {
  const stat = new Stat();
  if (parent.stat(name, stat) && stat.type === DIR && (stat.mode & 0o200) === 0) {
    parent.setMode(name, stat.mode | 0o700);
  }
}

/**
 * Sets each old aspect that still has the restore's value: what another process has set since stays. Only the time of a
 * folder is always set, because every change in a folder moves it.
 */
function putAspectsBack(worktree: FoldersByPath, entry: JournalAspects): void {
  const { path, before } = entry;
  if (before === null) return; // the restore made it, and the undo has taken it out
  const name = nameIn(path);
  const parent = folderAbove(worktree, path);
  const now = parent && aspectsNow(parent, name);
  // What the system refuses now it refused before too.
  if (parent && now) setAspects(parent, name, aspectsAfterUndo(now, { ...entry, before }), () => {});
}

type ChangedAspects = JournalAspects & { readonly before: Aspects };

/** The aspects of an entry after the undo of a restore that may have been killed at any moment. */
export function aspectsAfterUndo(now: Aspects, entry: ChangedAspects): Aspects {
  const { before, after, folder } = entry;
  return {
    uid: now.uid === after.uid ? before.uid : now.uid,
    gid: now.gid === after.gid ? before.gid : now.gid,
    mode: isOurMode(now.mode, entry) ? before.mode : now.mode,
    mtime: folder || isTime(now.mtime, after.mtime) ? before.mtime : now.mtime,
    xattrs: xattrsAfterUndo(now.xattrs, entry),
  };
}

/** Whether the restore set this mode, or parts of it: setting the owner or an ACL changes it too, and loosening a folder. */
function isOurMode(mode: number, { before, after, folder }: ChangedAspects): boolean {
  const own = [before.mode, after.mode];
  const permissions = own.map((each) => each & PERMISSIONS);
  if (folder) permissions.push(...permissions.map((each) => each | OWNER_MAY_ALL));
  const special = own.map((each) => each & ~PERMISSIONS);
  // A new owner removes the set-id bits of a file.
  if (before.uid !== after.uid || before.gid !== after.gid) {
    special.push(...special.map((each) => each & STICKY));
  }
  return permissions.includes(mode & PERMISSIONS) && special.includes(mode & ~PERMISSIONS);
}

function xattrsAfterUndo(
  now: readonly Xattr[],
  { before, after, folder }: ChangedAspects,
): Xattr[] {
  const names = new Set([...now, ...before.xattrs, ...after.xattrs].map(({ name }) => name));
  const newOwner = before.uid !== after.uid || before.gid !== after.gid;
  return [...names].flatMap((name) => {
    const present = valueOf(now, name);
    const lostByOwner = name === CAPABILITY && newOwner && present === undefined;
    const isOurs = lostByOwner || isSame(name, present, valueOf(after.xattrs, name), folder);
    const value = isOurs ? valueOf(before.xattrs, name) : present;
    return value === undefined ? [] : [{ name, value }];
  });
}

type Value = Xattr["value"];

function isSame(name: string, a: Value | undefined, b: Value | undefined, folder: boolean): boolean {
  if (a === undefined || b === undefined) return a === b;
  // Loosening a folder adds the owner's rights to its ACL too.
  if (folder && name === ACCESS_ACL) return equalBytes(grantAclOwner(a), grantAclOwner(b));
  return equalBytes(a, b);
}

function valueOf(xattrs: readonly Xattr[], name: string): Value | undefined {
  return xattrs.find((each) => each.name === name)?.value;
}

/** A file system, or the way to set a time, may be less exact than nanoseconds. */
function isTime([sec, nsec]: Aspects["mtime"], [wantedSec, wanted]: Aspects["mtime"]): boolean {
  return sec === wantedSec && [1, 1e3, 1e6, 1e9].some((unit) => nsec === wanted - wanted % unit);
}

function aspectsNow(folder: Folder, name: Uint8Array): Aspects | undefined {
  const stat = new Stat();
  if (!folder.stat(name, stat)) return undefined;
  const { mode, uid, gid, mtimeSec, mtimeNsec } = stat;
  return { mode, uid, gid, mtime: [mtimeSec, mtimeNsec], xattrs: folder.xattrs(name) };
}
