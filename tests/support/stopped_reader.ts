import { type JvsOptions, spawnJvs } from "./jvs.ts";
import { mustRun } from "./run.ts";

/**
 * Starts a command that only reads, and stops it as soon as it has its first lock: that of the snapshot that it uses. The end of `using` kills it.
 * Its test waits until the lock is there. Needs strace.
 */
export async function stoppedReader(args: readonly string[], options: JvsOptions): Promise<AsyncDisposable> {
  const strace = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=flock"];
  const stop = ["-e", "inject=flock:signal=STOP:when=1"];
  const child = await spawnJvs(args, { ...options, under: [...options.under ?? [], ...strace, ...stop] });
  return {
    async [Symbol.asyncDispose]() {
      for (const pid of [...processesBelow(child.pid), child.pid]) Deno.kill(pid, "SIGKILL");
      await child.output();
      await child.stdin.close().catch(() => {});
    },
  };
}

/** Waits for a condition. */
export async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 5));
}

function processesBelow(pid: number): number[] {
  const text = mustRun("cat", `/proc/${pid}/task/${pid}/children`);
  const children = text.trim().split(" ").filter((each) => each !== "").map(Number);
  return children.flatMap((each) => [...processesBelow(each), each]);
}
