import type { Reporter } from "../model/progress.ts";
import type { Folder } from "../platform/platform.ts";
import { Team, workersOf, type WorkerSource } from "../platform/worker_team.ts";
import { FOUND } from "./known_tree.ts";
import type { ScanClock } from "./scan_clock.ts";
import { SCAN_COLUMNS, type ScanInput, take } from "./scan_job.ts";
import { isShared, type TreeTable } from "./table.ts";

/** What a team needs to know. */
export interface ScanTask {
  readonly root: Folder;
  /** Its columns are in shared memory. */
  readonly known: TreeTable;
  /** The clock of the scan. */
  readonly clock?: ScanClock | undefined;
  readonly workers: WorkerSource;
  readonly reporter?: Reporter | undefined;
  /** How many entries a piece has. */
  readonly pieceLength?: number;
}

/** A worker looks at so many entries in 1 ms. In the piece where it meets the walk, both may look at the same. */
const PIECE_LENGTH = 1024;

/**
 * Workers that look whether known entries are unchanged, while this thread walks: it comes from the first entry, they from the
 * last. They only spare the walk a look: it remains the one place that decides what an entry is, and meets every error.
 */
export class ScanTeam implements AsyncDisposable {
  readonly input: ScanInput;
  private readonly team: Team<never>;
  /** The piece that the walk is in. */
  private piece = -1;

  private constructor(task: ScanTask, root: ScanInput["root"]) {
    const { clock, known, pieceLength = PIECE_LENGTH, reporter, workers } = task;
    const columns = known.columns();
    this.input = {
      root,
      columns: Object.fromEntries(SCAN_COLUMNS.map((name) => [name, columns[name]])) as ScanInput["columns"],
      clock,
      pieceLength,
      taken: new Uint8Array(new SharedArrayBuffer(Math.ceil(known.count / pieceLength))),
      same: new Uint8Array(new SharedArrayBuffer(known.count)),
    };
    this.team = new Team(workers, {
      job: "scan",
      input: this.input,
      phase: "scanning",
      onFound() {},
      reporter,
    });
  }

  /** Begins; undefined where there are no workers, the folder cannot be lent to them, or the table would have to be copied. */
  static begin(task: ScanTask): ScanTeam | undefined {
    if (!isShared(task.known) || workersOf(task.workers) === 0) return undefined;
    const lent = task.root.lend();
    return lent && new ScanTeam(task, lent);
  }

  /**
   * What a worker found of a known entry since the scan began, as in `FOUND`. A folder that is the same lists what is known, and can be
   * opened. A piece in which no worker is belongs to the walk from now on.
   */
  found(index: number): number {
    const { pieceLength, same, taken } = this.input;
    const piece = Math.floor(index / pieceLength);
    if (piece !== this.piece) take(taken, piece);
    this.piece = piece;
    return same[index] ?? FOUND.nothing;
  }

  /** Stops the workers, and waits until they have. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.team[Symbol.asyncDispose]();
  }
}
