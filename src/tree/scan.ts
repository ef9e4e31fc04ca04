import type { BytePath } from "../model/bytes.ts";
import type { DegradationList } from "../model/degradations.ts";
import { phase, type Reporter } from "../model/progress.ts";
import type { Folder } from "../platform/platform.ts";
import { TimeSlice } from "../platform/time_slice.ts";
import type { WorkerSource } from "../platform/worker_team.ts";
import type { ScanTeam } from "./_scan_team.ts";
import { ScanWalk } from "./_scan_walk.ts";
import { type WalkOptions } from "./_walk_frames.ts";
import type { Boundary } from "./boundaries.ts";
import type { ScanClock } from "./scan_clock.ts";
import type { TreeTable } from "./table.ts";

/** How to scan. */
export interface ScanOptions extends WalkOptions {
  /** The result may be `known` itself if nothing changed: then the caller changes neither. */
  readonly sharesKnown?: boolean;
  /** Where workers come from, for a large known table; by default there are none. */
  readonly workers?: WorkerSource | undefined;
  readonly reporter?: Reporter;
  readonly signal?: AbortSignal;
}

/** The result of a scan. */
export interface Scan {
  /** All entries. An unchanged entry of `known` has its hash. */
  readonly table: TreeTable;
  readonly degradations: DegradationList;
  /** The ignored paths; an ignored folder stands for everything in it. */
  readonly ignored: readonly BytePath[];
  /** Entries that do not belong to the worktree: never entered, changed or removed. SPEC 2. */
  readonly boundaries: ReadonlyMap<number, Boundary>;
  /** Folders in which something is that the table does not list: ignored, refused, of another mount or type. */
  readonly gaps: ReadonlySet<number>;
  /** Paths whose access the system refused. */
  readonly unreadable: readonly BytePath[];
  readonly clock: ScanClock | undefined;
  /** For each entry its index in `known`, if it is unchanged and, for a file, hashed there; else -1. */
  readonly knownAs: Int32Array;
  /** Whether `known` has the very same entries, all of them unchanged and clean. */
  readonly isKnown: boolean;
  /** How many entries were looked at, if not all (`scan_changed.ts`). */
  readonly looked?: number;
}

/**
 * Lists a whole tree in root-hash order, at any depth, and follows no link. Entries that disappear during the scan are
 * left out. A caller that needs an unchanged tree scans it again and compares.
 */
export async function scanTree(root: Folder, options: ScanOptions): Promise<Scan> {
  const slice = new TimeSlice(options.signal);
  slice.check();
  using _phase = phase(options.reporter, "scanning");
  await using team = await teamFor(root, options);
  return await scanWith(team, root, options, slice);
}

/** The same with these workers, or without any. */
export async function scanWith(
  team: ScanTeam | undefined,
  root: Folder,
  options: ScanOptions,
  slice = new TimeSlice(options.signal),
): Promise<Scan> {
  let reported = 0;
  using walk = new ScanWalk(root, options, team);
  const report = () => {
    options.reporter?.advance(walk.scanned.count - reported, 0);
    reported = walk.scanned.count;
  };
  while (walk.step()) {
    if (!slice.isOver()) continue;
    report();
    await slice.yield();
  }
  report();
  return { ...walk.scanned.finish(options.sharesKnown ?? false), ...walk.notes.all(), clock: options.clock };
}

/** Below that, a worker would be fast when the scan is nearly over: it starts and is compiled meanwhile. */
const LEAST_KNOWN = 150_000;

/** Workers for a large known table; undefined: this thread scans alone. */
async function teamFor(root: Folder, options: ScanOptions): Promise<ScanTeam | undefined> {
  const { clock, exactStat, known, list, reporter, workers } = options;
  if (workers === undefined || known === undefined || known.count < LEAST_KNOWN) return undefined;
  // Elsewhere a folder must be listed before its entries are asked: only that brings up what other hosts did.
  if (!exactStat || list !== undefined || !clock?.foldersTell) return undefined;
  const { ScanTeam } = await import("./_scan_team.ts");
  return ScanTeam.begin({ root, known, clock, workers, reporter });
}
