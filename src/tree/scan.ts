import type { BytePath } from "../model/bytes.ts";
import type { DegradationList } from "../model/degradations.ts";
import { TimeSlice } from "../platform/time_slice.ts";
import type { Folder } from "../platform/platform.ts";
import type { Boundary } from "./boundaries.ts";
import type { ScanClock } from "./scan_clock.ts";
import { type ScanOptions, ScanWalk } from "./scan_walk.ts";
import type { TreeTable } from "./table.ts";

export type { ScanOptions } from "./scan_walk.ts";

/** The result of a scan. */
export interface Scan {
  /** All entries. An unchanged entry of `known` has its hash. */
  readonly table: TreeTable;
  readonly degradations: DegradationList;
  /** The ignored paths; an ignored folder stands for everything in it. */
  readonly ignored: readonly BytePath[];
  /** Entries that do not belong to the worktree: never entered, changed or removed. SPEC 2. */
  readonly boundaries: ReadonlyMap<number, Boundary>;
  /** Paths whose access the system refused. */
  readonly unreadable: readonly BytePath[];
  readonly clock: ScanClock | undefined;
  /** For each entry its index in `known`, if it is unchanged and, for a file, hashed there; else -1. */
  readonly knownAs: Int32Array;
}

/**
 * Lists a whole tree in root-hash order, at any depth, and follows no link. Entries that disappear during the scan are
 * left out. A caller that needs an unchanged tree scans it again and compares.
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
  return { table, degradations, ignored, boundaries, unreadable, clock: options.clock, knownAs };
}
