import { bytesOf } from "../model/bytes.ts";
import { FILE } from "../model/entry.ts";
import { type Folder, type Platform } from "../platform/platform.ts";
import { areOneFileSystem } from "../platform/file_system.ts";
import { Stat } from "../platform/stat.ts";
import { type TreeTable } from "./table.ts";
import { at } from "./columns.ts";

const MS = 1e6;
const SECOND = 1e9;
/** Up to 74 ms were measured with idle writers; a limit on processor time (cgroups) holds threads up for some tenths of a second. */
const LATEST_STORE = SECOND;
/** The kernel gives times in ticks of up to this length, even if the file system stores finer times. */
const LEAST_GRANULARITY = 10 * MS;
const UNKNOWN_GRANULARITY = 2 * SECOND;
const LONGEST_WAIT_MS = 1000;

/** Local file systems that change the times of a folder with its names. An overlay merges folders, and on a volume other hosts write too. */
const FOLDERS_TELL = ["ext4", "xfs", "btrfs"];
const STORES_COME_LATE = [...FOLDERS_TELL, "overlay"];
const DAY_SEC = 86_400;
const FINE_NSEC = 987_654_321;

type Time = Pick<ScanClock, "sec" | "nsec">;

/** What this file needs from a platform. */
type FileSystems = Pick<Platform, "abilities" | "fileSystem">;

/** The time at the beginning of a scan, as the file system writes it into its files. */
export interface ScanClock {
  readonly sec: number;
  readonly nsec: number;
  /** How much older a file must be to be *clean*, in nanoseconds (SPEC 5); Infinity if no file can be. */
  readonly granularityNs: number;
  /** The smallest step between two times on the scanned file system, in nanoseconds. */
  readonly tickNs: number;
  /** `performance.now()` when JVS read the clock. */
  readonly readAt: number;
  /** Whether the times of a folder show each change of its names. */
  readonly foldersTell?: boolean;
  /** Whether a store through a memory map sets the times of its file before it comes, and not when it is written back. */
  readonly storesComeLate?: boolean;
}

/**
 * Reads the clock of the file system of a payload root. It writes a file into `folder`, a folder of JVS, because JVS must
 * not write into the root. If the two are on different file systems, times are trusted less.
 */
export function readScanClock(platform: FileSystems, folder: Folder, root: Folder): ScanClock {
  const scanned = platform.fileSystem(root);
  const same = areOneFileSystem(platform.fileSystem(folder).id, scanned.id);
  const { now, tried } = writeNow(folder, same && scanned.granularityNs === UNKNOWN_GRANULARITY);
  const { changeTimes, tickNs } = tried ?? { changeTimes: true, tickNs: scanned.granularityNs };
  // ext4 with inodes of 128 bytes keeps whole seconds. By chance it looks like that elsewhere, which only costs time.
  const granularityNs = Math.max(scanned.granularityNs, now.nsec === 0 ? UNKNOWN_GRANULARITY : 0);
  // On tmpfs, a store through a memory map changes no time; on exFAT a program can set all times back: they prove nothing.
  const provesNothing = scanned.kind === "tmpfs" || !scanned.changeTimes || !changeTimes;
  return {
    ...now,
    granularityNs: !platform.abilities.exactStat || provesNothing
      ? Infinity
      : Math.max(LEAST_GRANULARITY, granularityNs, same ? 0 : UNKNOWN_GRANULARITY),
    tickNs: Math.max(LEAST_GRANULARITY, tickNs, now.nsec === 0 ? SECOND : 0),
    readAt: performance.now(),
    foldersTell: FOLDERS_TELL.includes(scanned.kind),
    storesComeLate: STORES_COME_LATE.includes(scanned.kind),
  };
}

/** What the column `clean` of a table says. */
export const [NOT_CLEAN, CLEAN, YOUNG] = [0, 1, 2];

/**
 * Whether an entry of a worktree is *clean* (SPEC 5): its times are so old that each later change will show. For a file that takes
 * longer: a store through a memory map sets the times first, and comes when its thread has the processor again. `YOUNG`: only that is
 * in the way.
 */
