import type { Xattr } from "../model/entry.ts";
import type { Stat } from "./stat.ts";

/**
 * What had a name when it was opened. Other users can give that name to something else, so who looks at an entry and then changes
 * what is not content does both by one of these. Without the C library it is done by the path, after a check: EAGAIN when the
 * name has something else by then.
 */
export interface OpenEntry extends Disposable {
  /** The path it was opened by, encoded for display. */
  readonly path: string;
  stat(into: Stat): void;
  /** Not for symbolic links. EOPNOTSUPP where the user is root, it can only be done by the path, and others may write the folder. */
  setMode(mode: number): void;
  /** EOPNOTSUPP where it can only be done by the path, as of an `OpenFile`. */
  setOwner(uid: number, gid: number): void;
  setTimes(sec: number, nsec: number): void;
  xattrs(): Xattr[];
  setXattr(xattr: Xattr): void;
  removeXattr(xattrName: Xattr["name"]): void;
}
