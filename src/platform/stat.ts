import { ITSELF } from "../model/bytes.ts";
import { DIR } from "../model/entry.ts";

/** What can tell of the entries in it: an open folder. */
interface Tells {
  stat(name: Uint8Array, into: Stat): boolean;
}

/** What the system knows of an entry. One object can be filled many times. */
export class Stat {
  /** A number of `model/entry`. */
  type = 0;
  /** st_mode & 07777, of a folder & 03777: `marked` has the rest. */
  mode = 0;
  /** A folder has the set-uid bit: it means nothing to the system, and JVS marks folders of its own with it (`folder_rights.ts`). */
  marked = false;
  uid = 0;
  gid = 0;
  nlink = 0;
  size = 0;
  /** How much room it takes on the disk, in units of 512 bytes, as `du` counts it. */
  blocks = 0;
  mtimeSec = 0;
  mtimeNsec = 0;
  ctimeSec = 0;
  ctimeNsec = 0;
  /** When it was made, which nobody can set. Both are 0 where the file system does not tell, and in what a table recalls. */
  bornSec = 0;
  bornNsec = 0;
  inoLo = 0;
  inoHi = 0;
  /** The device that it is on: compared within one run, never stored. */
  devMajor = 0;
  devMinor = 0;
  /** The device that a device node stands for. */
  rdevMajor = 0;
  rdevMinor = 0;
  /** The entry is the root of a mount, bind mounts included. */
  mountRoot = false;
  /** The entry has flags that JVS does not keep: immutable, append-only and similar. */
  inodeFlags = false;

  /** What is known of an open file. */
  static ofFile(file: { stat(into: Stat): void }): Stat {
    const stat = new Stat();
    file.stat(stat);
    return stat;
  }

  /** What is known of an open folder. */
  static ofFolder(folder: Tells): Stat {
    const stat = new Stat();
    folder.stat(ITSELF, stat);
    return stat;
  }
}

const SET_UID = 0o4000;
const OTHER_BITS = 0o3777;

/** Sets the mode, and whether it has the mark. The type is set before. */
export function setMode(into: Stat, mode: number): void {
  into.marked = into.type === DIR && (mode & SET_UID) !== 0;
  into.mode = mode & (into.type === DIR ? OTHER_BITS : SET_UID | OTHER_BITS);
}

/** Whether the file system tells when the entry was made. */
export function tellsBirth({ bornSec, bornNsec }: Stat): boolean {
  return bornSec !== 0 || bornNsec !== 0;
}

const HUNDREDTH_NS = 1e7;

/**
 * The birth time of an entry, as records write it, or `-`. In hundredths of a second: a file system may keep less on the disk than it says
 * before that (NTFS 100 ns, exFAT 10 ms).
 */
export function birthText(stat: Stat): string {
  return tellsBirth(stat) ? `${stat.bornSec}.${Math.floor(stat.bornNsec / HUNDREDTH_NS)}` : "-";
}

/** An inode number, as records write it. */
export function inodeText(high: number, low: number): string {
  return String((BigInt(high >>> 0) << 32n) | BigInt(low >>> 0));
}

/** The inode of what has this name; null if nothing has. */
export function inodeAt(folder: Tells, name: Uint8Array): string | null {
  const stat = new Stat();
  return folder.stat(name, stat) ? inodeText(stat.inoHi, stat.inoLo) : null;
}

/** Whether two looks were at one inode. */
export function isSameInode(one: Stat, other: Stat): boolean {
  return one.inoLo === other.inoLo && one.inoHi === other.inoHi &&
    one.devMajor === other.devMajor && one.devMinor === other.devMinor;
}
