import { grantAclOwner } from "../../model/acl.ts";
import { equalBytes } from "../../model/bytes.ts";
import type { Xattr } from "../../model/entry.ts";
import { type Folder, Stat } from "../../platform/platform.ts";
import type { FoldersByPath } from "../../tree/folders_by_path.ts";
import { folderAbove, nameIn } from "./apply.ts";
import { type Aspects, setAspects } from "./aspects.ts";
import type { JournalAspects } from "./journal.ts";

const PERMISSIONS = 0o777;
const STICKY = 0o1000;
const OWNER_MAY_ALL = 0o700;
const ACCESS_ACL = "system.posix_acl_access";
const CAPABILITY = "security.capability";

/**
 * Sets the old aspects of what is at a path, each where the restore's own stands: what somebody else has set since then
 * stays. Folders' times excepted: whatever was done in a folder moved them.
 */
export function putAspectsBack(worktree: FoldersByPath, entry: JournalAspects): void {
  const { path, before } = entry;
  if (before === null) return; // the restore made it, and the undo took it out again
  const parent = folderAbove(worktree, path);
  const name = nameIn(path);
  const now = parent === undefined ? undefined : aspectsNow(parent, name);
  if (parent === undefined || now === undefined) return;
  // What cannot be set back could not be set before either.
  setAspects(parent, name, aspectsAfterUndo(now, { ...entry, before }), () => {});
}

/** What an entry is to have when a restore of it is undone that may have been killed at any moment. */
export function aspectsAfterUndo(
  now: Aspects,
  entry: JournalAspects & { readonly before: Aspects },
): Aspects {
  const { before, after, folder } = entry;
  return {
    uid: now.uid === after.uid ? before.uid : now.uid,
    gid: now.gid === after.gid ? before.gid : now.gid,
    mode: isOurMode(now.mode, entry) ? before.mode : now.mode,
    mtime: folder || isTime(now.mtime, after.mtime) ? before.mtime : now.mtime,
    xattrs: xattrsAfterUndo(now.xattrs, entry),
  };
}

/** Setting owner or ACL moves parts of a mode by itself, and folders were loosened: all of that is the restore's. */
function isOurMode(
  mode: number,
  { before, after, folder }: JournalAspects & { readonly before: Aspects },
): boolean {
  const own = [before.mode, after.mode];
  const permissions = own.map((each) => each & PERMISSIONS);
  if (folder) permissions.push(...permissions.map((each) => each | OWNER_MAY_ALL));
  const special = own.map((each) => each & ~PERMISSIONS);
  // A new owner costs a file its set-id bits.
  if (before.uid !== after.uid || before.gid !== after.gid) {
    special.push(...special.map((each) => each & STICKY));
  }
  return permissions.includes(mode & PERMISSIONS) && special.includes(mode & ~PERMISSIONS);
}

function xattrsAfterUndo(
  now: readonly Xattr[],
  { before, after, folder }: JournalAspects & { readonly before: Aspects },
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

function isSame(
  name: string,
  a: Xattr["value"] | undefined,
  b: Xattr["value"] | undefined,
  folder: boolean,
): boolean {
  if (a === undefined || b === undefined) return a === b;
  // A folder that was loosened has the owner's rights in its ACL too.
  if (folder && name === ACCESS_ACL) return equalBytes(grantAclOwner(a), grantAclOwner(b));
  return equalBytes(a, b);
}

function valueOf(xattrs: readonly Xattr[], name: string): Xattr["value"] | undefined {
  return xattrs.find((each) => each.name === name)?.value;
}

/** A file system, or a way to set it, may be less exact than nanoseconds. */
function isTime([sec, nsec]: Aspects["mtime"], [wantedSec, wanted]: Aspects["mtime"]): boolean {
  return sec === wantedSec && [1, 1e3, 1e6, 1e9].some((unit) => nsec === wanted - wanted % unit);
}

function aspectsNow(folder: Folder, name: Uint8Array): Aspects | undefined {
  const stat = new Stat();
  if (!folder.stat(name, stat)) return undefined;
  const { mode, uid, gid, mtimeSec, mtimeNsec } = stat;
  return { mode, uid, gid, mtime: [mtimeSec, mtimeNsec], xattrs: folder.xattrs(name) };
}
