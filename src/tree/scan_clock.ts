import { bytesOf } from "../model/bytes.ts";
import { type Folder, type Platform, Stat } from "../platform/platform.ts";
import { at, type TreeTable } from "./table.ts";

const MS = 1e6;
const SECOND = 1e9;
/** The kernel gives out times in ticks of up to this length, however fine the file system stores them. */
const LEAST_GRANULARITY = 10 * MS;
const UNKNOWN_GRANULARITY = 2 * SECOND;
const LONGEST_WAIT_MS = 1000;

/** The time of a file system when a scan began, as it writes it into its own files. */
export interface ScanClock {
  readonly sec: number;
  readonly nsec: number;
  /** How much older a file must be to be *clean*, in nanoseconds (SPEC 5); Infinity where nothing ever is. */
  readonly granularityNs: number;
  /** How far apart two times on the scanned file system must be for one to be later, in nanoseconds. */
  readonly tickNs: number;
  /** `performance.now()` when it was read. */
  readonly readAt: number;
}

/**
 * Reads the clock of the file system that a payload root lies on, by writing a file into `folder`, which is ours, as
 * nothing of ours may be written into the root. Where the two lie on different file systems, times are trusted less.
 */
export function readScanClock(platform: Platform, folder: Folder, root: Folder): ScanClock {
  const scanned = platform.fileSystem(root);
  const tickNs = Math.max(LEAST_GRANULARITY, scanned.granularityNs);
  const same = platform.fileSystem(folder).id === scanned.id;
  return {
    ...writeNow(folder),
    // On tmpfs a store through a memory map never shows in any time, so there no time proves anything.
    granularityNs: !platform.abilities.exactStat || scanned.kind === "tmpfs"
      ? Infinity
      : Math.max(tickNs, same ? 0 : UNKNOWN_GRANULARITY),
    tickNs,
    readAt: performance.now(),
  };
}

/** Whether the times of an entry say that a change from now on would show: SPEC 5's *clean*. */
export function isClean(clock: ScanClock, stat: Stat): boolean {
  return behind(clock, stat.mtimeSec, stat.mtimeNsec) > clock.granularityNs &&
    behind(clock, stat.ctimeSec, stat.ctimeNsec) > clock.granularityNs;
}

/**
 * Waits until a file that is written now would have a later time than any entry of the table, so that whatever changes
 * from then on shows in its ctime. That takes some ms at most; for times in the future it gives up after a second.
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

/** By how many nanoseconds a time lies before the clock's. */
function behind(clock: ScanClock, sec: number, nsec: number): number {
  return (clock.sec - sec) * SECOND + (clock.nsec - nsec);
}

/** The time that a file gets which is written now. */
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
  // The earlier of the two, so that an odd file system makes less clean, not more.
  const changedFirst = stat.ctimeSec < stat.mtimeSec ||
    (stat.ctimeSec === stat.mtimeSec && stat.ctimeNsec < stat.mtimeNsec);
  return changedFirst
    ? { sec: stat.ctimeSec, nsec: stat.ctimeNsec }
    : { sec: stat.mtimeSec, nsec: stat.mtimeNsec };
}
