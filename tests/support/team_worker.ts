import { type CloneInput, cloneJob } from "../../src/engine/clone_job.ts";
import { type Job, serve } from "../../src/platform/serve_team.ts";
import { scanJob, take } from "../../src/tree/scan_job.ts";
import { type HashedPiece, type HashInput, hashJob } from "../../src/tree/hash_job.ts";

/*
 * A module of workers for tests. Its jobs are small, or do real work with a fault, which the address names:
 * `team_worker.ts?dies`.
 */

/** Takes all pieces, and tells which. */
const count: Job = (input: { most: number }, { shared, tell }) => {
  const taken: number[] = [];
  for (let n = shared.next(); n < input.most; n = shared.next()) taken.push(n);
  shared.advance(taken.length, 0);
  tell(taken, []);
  return Promise.resolve();
};

/** Uses for some time what was lent to it, also when it should stop: 1 while it does, then 2. */
const linger: Job = async ({ state }: { state: Int32Array }, { shared }) => {
  Atomics.store(state, 0, 1);
  while (!shared.isStopped) await new Promise((resolve) => setTimeout(resolve, 1));
  for (let turn = 0; turn < 1000; turn++) await new Promise((resolve) => setImmediate(resolve));
  Atomics.store(state, 0, 2);
};

/** Takes a piece, also where that is marked. */
function takePiece({ taken }: { taken?: Uint8Array<SharedArrayBuffer> }, n: number): void {
  if (taken !== undefined) take(taken, taken.length - 1 - n);
}

const FAULTS: Record<string, Job> = {
  /** Dies when it has taken a piece, as if it had no memory left. */
  async dies(input, { shared }) {
    takePiece(input, shared.next());
    setTimeout(() => {
      throw new Error("this worker dies, as its test asks for");
    });
    return await new Promise(() => {});
  },
  /** Takes a piece and fails. */
  fails(input, { shared }) {
    takePiece(input, shared.next());
    return Promise.reject(new Error("not printed"));
  },
  /** Does its part, and does not tell all of what it found. */
  async forgets(input: HashInput | CloneInput, tools) {
    if ("work" in input) return await cloneJob(input, { ...tools, tell() {} });
    const tell = (found: unknown) => tools.tell({ ...found as HashedPiece, unreadable: [], changed: [] }, []);
    await hashJob(input, { ...tools, tell });
  },
};

const fault = new URL(import.meta.url).search.slice(1);
const hash = () => Promise.resolve(FAULTS[fault] ?? hashJob);
const clone = () => Promise.resolve(FAULTS[fault] ?? cloneJob);
const scan = () => Promise.resolve(FAULTS[fault] ?? scanJob);
const jobs = {
  clone,
  count: () => Promise.resolve(count),
  linger: () => Promise.resolve(linger),
  hash,
  scan,
};
if ("WorkerGlobalScope" in globalThis && fault !== "never") serve(jobs);

/** This module as a source of workers, with a fault or without one. */
export function testWorkers(given: keyof typeof FAULTS | "never" | "" = "", threads = 2) {
  return { module: `${import.meta.url}${given && `?${given}`}`, threads };
}
