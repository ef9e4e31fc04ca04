import { grantAclOwner } from "../../model/acl.ts";
import { equalBytes } from "../../model/bytes.ts";
import { DIR, sameXattrs, SYMLINK, type Xattr } from "../../model/entry.ts";
import type { OpenEntry } from "../../platform/open_entry.ts";
import type { Folder } from "../../platform/platform.ts";
import { setOwnerOf } from "../../platform/set_owner.ts";
import { inodeText, Stat } from "../../platform/stat.ts";
import { isSystemError } from "../../platform/system_error.ts";
import { type TreeTable } from "../../tree/table.ts";
import { at } from "../../tree/columns.ts";

const PERMISSIONS = 0o777;
const STICKY = 0o1000;
const OWNER_MAY_ALL = 0o700;
const ACCESS_ACL = "system.posix_acl_access";
const CAPABILITY = "security.capability";
/** The attributes that say who may do what. */
const RIGHTS = [ACCESS_ACL, "system.posix_acl_default", CAPABILITY];

/** Everything of an entry that can be set without changing its content. */
export interface Aspects {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Seconds and nanoseconds. */
  readonly mtime: readonly [number, number];
  readonly xattrs: readonly Xattr[];
}

/** What to make of the aspects of an entry. An entry that has none of `from` was changed by another process. */
export interface AspectsChange {
  /** Null for what the restore made: it gets all of `to`. */
  readonly from: Aspects | null;
  readonly to: Aspects;
  /** Whether it is a folder: then every change in it changes its time. */
  readonly folder: boolean;
}

/** The entry that is meant. Who may write its folder can give its name to another one at any moment. */
export interface Meant {
  /** Null if that is not known: then no entry is. */
  readonly inode: string | null;
  readonly folder: boolean;
  /** What is known of the root of its tree: folders are on the same device. */
  readonly root: Stat;
}

/** Is called for an aspect that the system refuses to set, with the reason. */
export type OnRefused = (aspect: "owner" | "mode" | "xattr" | "times", reason: string) => void;

/** The aspects of an entry in a table. */
export function aspectsOf(table: TreeTable, index: number): Aspects {
  return {
    mode: at(table.mode, index),
    uid: at(table.uid, index),
    gid: at(table.gid, index),
    mtime: [at(table.mtimeSec, index), at(table.mtimeNsec, index)],
    xattrs: table.xattrs.get(index) ?? [],
  };
}

/**
 * Changes each aspect that has its value of `from`: what another process has set meanwhile stays. False if something
 * stayed, or if another entry has the name: nothing is done to that. Only the time of a folder is always set.
 */
export function changeAspects(
  folder: Folder,
  name: Uint8Array,
  meant: Meant,
  change: AspectsChange,
  refused: OnRefused,
): boolean {
  using entry = folder.openEntry(name);
  if (entry === undefined) return true;
  const found = Stat.ofFile(entry);
  if (!isMeant(found, meant)) return false;
  const now = aspectsFound(entry, found);
  const wanted = changedAspects(now, change);
  setAspects(entry, found, { now, to: wanted }, refused);
  const { mode, uid, gid, xattrs } = change.to;
  return wanted.mode === mode && wanted.uid === uid && wanted.gid === gid &&
    sameXattrs(wanted.xattrs, xattrs);
}

/** Whether an entry is the one that is meant. On overlayfs, files of one folder can be on different devices. */
export function isMeant(found: Stat, { inode, folder, root }: Meant): boolean {
  if (inode === null || inodeText(found.inoHi, found.inoLo) !== inode) return false;
  if (folder !== (found.type === DIR)) return false;
  return !folder || found.devMajor === root.devMajor && found.devMinor === root.devMinor;
}

/** What becomes of these aspects by a change, which may have been killed at any moment before. */
export function changedAspects(now: Aspects, { from, to, folder }: AspectsChange): Aspects {
  if (from === null) return to;
  const change = { from, to, folder };
  const isOurs = areOurRights(now, change);
  const { uid, gid, mode } = isOurs ? to : now;
  const mtime = folder || isTime(now.mtime, from.mtime) ? to.mtime : now.mtime;
  return { uid, gid, mode, mtime, xattrs: changedXattrs(now.xattrs, change, isOurs) };
}

type KnownChange = AspectsChange & { readonly from: Aspects };

/**
 * Whether nobody but a restore has set what says who may do what. All of it counts together: a mode that is right for one owner
 * would open what another one has closed.
 */
function areOurRights(now: Aspects, change: KnownChange): boolean {
  const { from, to } = change;
  return [from.uid, to.uid].includes(now.uid) && [from.gid, to.gid].includes(now.gid) &&
    isOurMode(now.mode, change) && RIGHTS.every((name) => isOurXattr(name, now.xattrs, change));
}

