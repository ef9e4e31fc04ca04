import { equalBytes } from "../../model/bytes.ts";
import { SYMLINK, type Xattr } from "../../model/entry.ts";
import { type Folder, Stat } from "../../platform/platform.ts";
import { isSystemError } from "../../platform/system_error.ts";
import { at, type TreeTable } from "../../tree/table.ts";

/** Everything of an entry that can be set without changing its content. */
export interface Aspects {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Seconds and nanoseconds. */
  readonly mtime: readonly [number, number];
  readonly xattrs: readonly Xattr[];
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

/** Sets all aspects that differ: the owner first, as a new owner removes capabilities and set-id bits, and times last. */
export function setAspects(folder: Folder, name: Uint8Array, to: Aspects, refused: OnRefused): void {
  const stat = new Stat();
  if (!folder.stat(name, stat)) return;
  const isLink = stat.type === SYMLINK;
  if (stat.uid !== to.uid || stat.gid !== to.gid) {
    attempt("owner", refused, () => folder.setOwner(name, to.uid, to.gid));
  }
  setXattrs(folder, name, to.xattrs, refused);
  folder.stat(name, stat);
  if (!isLink && stat.mode !== to.mode) attempt("mode", refused, () => folder.setMode(name, to.mode));
  if (stat.mtimeSec !== to.mtime[0] || stat.mtimeNsec !== to.mtime[1]) {
    attempt("times", refused, () => folder.setTimes(name, ...to.mtime));
  }
}

function setXattrs(folder: Folder, name: Uint8Array, to: readonly Xattr[], refused: OnRefused): void {
  const present = folder.xattrs(name);
  for (const xattr of present) {
    if (to.some((wanted) => wanted.name === xattr.name)) continue;
    attempt("xattr", refused, () => folder.removeXattr(name, xattr.name));
  }
  for (const xattr of to) {
    const before = present.find((other) => other.name === xattr.name);
    if (before !== undefined && equalBytes(before.value, xattr.value)) continue;
    attempt("xattr", refused, () => folder.setXattr(name, xattr));
  }
}

function attempt(aspect: Parameters<OnRefused>[0], refused: OnRefused, set: () => void): void {
  try {
    set();
  } catch (error) {
    if (!isSystemError(error, "EPERM", "EACCES", "EOPNOTSUPP", "EINVAL", "E2BIG", "ENOSPC")) throw error;
    refused(aspect, error.message);
  }
}
