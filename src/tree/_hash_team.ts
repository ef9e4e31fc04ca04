import type { Reporter } from "../model/progress.ts";
import type { Folder } from "../platform/platform.ts";
import { MOST_HASHING, Team, workersOf, type WorkerSource } from "../platform/worker_team.ts";
import { FILE_BYTES, type HashResult, type HashRun } from "./_hash_run.ts";
import { type HashedPiece, type HashInput, SHARED_COLUMNS } from "./hash_job.ts";
import { cutIntoPieces, entriesOf, type Pieces } from "./pieces.ts";
import { sharedColumns } from "./shared_columns.ts";
import { NONE, type TreeTable } from "./table.ts";
import { at, HASH_BYTES } from "./columns.ts";

/** What to hash, and with which workers. */
export interface HashTask {
  readonly root: Folder;
  readonly table: TreeTable;
  readonly wanted: Uint32Array;
  readonly flushEach: boolean;
  readonly isStill?: boolean | undefined;
  readonly workers?: WorkerSource | undefined;
  readonly reporter?: Reporter;
  readonly signal?: AbortSignal;
}

/** Small files are taken in pieces that take about 6 ms. A larger file is a piece by itself. */
const PIECE = 8 * 2 ** 20;

/**
 * Hashes files by workers and this thread together. Large files come first, because small pieces let all threads end
 * together. The hashes come into the same places of the same table, so the result is that of one thread; what a worker did
 * not do is done here, and says here what is wrong.
 */
export class HashTeam implements AsyncDisposable {
  private readonly input: HashInput;
  /** Further names of files, which get the hash of the first. */
  private readonly further: number[] = [];
  /** The pieces of this thread. */
  private readonly own = new Set<number>();
  /** What workers found; hashes are in the table. */
  private readonly unreadable = new Set<number>();
  private readonly changed = new Set<number>();
  private readonly groups: number[] = [];
  private bytes = 0;
  private readonly team: Team<HashedPiece>;

  private constructor(private readonly task: HashTask, workers: WorkerSource, root: HashInput["root"]) {
    const { flushEach, isStill = false, reporter, table } = task;
    this.input = { root, flushEach, isStill, columns: sharedColumns(table, SHARED_COLUMNS), ...this.cut() };
    const onFound = (piece: HashedPiece) => this.accept(piece);
    const hashing = { job: "hash", input: this.input, phase: "hashing", useful: MOST_HASHING };
    this.team = new Team(workers, { ...hashing, onFound, reporter });
  }

  /** Begins; undefined where there are no workers, or the folder cannot be lent to them. */
  static begin(task: HashTask): HashTeam | undefined {
    const { root, workers } = task;
    if (workers === undefined || workersOf(workers) === 0) return undefined;
    const lent = root.lend();
    return lent && new HashTeam(task, workers, lent);
  }

  /** Whether a worker has begun. */
  get hasBegun(): boolean {
    return this.team.shared.hasBegun(1);
  }

  /** Helps until everything is hashed. `run` is that of this thread. */
  async finish(run: HashRun): Promise<HashResult> {
    const { input, own, team } = this;
    for (let piece = team.shared.next(); piece < input.ends.length; piece = team.shared.next()) {
      own.add(piece);
      await this.hash(run, entriesOf(input, piece));
    }
    await team.finish(this.task.signal);
    await this.hash(run, this.left(run));
    const { unreadable, changed, bytes } = run.result();
    return {
      unreadable: sorted([...this.unreadable, ...unreadable]),
      changed: sorted([...this.changed, ...changed]),
      bytes: this.bytes + bytes,
    };
  }

  /** Stops the workers, and waits until they have. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.team[Symbol.asyncDispose]();
  }

  private async hash(run: HashRun, files: Iterable<number>): Promise<void> {
    for (const index of files) {
      for (const _due of run.hash(index)) {
        this.team.report();
        await run.pause();
      }
    }
  }

  /** Takes over what a worker found, as soon as this thread lets other code run. */
  private accept({ hashed, hashes, unreadable, changed, bytes }: HashedPiece): void {
    const { table } = this.task;
    hashed.forEach((index, i) => table.setHash(index, hashes.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES)));
    for (const index of hashed) if (at(table.linkGroup, index) !== NONE) this.groups.push(index);
    for (const index of unreadable) this.unreadable.add(index);
    for (const index of changed) this.changed.add(index);
    this.bytes += bytes;
  }

  /** The files that are left to this thread when the workers are done. */
  private left(run: HashRun): number[] {
    const { input, task: { table } } = this;
    for (const index of this.groups) run.remember(index);
    const left: number[] = [];
    for (let piece = 0; piece < input.ends.length; piece++) {
      if (this.own.has(piece)) continue;
      for (const index of entriesOf(input, piece)) {
        const isDone = table.hashed[index] === 1 || this.unreadable.has(index) || this.changed.has(index);
        if (!isDone) left.push(index);
      }
    }
    return [...left, ...this.further].sort(ascending);
  }

  /** Cuts the work into pieces, with one name of each file. */
  private cut(): Pieces {
    const { table, wanted } = this.task;
    const load = (index: number) => at(table.size, index) + FILE_BYTES;
    const groups = new Set<number>();
    const firsts = wanted.filter((index) => {
      const group = at(table.linkGroup, index);
      if (group === NONE) return true;
      if (groups.has(group)) this.further.push(index);
      return !groups.has(group) && groups.add(group);
    });
    const large = firsts.filter((index) => load(index) > PIECE).sort((a, b) => load(b) - load(a));
    const small = firsts.filter((index) => load(index) <= PIECE);
    firsts.set(large);
    firsts.set(small, large.length);
    return cutIntoPieces(firsts, load, PIECE);
  }
}

function ascending(a: number, b: number): number {
  return a - b;
}

/** Each once: what a worker told and died may be done here again before it is heard. */
function sorted(indexes: number[]): number[] {
  return [...new Set(indexes)].sort(ascending);
}
