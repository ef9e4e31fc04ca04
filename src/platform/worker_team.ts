import type { Reporter } from "../model/progress.ts";
import { throwIfCancelled } from "./time_slice.ts";

/** Where workers come from, and how many may work beside the thread that asks. Nothing is started before there is much to do. */
export interface WorkerSource {
  /** A module that calls `serve` (`serve_team.ts`) when it is loaded in a worker of the name `WORKER_NAME`. */
  readonly module: string;
  /** How many threads the user allows, as far as there are cores. By default the task says how many are useful. 1: there are no workers. */
  readonly threads?: number | undefined;
}

/** By its name a program knows that it was loaded as one of our workers. `cli.ts` has it too, because it loads nothing first. */
export const WORKER_NAME = "jvs worker";

/** So many threads by default, as far as there are cores, where the log of the file system or the one that walks is what they wait for. */
export const MOST_THREADS = 4;
/** So many where each core brings more. A thread takes up to 40 MB of memory. */
export const MOST_HASHING = 16;
/** Each worker has a bit in `Shared`. */
const LIMIT = 63;

/** How often the progress of workers is reported while this thread waits for them, in milliseconds. */
const REPORT_EACH = 100;

/** How many workers a source gives to a task for which so many threads are useful. Only a module that is a file surely is there: Deno prints what cannot be loaded. */
export function workersOf(source: WorkerSource | undefined, useful = MOST_THREADS): number {
  if (source === undefined || !source.module.startsWith("file:")) return 0;
  const { hardwareConcurrency: cores } = navigator;
  // What the user says counts up to a few more than there are cores: that does no harm.
  const threads = source.threads === undefined
    ? Math.min(cores, useful)
    : Math.min(source.threads, Math.max(cores, MOST_THREADS));
  return Math.max(0, Math.min(threads, LIMIT) - 1);
}

/** What a worker is told: once, when it starts. */
export interface ToWorker {
  /** Which job, in the list given to `serve`. */
  readonly job: string;
  readonly input: unknown;
  readonly counters: BigInt64Array;
  /** Which worker it is: 1 or more. */
  readonly index: number;
}

/** What a worker says: what it found, each time it has done a piece; and when it is done, or has failed for whatever reason. */
export type FromWorker = { readonly found: unknown } | { readonly began: number; readonly ended: number };

/** What threads share, as numbers in shared memory. A message would wait until a busy thread looks. */
export class Shared {
  /** `counters` of another thread; by default new ones. */
  constructor(readonly counters: BigInt64Array = new BigInt64Array(new SharedArrayBuffer(5 * 8))) {}

  /** The number of the next piece of the task: every number is given once, to one of the threads. */
  next(): number {
    return Number(Atomics.add(this.counters, 0, 1n));
  }

  /** A worker has done this much more. */
  advance(entries: number, bytes: number): void {
    Atomics.add(this.counters, 1, BigInt(entries));
    Atomics.add(this.counters, 2, BigInt(bytes));
  }

  /** What workers did since the last call. */
  takeProgress(): { readonly entries: number; readonly bytes: number } {
    const [entries, bytes] = [1, 2].map((i) => Number(Atomics.exchange(this.counters, i, 0n)));
    return { entries: entries ?? 0, bytes: bytes ?? 0 };
  }

  /** A worker says that it begins; false if it must not, because all is stopped. */
  begin(worker: number): boolean {
    Atomics.or(this.counters, 4, 1n << BigInt(worker));
    return !this.isStopped;
  }

  /** Whether a worker may be using what was lent to it. One that begins after `stop` uses nothing. */
  hasBegun(worker: number): boolean {
    return (Atomics.load(this.counters, 4) & (1n << BigInt(worker))) !== 0n;
  }

  stop(): void {
    Atomics.store(this.counters, 3, 1n);
  }

  get isStopped(): boolean {
    return Atomics.load(this.counters, 3) !== 0n;
  }
}

/** The task of a team. */
export interface TeamTask<Found> {
  /** Which job, in the list given to `serve`. */
  readonly job: string;
  /** What each worker gets. Memory in it should be shared: the rest is copied. */
  readonly input: unknown;
  /** The name of the phase in a trace. */
  readonly phase: string;
  /** Gets what a worker found. */
  readonly onFound: (found: Found) => void;
  /** How many threads are useful; by default `MOST_THREADS`. */
  readonly useful?: number;
  readonly reporter?: Reporter | undefined;
}

/**
 * Workers that do one task together with this thread: each thread takes the next piece when it has done one, so it does
 * not matter how fast they are. What a worker does not do, because it failed or died, is left to the caller: so nothing is
 * lost, and every error is met, and told, by the thread that asked.
 */
export class Team<Found> implements AsyncDisposable {
  readonly shared = new Shared();
  private readonly workers: Worker[] = [];
  private readonly ends: Promise<void>[] = [];

  constructor(source: WorkerSource, private readonly task: TeamTask<Found>) {
    for (let i = 1; i <= workersOf(source, task.useful); i++) {
      try {
        this.start(source.module, i);
      } catch {
        break; // not permitted here: then fewer work, or this thread alone
      }
    }
  }

  /** Reports what workers did since the last time. */
  report(): void {
    const { entries, bytes } = this.shared.takeProgress();
    this.task.reporter?.advance(entries, bytes);
  }

  /** Waits until all workers are done, and reports what they do meanwhile; `E_INTERRUPTED` if the work is cancelled. */
  async finish(signal: Pick<AbortSignal, "aborted"> | undefined): Promise<void> {
    for (let areDone = false; !areDone;) {
      areDone = await this.wait(REPORT_EACH);
      this.report();
      throwIfCancelled(signal);
    }
  }

  /** Waits until all workers that have begun are done, at most so long. Returns whether they are. */
  async wait(ms: number): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const timer = setTimeout(resolve, ms, false);
    const areDone = await Promise.race([promise, this.allDone().then(() => true)]);
    clearTimeout(timer);
    return areDone;
  }

  /**
   * Ends the workers. What they still do is stopped first, and waited for: they use folders that this thread has open, and
   * the number of a descriptor that is closed too early soon means another folder.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    this.shared.stop();
    await this.allDone();
    for (const worker of this.workers) worker.terminate();
  }

  /** One that has not begun need not be waited for, however long its start takes. */
  private async allDone(): Promise<void> {
    await Promise.all(this.ends.filter((_, i) => this.shared.hasBegun(i + 1)));
  }

  private start(module: string, index: number): void {
    const worker = new Worker(module, { type: "module", name: WORKER_NAME });
    const { promise, resolve } = Promise.withResolvers<void>();
    const { job, input } = this.task;
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
      if ("found" in data) return this.task.onFound(data.found as Found);
      this.note(data, `worker ${index}`);
      resolve();
    };
    worker.onerror = worker.onmessageerror = (event: Event) => {
      event.preventDefault(); // otherwise the error would end this thread too
      resolve();
    };
    worker.postMessage({ job, input, counters: this.shared.counters, index } satisfies ToWorker);
    this.workers.push(worker);
    this.ends.push(promise);
  }

  private note({ began, ended }: Exclude<FromWorker, { found: unknown }>, name: string): void {
    const { reporter, phase } = this.task;
    const { timeOrigin } = performance;
    reporter?.beside?.(name, { name: phase, start: began - timeOrigin, end: ended - timeOrigin });
  }
}