/** Whether a restore has left this mode, or parts of it: setting the owner or an ACL changes it too, and loosening a folder. */
function isOurMode(mode: number, { from, to, folder }: KnownChange): boolean {
  const own = [from.mode, to.mode];
  const permissions = own.map((each) => each & PERMISSIONS);
  if (folder) permissions.push(...permissions.map((each) => each | OWNER_MAY_ALL));
  const special = own.map((each) => each & ~PERMISSIONS);
  // A new owner removes the set-id bits of a file.
  if (from.uid !== to.uid || from.gid !== to.gid) {
    special.push(...special.map((each) => each & STICKY));
  }
  return permissions.includes(mode & PERMISSIONS) && special.includes(mode & ~PERMISSIONS);
}

function changedXattrs(now: readonly Xattr[], change: KnownChange, areOurs: boolean): Xattr[] {
  const { from, to } = change;
  const names = new Set([...now, ...to.xattrs, ...from.xattrs].map(({ name }) => name));
  return [...names].flatMap((name) => {
    const isOurs = RIGHTS.includes(name)
      ? areOurs
      : isSame(name, valueOf(now, name), valueOf(from.xattrs, name), change.folder);
    const value = valueOf(isOurs ? to.xattrs : now, name);
    return value === undefined ? [] : [{ name, value }];
  });
}

/** Whether a restore has left this attribute, or the change of owner that it began with. */
function isOurXattr(name: string, now: readonly Xattr[], { from, to, folder }: KnownChange): boolean {
  const present = valueOf(now, name);
  const newOwner = from.uid !== to.uid || from.gid !== to.gid;
  if (name === CAPABILITY && newOwner && present === undefined) return true;
  return [from, to].some(({ xattrs }) => isSame(name, present, valueOf(xattrs, name), folder));
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

function aspectsFound(entry: OpenEntry, { mode, uid, gid, mtimeSec, mtimeNsec }: Stat): Aspects {
  return { mode, uid, gid, mtime: [mtimeSec, mtimeNsec], xattrs: entry.xattrs() };
}

/** What an entry has, and what it shall have. */
interface Wanted {
  readonly now: Aspects;
  readonly to: Aspects;
}

/** Sets all aspects that differ: the owner first, as a new owner removes capabilities and set-id bits, and times last. */
function setAspects(entry: OpenEntry, found: Stat, { now, to }: Wanted, refused: OnRefused): void {
  const told = new Set<string>();
  const tell: OnRefused = (aspect, reason) => {
    told.add(aspect);
    refused(aspect, reason);
  };
  // The mark of the one who had it must not become the new owner's.
  if (found.marked) unlessRefused("mode", tell, () => entry.setMode(found.mode));
  const newOwner = now.uid !== to.uid || now.gid !== to.gid;
  if (newOwner) unlessRefused("owner", tell, () => setOwnerOf(entry, to.uid, to.gid));
  setXattrs(entry, newOwner ? entry.xattrs() : now.xattrs, { now, to }, tell);
  // An owner and an ACL change the mode.
  if (newOwner || found.marked || now.xattrs.length > 0 || to.xattrs.length > 0) entry.stat(found);
  if (found.type !== SYMLINK && found.mode !== to.mode) {
    unlessRefused("mode", tell, () => entry.setMode(to.mode));
  }
  if (!hasTime(found, to)) unlessRefused("times", tell, () => entry.setTimes(...to.mtime));
  entry.stat(found);
  tellForgotten(found, to, { told, refused });
}

/** Of attributes that it shall not have only those are removed that were seen. */
function setXattrs(entry: OpenEntry, present: readonly Xattr[], { now, to }: Wanted, tell: OnRefused): void {
  for (const { name } of present) {
    if (valueOf(to.xattrs, name) !== undefined || valueOf(now.xattrs, name) === undefined) continue;
    unlessRefused("xattr", tell, () => entry.removeXattr(name));
  }
  for (const xattr of to.xattrs) {
    const before = valueOf(present, xattr.name);
    if (before !== undefined && equalBytes(before, xattr.value)) continue;
    unlessRefused("xattr", tell, () => entry.setXattr(xattr));
  }
}

/** Some file systems accept a value and do not keep it. */
function tellForgotten(
  stat: Stat,
  to: Aspects,
  { told, refused }: { readonly told: ReadonlySet<string>; readonly refused: OnRefused },
): void {
  const forgotten = {
    owner: stat.uid !== to.uid || stat.gid !== to.gid,
    mode: stat.type !== SYMLINK && stat.mode !== to.mode,
    times: !hasTime(stat, to),
  };
  for (const aspect of ["owner", "mode", "times"] as const) {
    if (forgotten[aspect] && !told.has(aspect)) refused(aspect, "the file system did not keep it");
  }
}

function hasTime({ mtimeSec, mtimeNsec }: Stat, { mtime: [sec, nsec] }: Aspects): boolean {
  return mtimeSec === sec && mtimeNsec === nsec;
}

/** EAGAIN: without the C library, another entry has the name by now. */
const REFUSALS = ["EPERM", "EACCES", "EOPNOTSUPP", "EINVAL", "E2BIG", "ENOSPC", "EAGAIN"];

function unlessRefused(aspect: Parameters<OnRefused>[0], refused: OnRefused, set: () => void): void {
  try {
    set();
  } catch (error) {
    if (!isSystemError(error, ...REFUSALS)) throw error;
    refused(aspect, error.message);
  }
}
