import { grantAclOwner } from "../../model/acl.ts";
import { equalBytes } from "../../model/bytes.ts";
import { sameXattrs, SYMLINK, type Xattr } from "../../model/entry.ts";
import type { Folder } from "../../platform/platform.ts";
import { Stat } from "../../platform/stat.ts";
import { isSystemError } from "../../platform/system_error.ts";
import { at, type TreeTable } from "../../tree/table.ts";

const PERMISSIONS = 0o777;
const STICKY = 0o1000;
const OWNER_MAY_ALL = 0o700;
const ACCESS_ACL = "system.posix_acl_access";
const CAPABILITY = "security.capability";

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
  readonly from: Aspects;
  readonly to: Aspects;
  /** Whether it is a folder: then every change in it changes its time. */
  readonly folder: boolean;
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
 * stayed. Only the time of a folder is always set.
 */
export function changeAspects(
  folder: Folder,
  name: Uint8Array,
  change: AspectsChange,
  refused: OnRefused,
): boolean {
  const now = aspectsNow(folder, name);
  if (now === undefined) return true;
  const wanted = changedAspects(now, change);
  setAspects(folder, name, wanted, refused, now.xattrs);
  const { mode, uid, gid, xattrs } = change.to;
  return wanted.mode === mode && wanted.uid === uid && wanted.gid === gid &&
    sameXattrs(wanted.xattrs, xattrs);
}

/** What becomes of these aspects by a change, which may have been killed at any moment before. */
export function changedAspects(now: Aspects, change: AspectsChange): Aspects {
  const { from, to, folder } = change;
  return {
    uid: now.uid === from.uid ? to.uid : now.uid,
    gid: now.gid === from.gid ? to.gid : now.gid,
    mode: isOurMode(now.mode, change) ? to.mode : now.mode,
    mtime: folder || isTime(now.mtime, from.mtime) ? to.mtime : now.mtime,
    xattrs: changedXattrs(now.xattrs, change),
  };
}

/** Whether a restore has left this mode, or parts of it: setting the owner or an ACL changes it too, and loosening a folder. */
function isOurMode(mode: number, { from, to, folder }: AspectsChange): boolean {
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

function changedXattrs(
  now: readonly Xattr[],
  { from, to, folder }: AspectsChange,
): Xattr[] {
  const names = new Set([...now, ...to.xattrs, ...from.xattrs].map(({ name }) => name));
  const newOwner = from.uid !== to.uid || from.gid !== to.gid;
  return [...names].flatMap((name) => {
    const present = valueOf(now, name);
    const lostByOwner = name === CAPABILITY && newOwner && present === undefined;
    const isOurs = lostByOwner || isSame(name, present, valueOf(from.xattrs, name), folder);
    const value = isOurs ? valueOf(to.xattrs, name) : present;
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

/** The aspects of an entry on the disk; undefined if it is gone. */
export function aspectsNow(folder: Folder, name: Uint8Array): Aspects | undefined {
  const stat = new Stat();
  if (!folder.stat(name, stat)) return undefined;
  const { mode, uid, gid, mtimeSec, mtimeNsec } = stat;
  return { mode, uid, gid, mtime: [mtimeSec, mtimeNsec], xattrs: folder.xattrs(name) };
}

/** Sets all aspects that differ: the owner first, as a new owner removes capabilities and set-id bits, and times last. Of attributes that it shall not have, only the `known` ones are removed. */
export function setAspects(
  folder: Folder,
  name: Uint8Array,
  to: Aspects,
  refused: OnRefused,
  known?: readonly Xattr[],
): void {
  const stat = new Stat();
  if (!folder.stat(name, stat)) return;
  const isLink = stat.type === SYMLINK;
  const told = new Set<string>();
  const tell: OnRefused = (aspect, reason) => {
    told.add(aspect);
    refused(aspect, reason);
  };
  // The mark of the one who had it must not become the new owner's.
  if (stat.marked) unlessRefused("mode", tell, () => folder.setMode(name, stat.mode));
  if (stat.uid !== to.uid || stat.gid !== to.gid) {
    unlessRefused("owner", tell, () => folder.setOwner(name, to.uid, to.gid));
  }
  const present = folder.xattrs(name);
  for (const xattr of known ?? present) {
    if (to.xattrs.some((wanted) => wanted.name === xattr.name)) continue;
    unlessRefused("xattr", tell, () => folder.removeXattr(name, xattr.name));
  }
  for (const xattr of to.xattrs) {
    const before = valueOf(present, xattr.name);
    if (before === undefined || !equalBytes(before, xattr.value)) {
      unlessRefused("xattr", tell, () => folder.setXattr(name, xattr));
    }
  }
  folder.stat(name, stat);
  if (!isLink && stat.mode !== to.mode) unlessRefused("mode", tell, () => folder.setMode(name, to.mode));
  if (stat.mtimeSec !== to.mtime[0] || stat.mtimeNsec !== to.mtime[1]) {
    unlessRefused("times", tell, () => folder.setTimes(name, ...to.mtime));
  }
  tellForgotten(folder, name, to, { told, refused });
}

/** Some file systems accept a value and do not keep it. */
function tellForgotten(
  folder: Folder,
  name: Uint8Array,
  to: Aspects,
  { told, refused }: { readonly told: ReadonlySet<string>; readonly refused: OnRefused },
): void {
  const stat = new Stat();
  if (!folder.stat(name, stat)) return;
  const forgotten = {
    owner: stat.uid !== to.uid || stat.gid !== to.gid,
    mode: stat.type !== SYMLINK && stat.mode !== to.mode,
    times: stat.mtimeSec !== to.mtime[0] || stat.mtimeNsec !== to.mtime[1],
  };
  for (const aspect of ["owner", "mode", "times"] as const) {
    if (forgotten[aspect] && !told.has(aspect)) refused(aspect, "the file system did not keep it");
  }
}

function unlessRefused(aspect: Parameters<OnRefused>[0], refused: OnRefused, set: () => void): void {
  try {
    set();
  } catch (error) {
    if (!isSystemError(error, "EPERM", "EACCES", "EOPNOTSUPP", "EINVAL", "E2BIG", "ENOSPC")) throw error;
    refused(aspect, error.message);
  }
}