export function cleanOf(clock: ScanClock, stat: Stat): number {
  if (!isCleanInStaging(clock, stat)) return NOT_CLEAN;
  const mayComeLate = clock.storesComeLate === true && stat.type === FILE;
  return !mayComeLate || isOlder(clock, stat, LATEST_STORE) ? CLEAN : YOUNG;
}

/** Whether it is clean. */
export function isClean(clock: ScanClock, stat: Stat): boolean {
  return cleanOf(clock, stat) === CLEAN;
}

/** The same for what lies where no other process can have it open. */
export function isCleanInStaging(clock: ScanClock, stat: Stat): boolean {
  return isOlder(clock, stat, clock.granularityNs);
}

function isOlder(clock: ScanClock, stat: Stat, ns: number): boolean {
  return behind(clock, stat.mtimeSec, stat.mtimeNsec) > ns &&
    behind(clock, stat.ctimeSec, stat.ctimeNsec) > ns;
}

/**
 * Waits until a file written now has a later time than each entry of the table. Then each later change shows in a ctime.
 * It takes some ms at most; if a time lies in the future, it gives up after a second.
 */
export async function settle(table: TreeTable, clock: ScanClock): Promise<void> {
  let least = Infinity;
  for (let i = 0; i < table.count; i++) {
    least = Math.min(least, behind(clock, at(table.ctimeSec, i), at(table.ctimeNsec, i)));
  }
  const until = clock.readAt + Math.max(0, (clock.tickNs - least) / MS);
  const longest = performance.now() + LONGEST_WAIT_MS;
  for (;;) {
    const wait = Math.min(until, longest) - performance.now();
    if (wait < 0) return;
    await new Promise((resolve) => setTimeout(resolve, Math.ceil(wait)));
  }
}

/**
 * Whether the change time of a folder is so old that each change of its names from now on gives it a later one. It writes a file into
 * `ours`, a folder of JVS on the same file system.
 */
export function isSettled(platform: FileSystems, ours: Folder, folder: Folder): boolean {
  const { sec, nsec, tickNs } = readScanClock(platform, ours, folder);
  const { ctimeSec, ctimeNsec } = Stat.ofFolder(folder);
  return behind({ sec, nsec }, ctimeSec, ctimeNsec) > tickNs;
}

/** By how many nanoseconds a time is before the time of the clock. */
function behind(clock: Time, sec: number, nsec: number): number {
  return (clock.sec - sec) * SECOND + (clock.nsec - nsec);
}

/** The time of a file that is written now, and on a file system that JVS does not know what its times are worth. */
function writeNow(folder: Folder, isUnknown: boolean): { now: Time; tried?: WorthOfTimes } {
  const name = bytesOf(`scan-clock-${crypto.randomUUID()}`);
  const stat = new Stat();
  using file = folder.openFile(name, "create");
  try {
    file.write(bytesOf("now"));
    file.stat(stat);
    const now = earlier(stat);
    return isUnknown ? { now, tried: tryTimes(folder, name, now) } : { now };
  } finally {
    folder.removeFile(name);
  }
}

/** What times are worth on a file system. */
interface WorthOfTimes {
  /** Whether a program can change a file without a later change time. */
  readonly changeTimes: boolean;
  /** The smallest step between two times. */
  readonly tickNs: number;
}

/** Sets the time of a file back: the change time must not follow, and what is left of a fine time shows how fine times are. */
function tryTimes(folder: Folder, name: Uint8Array, now: Time): WorthOfTimes {
  const stat = new Stat();
  folder.setTimes(name, now.sec - DAY_SEC, FINE_NSEC);
  folder.stat(name, stat);
  const step = [1, 100, 1_000, MS, 10 * MS].find((unit) => stat.mtimeNsec === FINE_NSEC - FINE_NSEC % unit);
  return {
    changeTimes: behind(now, stat.ctimeSec, stat.ctimeNsec) < (DAY_SEC / 2) * SECOND,
    tickNs: step === undefined ? UNKNOWN_GRANULARITY : 2 * step,
  };
}

/** The earlier of the two times, so that on an odd file system fewer entries are clean, not more. */
function earlier(stat: Stat): Time {
  const modified = { sec: stat.mtimeSec, nsec: stat.mtimeNsec };
  const changed = { sec: stat.ctimeSec, nsec: stat.ctimeNsec };
  return behind(modified, changed.sec, changed.nsec) > 0 ? changed : modified;
}
