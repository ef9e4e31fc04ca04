import { DIR } from "../model/entry.ts";
import type { Libc } from "./libc.ts";
import {
  AT_REMOVEDIR,
  O_CLOEXEC,
  O_CREAT,
  O_EXCL,
  O_NOFOLLOW,
  O_RDWR,
  RENAME_EXCHANGE,
  RENAME_NOREPLACE,
} from "./linux_constants.ts";
import { statName, statOpen } from "./linux_stat.ts";
import type { RenameHow } from "./platform.ts";
import { isSameInode, Stat } from "./stat.ts";

/** Two names (with a NUL at the end) in open folders. */
interface RenameNames {
  readonly from: number;
  readonly name: Uint8Array<ArrayBuffer>;
  readonly to: number;
  readonly toName: Uint8Array<ArrayBuffer>;
}

const found = new Stat();
const opened = new Stat();

const EMPTY_FILE = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
const PIECE = 64 * 1024;

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
function renameFresh(libc: Libc, names: RenameNames): string | undefined {
  const { from, name, to, toName } = names;
  const look = libc.reason(() => statName(libc, from, name, found));
  if (look !== undefined) return look;
  if (found.type === DIR) return renameFolder(libc, names);
  // Killed between the two it leaves one file under both names: restore/undo.ts.
  const linked = libc.reason((call) => call.linkat(from, name, to, toName, 0));
  if (linked === undefined) return libc.reason((call) => call.unlinkat(from, name, 0));
  return NO_LINKS.includes(linked) ? renameOverEmpty(libc, names) : linked;
}

/** An empty folder takes the new name. A folder can replace it only while it is empty. */
function renameFolder(libc: Libc, { from, name, to, toName }: RenameNames): string | undefined {
  const made = libc.reason((call) => call.mkdirat(to, toName, 0o700));
  if (made !== undefined) return made;
  const why = libc.reason((call) => call.renameat(from, name, to, toName));
  if (why !== undefined) libc.call.unlinkat(to, toName, AT_REMOVEDIR);
  return why;
}

/**
 * An empty file takes the new name, and is replaced. Another program may write into it before that: what it has written by
 * the last look keeps the name (EEXIST), what it writes after it goes to the old name, as if the two had been exchanged.
 */
function renameOverEmpty(libc: Libc, { from, name, to, toName }: RenameNames): string | undefined {
  let taken = -1;
  const made = libc.reason((call) => taken = call.openat(to, toName, EMPTY_FILE, 0o600));
  if (made !== undefined) return made;
  try {
    if (!isEmptyAt(libc, taken, to, toName)) return "EEXIST";
    const why = libc.reason((call) => call.renameat(from, name, to, toName));
    if (why === undefined) return keepWritten(libc, taken, from, name);
    if (isEmptyAt(libc, taken, to, toName)) libc.call.unlinkat(to, toName, 0);
    return why;
  } finally {
    libc.call.close(taken);
  }
}

/** Whether an open file is still what has this name, and still empty. */
function isEmptyAt(libc: Libc, descriptor: number, folder: number, name: Uint8Array<ArrayBuffer>): boolean {
  return statOpen(libc, descriptor, opened) === 0 && statName(libc, folder, name, found) === 0 &&
    isSameInode(opened, found) && opened.size === 0 && found.size === 0;
}

/** Copies what is in an open file, usually nothing, to a new name; EIO when that failed, because then it is lost. */
function keepWritten(
  libc: Libc,
  source: number,
  folder: number,
  name: Uint8Array<ArrayBuffer>,
): string | undefined {
  const piece = new Uint8Array(PIECE);
  const readAt = (at: number) =>
    libc.repeat((call) => call.pread(source, piece, BigInt(piece.length), BigInt(at)));
  let length = readAt(0);
  // An error: a file system on which nothing can be read that has no name any more.
  if (length <= 0) return undefined;
  const target = libc.repeat((call) => call.openat(folder, name, EMPTY_FILE, 0o600));
  if (target < 0) return "EIO";
  try {
    for (let at = 0; length > 0; length = readAt(at)) {
      for (let done = 0; done < length;) {
        const rest = piece.subarray(done, length);
        const written = libc.repeat((call) => call.pwrite(target, rest, BigInt(rest.length), BigInt(at)));
        if (written <= 0) return "EIO";
        done += written;
        at += written;
      }
    }
    return length < 0 ? "EIO" : undefined;
  } finally {
    libc.call.close(target);
  }
}
