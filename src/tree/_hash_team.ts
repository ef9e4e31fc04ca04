import type { Reporter } from "../model/progress.ts";
import type { Folder } from "../platform/platform.ts";
import { throwIfCancelled } from "../platform/time_slice.ts";
import { Team, workersOf, type WorkerSource } from "../platform/worker_team.ts";
import { FILE_BYTES, type HashResult, type HashRun } from "./_hash_run.ts";
import { filesOf, type HashInput, type HashOutput, SHARED_COLUMNS } from "./hash_job.ts";
import { at, type Column, HASH_BYTES, NONE, type TreeTable } from "./table.ts";

/** What to hash, and with which workers. */
export interface HashTask {
  readonly root: Folder;
  readonly table: TreeTable;
  readonly wanted: Uint32Array;
  readonly flushEach: boolean;
  readonly workers?: WorkerSource | undefined;
  readonly reporter?: Reporter;
  readonly signal?: AbortSignal;
}

/** Small files are taken in pieces that take about 6 ms. A larger file is a piece by itself. */
const PIECE = 8 * 2 ** 20;

/** How often the progress of workers is reported while this thread waits for them, in milliseconds. */
const REPORT_EACH = 100;

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
  private readonly team: Team<HashOutput>;

  private constructor(private readonly task: HashTask, workers: WorkerSource, root: HashInput["root"]) {
    const { flushEach, reporter, table } = task;
    this.input = { root, flushEach, columns: sharedColumns(table), ...this.cut() };
    this.team = new Team(workers, { job: "hash", input: this.input, phase: "hashing", reporter });
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
    const { input, own, team: { shared } } = this;
    for (let piece = shared.next(); piece < input.ends.length; piece = shared.next()) {
      own.add(piece);
      await this.hash(run, filesOf(input, piece));
    }
    const outputs = await this.outputs();
    await this.hash(run, this.accept(outputs, run));
    const results = [run.result(), ...outputs];
    return {
      unreadable: results.flatMap(({ unreadable }) => unreadable).sort(ascending),
      changed: results.flatMap(({ changed }) => changed).sort(ascending),
      bytes: results.reduce((sum, { bytes }) => sum + bytes, 0),
    };
  }

  /** Stops the workers, and waits until they have. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.team[Symbol.asyncDispose]();
  }

  private async hash(run: HashRun, files: Iterable<number>): Promise<void> {
    for (const index of files) {
      for (const _due of run.hash(index)) {
        this.report();
        await run.pause();
      }
    }
  }

  /** Waits for the workers. */
  private async outputs(): Promise<readonly HashOutput[]> {
    for (;;) {
      const { outputs, areDone } = await this.team.wait(REPORT_EACH);
      this.report();
      throwIfCancelled(this.task.signal);
      if (areDone) return outputs;
    }
  }

  private report(): void {
    const { entries, bytes } = this.team.shared.takeProgress();
    this.task.reporter?.advance(entries, bytes);
  }

  /** Takes over the hashes of the workers, and returns the files that are left to this thread. */
  private accept(outputs: readonly HashOutput[], run: HashRun): number[] {
    const { input, task: { table } } = this;
    const [hashes, hashed] = [input.columns.hash as Uint8Array, input.columns.hashed as Uint8Array];
    const known = new Set(outputs.flatMap(({ unreadable, changed }) => [...unreadable, ...changed]));
    const left: number[] = [];
    for (let piece = 0; piece < input.ends.length; piece++) {
      if (this.own.has(piece)) continue;
      for (const index of filesOf(input, piece)) {
        if (hashed[index] === 1) {
          table.setHash(index, hashes.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES));
          run.remember(index);
        } else if (!known.has(index)) left.push(index);
      }
    }
    return [...left, ...this.further].sort(ascending);
  }

  /** Cuts the work into pieces, with one name of each file. */
  private cut(): Pick<HashInput, "files" | "ends"> {
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
    const files = new Uint32Array(new SharedArrayBuffer(firsts.byteLength));
    files.set(large);
    files.set(small, large.length);
    const ends: number[] = [];
    for (let i = 0, sum = 0; i < files.length; i++) {
      sum += load(at(files, i));
      if (sum < PIECE && i + 1 < files.length) continue;
      ends.push(i + 1);
      sum = 0;
    }
    return { files, ends: Uint32Array.from(ends) };
  }
}

/** Copies of the columns that the threads need. The table's own stay as they are: its memory is not shared. */
function sharedColumns(table: TreeTable): HashInput["columns"] {
  const columns = table.columns();
  return Object.fromEntries(SHARED_COLUMNS.map((name) => {
    const column: Column = columns[name];
    const Kind = column.constructor as new (buffer: SharedArrayBuffer) => Column;
    const shared = new Kind(new SharedArrayBuffer(column.byteLength));
    if (name !== "hash" && name !== "hashed") shared.set(column);
    return [name, shared];
  }));
}

function ascending(a: number, b: number): number {
  return a - b;
}
