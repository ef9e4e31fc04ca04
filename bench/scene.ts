import type { Requirement } from "../tests/support/probes.ts";
import type { DiskKind } from "../tests/support/disk_image.ts";

/** A JVS to time: this checkout, or an earlier one. */
export interface Jvs {
  readonly name: string;
  readonly bin: string;
  readonly root: string;
}

/** A command to time. */
export interface Contender {
  readonly name: string;
  /** `{turn}` in a word stands for a number that no earlier run had. */
  readonly command: readonly string[];
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Runs first, and is not timed. */
  readonly before?: () => void | Promise<void>;
  /** The last line of what it prints is its time, as JSON: the time of its start does not count. */
  readonly timesItself?: boolean;
  /** Processes that work for the command; what they use of the processor counts as the command's. */
  readonly servers?: readonly number[];
}

/** A command and how often its time counts. */
export interface Part {
  readonly times: number;
  readonly contender: Contender;
}

/** Everything that takes part in one row. */
export interface Scene {
  readonly ours: Contender;
  /** What JVS is compared with: the sum of these times. Made only where it is wanted. */
  readonly reference: () => Part[] | Promise<Part[]>;
  /** What else users would take; timed in turn with the others, and decides nothing. */
  readonly beside?: () => Contender[] | Promise<Contender[]>;
  /** Runs before each round, and is not timed. */
  readonly beforeRound?: () => void | Promise<void>;
}

/** At most this: `times` the reference and `plusMs` milliseconds, with `peakMb` megabytes of memory. */
export interface Target {
  readonly times: number;
  readonly plusMs?: number;
  readonly peakMb?: number;
}

/** Where one row works. */
export interface Ground {
  /** An empty folder of this row's own, on its disk. */
  readonly folder: string;
  /** Makes something once for all rows on this disk; `make` gets a folder of its own. */
  once<Made>(key: string, make: (folder: string) => Promise<Made>): Promise<Made>;
  /** Processes that serve the disk. */
  readonly servers: readonly number[];
}

/** Where a row runs: on a disk image, on a JuiceFS volume with its metadata in Redis, or in a temporary folder. */
export type Place = DiskKind | "juicefs-redis" | "anywhere";

/** One thing to time. */
export interface Row {
  readonly name: string;
  readonly place: Place;
  /** What it needs besides its place. */
  readonly needs?: readonly Requirement[];
  /** What the reference is in words, such as `2 scans + 1 clone`. */
  readonly against: string;
  readonly target: Target | null;
  /** Whether the time of the processor decides: for commands of milliseconds, which other programs disturb most. */
  readonly countsCpu?: boolean;
  /** Whether an earlier JVS cannot take part. */
  readonly onlyNow?: boolean;
  readonly scene: (jvs: Jvs, ground: Ground) => Promise<Scene>;
}

/** One thing to weigh: how many bytes a repeated snapshot takes for each entry. */
export interface SpaceRow {
  readonly name: string;
  readonly place: Place;
  readonly atMost: number;
  readonly bytesPerEntry: (jvs: Jvs, ground: Ground) => Promise<number>;
}
