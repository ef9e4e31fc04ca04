import type { BytePath } from "../model/bytes.ts";
import type { DegradationList } from "../model/degradations.ts";
import { TimeSlice } from "../platform/time_slice.ts";
import type { Folder } from "../platform/platform.ts";
import type { Boundary } from "./boundaries.ts";
import type { ScanClock } from "./scan_clock.ts";
import { type ScanOptions, ScanWalk } from "./scan_walk.ts";
import type { TreeTable } from "./table.ts";
import { unreadableError } from "./unreadable.ts";

export type { ScanOptions } from "./scan_walk.ts";

/** What a scan found. */
export interface Scan {
  /** All entries; what was known from before has its hash. */
  readonly table: TreeTable;
  readonly degradations: DegradationList;
  /** What the rules left out; an ignored folder stands for all that is in it. */
  readonly ignored: readonly BytePath[];
  /** Entries that are not the worktree's: never entered, changed or removed. SPEC 2. */
  readonly boundaries: ReadonlyMap<number, Boundary>;
  /** Paths that could not be looked at, or not into. */
  readonly unreadable: readonly BytePath[];
  readonly clock: ScanClock | undefined;
  /** For each entry its index in `known` if it is unchanged since and, for a file, hashed there; else -1. */
  readonly knownAs: Int32Array;
}

/**
 * Lists a whole tree in root-hash order, without following any link and without an end to its depth. What vanishes
 * meanwhile is left out: whoever needs a tree that stands still scans it again and compares.
 */
export async function scanTree(root: Folder, options: ScanOptions): Promise<Scan> {
  const slice = new TimeSlice(options.signal);
  slice.check();
  options.reporter?.begin("scanning");
  let reported = 0;
  using walk = new ScanWalk(root, options);
  const report = () => {
    options.reporter?.advance(walk.table.count - reported, 0);
    reported = walk.table.count;
  };
  while (walk.step()) {
    if (!slice.isOver()) continue;
    report();
    await slice.yield();
  }
  report();
  const { table, degradations, ignored, boundaries, unreadable, knownAs } = walk;
  if (unreadable.length > 0 && options.unreadable !== "record") throw unreadableError(unreadable);
  return { table, degradations, ignored, boundaries, unreadable, clock: options.clock, knownAs };
}
