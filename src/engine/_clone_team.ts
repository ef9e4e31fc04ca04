import { unlessFailed } from "../platform/system_error.ts";
import { Team, workersOf, type WorkerSource } from "../platform/worker_team.ts";
import { cutIntoPieces, entriesOf } from "../tree/pieces.ts";
import { sharedColumns } from "../tree/shared_columns.ts";
import type { Cloning } from "./_cloning.ts";
import { type FileWork, hasOneName } from "./_file_work.ts";
import { CLONE_COLUMNS, type ClonedPiece, type CloneInput } from "./clone_job.ts";

/** Files that are taken together: they take some milliseconds. */
const PIECE = 256;

/**
 * Makes files by workers and this thread together. Workers make what needs no word: a file that differs in anything from what
 * it should be is removed and made again by this thread, which notes what is lost, or says what is wrong.
 */
export class CloneTeam implements AsyncDisposable {
  private readonly team: Team<ClonedPiece>;
  /** The pieces that workers told of, and what they left. */
  private readonly told = new Set<number>();
  private readonly left: number[] = [];

  private constructor(
    private readonly cloning: Cloning,
    private readonly work: FileWork,
    private readonly input: CloneInput,
    /** What is not for workers. */
    private readonly others: readonly number[],
    workers: WorkerSource,
  ) {
    const { reporter } = cloning.request;
    const onFound = ({ piece, left }: ClonedPiece) => {
      this.told.add(piece);
      this.left.push(...left);
    };
    this.team = new Team(workers, { job: "clone", input, phase: "cloning", onFound, reporter });
  }

  /** Begins; undefined where there are no workers, or the folders cannot be lent to them. */
  static begin(cloning: Cloning, workers: WorkerSource, work: FileWork): CloneTeam | undefined {
    const { request: { as, isLook = false }, root, table } = cloning;
    if (workersOf(workers) === 0) return undefined;
    const [lent, task] = [root.lend(), work.work()];
    if (lent === undefined || task === undefined) return undefined;
    const others: number[] = [];
    const plain = work.files.filter((index) => {
      const isPlain = hasOneName(cloning, index) && work.isPlain(index);
      if (!isPlain) others.push(index);
      return isPlain;
    });
    const pieces = cutIntoPieces(Uint32Array.from(plain), work.load, PIECE);
    const input = {
      root: lent,
      as,
      isLook,
      columns: sharedColumns(table, CLONE_COLUMNS),
      work: task,
      ...pieces,
    };
    return new CloneTeam(cloning, work, input, others, workers);
  }

  /** Whether a worker has begun. */
  get hasBegun(): boolean {
    return this.team.shared.hasBegun(1);
  }

  /** Does a part of it, and what workers cannot do. */
  async finish(): Promise<void> {
    const { cloning, input, left, others, team, told, work } = this;
    const { shared } = team;
    const own = new Set<number>();
    for (let piece = shared.next(); piece < input.ends.length; piece = shared.next()) {
      own.add(piece);
      await work.here([...entriesOf(input, piece)]);
      team.report();
    }
    await team.finish(cloning.request.signal);
    for (let piece = 0; piece < input.ends.length; piece++) {
      if (!own.has(piece) && !told.has(piece)) left.push(...entriesOf(input, piece));
    }
    for (const index of left) this.removeOf(index);
    await work.here([...others, ...left].sort((a, b) => a - b));
  }

  /** Stops the workers, and waits until they have. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.team[Symbol.asyncDispose]();
  }

  /** A worker may have made the file, or a part of it. */
  private removeOf(index: number): void {
    const { cloning } = this;
    unlessFailed(["ENOENT"], () => cloning.folderOf(index).removeFile(cloning.table.name(index)));
  }
}
