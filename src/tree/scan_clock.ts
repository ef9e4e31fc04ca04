import { bytesOf } from "../model/bytes.ts";
import { areOneFileSystem, type Folder, type Platform, Stat } from "../platform/platform.ts";
import { at, type TreeTable } from "./table.ts";

const MS = 1e6;
const SECOND = 1e9;
/** The kernel gives times in ticks of up to this length, even if the file system stores finer times. */
const LEAST_GRANULARITY = 10 * MS;
const UNKNOWN_GRANULARITY = 2 * SECOND;
const LONGEST_WAIT_MS = 1000;

/** Local file systems that change the times of a folder with its names. An overlay merges folders, and on a volume other hosts write too. */
const FOLDERS_TELL = ["ext4", "xfs", "btrfs"];

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
}

/**
 * Reads the clock of the file system of a payload root. It writes a file into `folder`, a folder of JVS, because JVS must
 * not write into the root. If the two are on different file systems, times are trusted less.
 */
export function readScanClock(platform: FileSystems, folder: Folder, root: Folder): ScanClock {
  const scanned = platform.fileSystem(root);
  const tickNs = Math.max(LEAST_GRANULARITY, scanned.granularityNs);
  const same = areOneFileSystem(platform.fileSystem(folder).id, scanned.id);
  return {
    ...writeNow(folder),
    // On tmpfs, a store through a memory map changes no time, so times prove nothing.
    granularityNs: !platform.abilities.exactStat || scanned.kind === "tmpfs"
      ? Infinity
      : Math.max(tickNs, same ? 0 : UNKNOWN_GRANULARITY),
    tickNs,
    readAt: performance.now(),
    foldersTell: FOLDERS_TELL.includes(scanned.kind),
  };
}

/** Whether an entry is *clean* (SPEC 5): its times are so old that each later change will show. */
export function isClean(clock: ScanClock, stat: Stat): boolean {
  return behind(clock, stat.mtimeSec, stat.mtimeNsec) > clock.granularityNs &&
    behind(clock, stat.ctimeSec, stat.ctimeNsec) > clock.granularityNs;
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
function behind(clock: Pick<ScanClock, "sec" | "nsec">, sec: number, nsec: number): number {
  return (clock.sec - sec) * SECOND + (clock.nsec - nsec);
}

/** The time of a file that is written now. */
function writeNow(folder: Folder): { sec: number; nsec: number } {
  const name = bytesOf(`scan-clock-${crypto.randomUUID()}`);
  const stat = new Stat();
  using file = folder.openFile(name, "create");
  try {
    file.write(bytesOf("now"));
    file.stat(stat);
  } finally {
    folder.removeFile(name);
  }
  // The earlier of the two times, so that on an odd file system fewer entries are clean, not more.
  const modified = { sec: stat.mtimeSec, nsec: stat.mtimeNsec };
  const changed = { sec: stat.ctimeSec, nsec: stat.ctimeNsec };
  return behind(modified, changed.sec, changed.nsec) > 0 ? changed : modified;
}
