import { BLOCK, CHAR, DIR, FIFO, FILE, SOCKET, SYMLINK } from "../model/entry.ts";
import type { Libc } from "./libc.ts";
import { AT_EMPTY_PATH, AT_SYMLINK_NOFOLLOW } from "./linux_constants.ts";
import { NO_NAME } from "./linux_name.ts";
import { setMode, type Stat } from "./stat.ts";

const TWO_32 = 0x1_0000_0000;
const BASIC_STATS = 0x7ff;
const STATX_BTIME = 0x800;
const ASKED = BASIC_STATS | STATX_BTIME;
const STATX_MNT_ID = 0x1000;

// STATX_ATTR_COMPRESSED, IMMUTABLE, APPEND, NODUMP, ENCRYPTED, VERITY.
const INODE_FLAGS = 0x4 | 0x10 | 0x20 | 0x40 | 0x800 | 0x100000;
const MOUNT_ROOT = 0x2000;

// Index: st_mode >> 12.
const TYPES = new Uint8Array(16);
TYPES[1] = FIFO;
TYPES[2] = CHAR;
TYPES[4] = DIR;
TYPES[6] = BLOCK;
TYPES[8] = FILE;
TYPES[10] = SYMLINK;
TYPES[12] = SOCKET;

// struct statx, as bytes for the call and as words to read. All calls are synchronous, so a thread needs only one.
const bytes = new Uint8Array(256);
const words = new Uint32Array(bytes.buffer);
const signed = new Int32Array(bytes.buffer);

/** An open file or folder; its path is for messages. */
export interface Opened {
  readonly descriptor: number;
  readonly path: string;
}

/**
 * Looks up a name (with a NUL at the end) in an open folder, without following a link, or by `NO_NAME` the folder itself;
 * negative when the call fails.
 */
export function statName(libc: Libc, folder: number, name: Uint8Array<ArrayBuffer>, into: Stat): number {
  const how = name === NO_NAME ? AT_EMPTY_PATH : AT_SYMLINK_NOFOLLOW;
  const result = libc.call.statx(folder, name, how, ASKED, bytes);
  if (result === 0) fill(into);
  return result;
}

/** Looks up an open file or folder; negative when the call fails. */
export function statOpen(libc: Libc, descriptor: number, into: Stat): number {
  return statName(libc, descriptor, NO_NAME, into);
}

/** The id of the mount that something open is on, as in /proc/self/mountinfo; undefined on old kernels. */
export function mountIdOf(libc: Libc, descriptor: number): number | undefined {
  const result = libc.call.statx(descriptor, NO_NAME, AT_EMPTY_PATH, STATX_MNT_ID, bytes);
  return result === 0 && ((words[0] as number) & STATX_MNT_ID) !== 0 ? words[36] : undefined;
}

/** Whether the kernel marks mount points. */
export function tellsMountRoots(libc: Libc, descriptor: number): boolean {
  const result = libc.call.statx(descriptor, NO_NAME, AT_EMPTY_PATH, BASIC_STATS, bytes);
  return result === 0 && ((words[14] as number) & MOUNT_ROOT) !== 0;
}

function fill(into: Stat): void {
  const attributes = words[2] as number;
  const mode = (words[7] as number) & 0xffff;
  into.type = TYPES[mode >> 12] as number;
  setMode(into, mode);
  into.nlink = words[4] as number;
  into.uid = words[5] as number;
  into.gid = words[6] as number;
  into.inoLo = words[8] as number;
  into.inoHi = words[9] as number;
  into.size = (words[11] as number) * TWO_32 + (words[10] as number);
  into.blocks = (words[13] as number) * TWO_32 + (words[12] as number);
  const tellsBirth = ((words[0] as number) & STATX_BTIME) !== 0;
  into.bornSec = tellsBirth ? (signed[21] as number) * TWO_32 + (words[20] as number) : 0;
  into.bornNsec = tellsBirth ? words[22] as number : 0;
  into.ctimeSec = (signed[25] as number) * TWO_32 + (words[24] as number);
  into.ctimeNsec = words[26] as number;
  into.mtimeSec = (signed[29] as number) * TWO_32 + (words[28] as number);
  into.mtimeNsec = words[30] as number;
  into.rdevMajor = words[32] as number;
  into.rdevMinor = words[33] as number;
  into.devMajor = words[34] as number;
  into.devMinor = words[35] as number;
  into.mountRoot = (attributes & MOUNT_ROOT) !== 0;
  into.inodeFlags = (attributes & INODE_FLAGS) !== 0;
}
