import { type Reporter, silentReporter } from "../model/progress.ts";
import { openPlatform } from "./open_platform.ts";
import type { Platform } from "./platform.ts";
import { type FromWorker, Shared, type ToWorker } from "./worker_team.ts";

/** What a job has besides its input. */
export interface JobTools {
  readonly platform: Platform;
  /** What it shares with the other threads. It stops when `isStopped`. */
  readonly shared: Shared;
  /** For code that also runs in the thread that asked: counts for that thread, and says when to stop. */
  readonly reporter: Reporter;
  readonly signal: Pick<AbortSignal, "aborted">;
  /** Gives what was found to the thread that asked, with the buffers to move. */
  readonly tell: (found: unknown, moved: Transferable[]) => void;
}

/** Work that a worker can do: takes pieces as long as there are any, and tells what it finds. */
// deno-lint-ignore no-explicit-any -- input of any kind: the team that asks knows it
export type Job = (input: any, tools: JobTools) => Promise<void>;

/** The part of a worker's global scope that is used here. */
interface WorkerScope {
  postMessage(message: FromWorker, moved?: Transferable[]): void;
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
}

/** Makes this worker do the job that it is told. Only that job is loaded. */
export function serve(jobs: { readonly [name: string]: () => Promise<Job> }): void {
  const scope = self as unknown as WorkerScope;
  const now = () => performance.timeOrigin + performance.now();
  const tell: JobTools["tell"] = (found, moved) => scope.postMessage({ found }, moved);
  scope.onmessage = async ({ data: { job, input, counters, index } }) => {
    const began = now();
    try {
      const run = await jobs[job]?.();
      const shared = new Shared(counters);
      if (shared.begin(index)) {
        await run?.(input, { platform: openPlatform(), shared, tell, ...asIfHere(shared) });
      }
    } catch {
      // The thread that asked does what is not done. If the reason was not this worker, it meets the same error there.
    }
    scope.postMessage({ began, ended: now() });
  };
}

function asIfHere(shared: Shared): Pick<JobTools, "reporter" | "signal"> {
  return {
    reporter: { ...silentReporter, advance: (entries, bytes) => shared.advance(entries, bytes) },
    signal: {
      get aborted() {
        return shared.isStopped;
      },
    },
  };
}
