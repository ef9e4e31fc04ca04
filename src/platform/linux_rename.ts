import { DIR } from "../model/entry.ts";
import type { Libc } from "./libc.ts";
import {
  AT_REMOVEDIR,
  O_CLOEXEC,
  O_CREAT,
  O_EXCL,
  O_NOFOLLOW,
  O_WRONLY,
  RENAME_EXCHANGE,
  RENAME_NOREPLACE,
} from "./linux_constants.ts";
import { statName } from "./linux_stat.ts";
import { type RenameHow, Stat } from "./platform.ts";

/** Two names (with a NUL at the end) in open folders. */
interface RenameNames {
  readonly from: number;
  readonly name: Uint8Array<ArrayBuffer>;
  readonly to: number;
  readonly toName: Uint8Array<ArrayBuffer>;
}

const found = new Stat();

/** The errors of a file system that has no hard links (exFAT), or not for this file. */
const NO_LINKS = ["EPERM", "EOPNOTSUPP", "ENOSYS", "EMLINK"];

/** Renames; returns the error number's name when that failed. */
export function renameName(libc: Libc, names: RenameNames, how: RenameHow): string | undefined {
  const { from, name, to, toName } = names;
  if (how === "replace") return libc.reason((call) => call.renameat(from, name, to, toName));
  const flags = how === "fresh" ? RENAME_NOREPLACE : RENAME_EXCHANGE;
  const why = libc.reason((call) => call.renameat2(from, name, to, toName, flags));
  if (why !== "ENOSYS" && why !== "EINVAL") return why;
  return how === "fresh" ? renameFresh(libc, names) : "EINVAL";
}

/** For file systems without the flag (NFS, some FUSE): uses calls that also fail when the new name exists. */
function renameFresh(libc: Libc, { from, name, to, toName }: RenameNames): string | undefined {
  const look = libc.reason(() => statName(libc, from, name, found));
  if (look !== undefined) return look;
  if (found.type !== DIR) {
    const linked = libc.reason((call) => call.linkat(from, name, to, toName, 0));
    if (linked === undefined) return libc.reason((call) => call.unlinkat(from, name, 0));
    if (!NO_LINKS.includes(linked)) return linked;
  }
  // Something empty takes the new name. A folder can replace it only while it is empty.
  const isFolder = found.type === DIR;
  const made = isFolder ? libc.reason((call) => call.mkdirat(to, toName, 0o700)) : takeName(libc, to, toName);
  if (made !== undefined) return made;
  const why = libc.reason((call) => call.renameat(from, name, to, toName));
  if (why !== undefined) libc.call.unlinkat(to, toName, isFolder ? AT_REMOVEDIR : 0);
  return why;
}

/** Makes an empty file; returns the error number's name when that failed, EEXIST when the name is taken. */
function takeName(libc: Libc, folder: number, name: Uint8Array<ArrayBuffer>): string | undefined {
  const flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  let descriptor = -1;
  const why = libc.reason((call) => descriptor = call.openat(folder, name, flags, 0o600));
  if (why === undefined) libc.call.close(descriptor);
  return why;
}
