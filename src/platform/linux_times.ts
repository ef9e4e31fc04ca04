import type { Libc } from "./libc.ts";
import { AT_FDCWD, AT_SYMLINK_NOFOLLOW } from "./linux_constants.ts";
import { NO_NAME } from "./linux_name.ts";
import { statName, statOpen } from "./linux_stat.ts";
import { Stat } from "./stat.ts";

const FUSE_SUPER_MAGIC = 0x65735546;
const UTIME_NOW = 0x3fffffffn;
const UTIME_OMIT = 0x3ffffffen;

// Every call ends before another begins: see `LinuxFolder`.
const times = new BigInt64Array(4);
const timesBytes = new Uint8Array(times.buffer);
const statfsBytes = new Uint8Array(256);
const found = new Stat();

/** Whether a program gives the file system that something open is on. */
export function isFuse(libc: Libc, descriptor: number): boolean {
  const result = libc.repeat((call) => call.fstatfs(descriptor, statfsBytes));
  return result === 0 && new Int32Array(statfsBytes.buffer)[0] === FUSE_SUPER_MAGIC;
}

/** When something was changed, and whether a program gives its file system. */
interface When {
  readonly sec: number;
  readonly nsec: number;
  readonly isFuse: boolean;
}

/**
 * Sets the modification time of a name (NUL behind it) in an open folder, or by `NO_NAME` of the folder itself, without
 * following a link; below zero when the call failed. The access time stays.
 */
export function setModified(libc: Libc, folder: number, name: Uint8Array<ArrayBuffer>, when: When): number {
  const set = () =>
    name === NO_NAME
      ? libc.call.futimens(folder, timesBytes)
      : libc.call.utimensat(folder, name, timesBytes, AT_SYMLINK_NOFOLLOW);
  return setKept(when, set, () => statName(libc, folder, name, found));
}

/** The same for what a descriptor holds that was opened as a place (O_PATH), by the kernel's link to it. */
export function setModifiedOfPlace(
  libc: Libc,
  descriptor: number,
  link: Uint8Array<ArrayBuffer>,
  when: When,
): number {
  const set = () => libc.call.utimensat(AT_FDCWD, link, timesBytes, 0);
  return setKept(when, set, () => statOpen(libc, descriptor, found));
}

function setKept({ sec, nsec, isFuse }: When, set: () => number, look: () => number): number {
  times[1] = UTIME_OMIT;
  times[2] = BigInt(sec);
  times[3] = BigInt(nsec);
  const result = set();
  if (result < 0 || !isFuse || look() < 0) return result;
  if (found.mtimeSec === sec && found.mtimeNsec === nsec) return result;
  // Programs with an old FUSE library (exfat-fuse) do nothing, and report success, unless both times are set.
  times[1] = UTIME_NOW;
  return set();
}
