import { assertMatch } from "@std/assert";
import { type JvsOptions, spawnJvs } from "./jvs.ts";
import { mustRun } from "./run.ts";
import { tempDir } from "./temp_dir.ts";
import { until } from "./until.ts";

/**
 * Starts a command that only reads, and holds it where it has its first lock: that of the snapshot that it uses. The end of `using` kills it.
 * It is held by strace and not by a signal, which would interrupt the lock itself on a served file system. What strace writes tells that the lock
 * is there: who tried to take it, to see whether it is taken, could have it in just the moment when the reader asks.
 */
export async function stoppedReader(
  args: readonly string[],
  options: JvsOptions,
): Promise<AsyncDisposable> {
  using temp = tempDir();
  const log = `${temp.path}/locks`;
  Deno.writeTextFileSync(log, "");
  const strace = ["strace", "-f", "-qq", "-A", "-o", log, "-e", "trace=flock"];
  const hold = ["-e", "inject=flock:delay_exit=3600s"];
  const child = await spawnJvs(args, { ...options, under: [...options.under ?? [], ...strace, ...hold] });
  await using reader = new AsyncDisposableStack();
  reader.defer(async () => {
    for (const pid of [...processesBelow(child.pid), child.pid]) Deno.kill(pid, "SIGKILL");
    await child.output();
    await child.stdin.close().catch(() => {});
  });
  await until(() => Deno.readTextFileSync(log).includes("(DELAYED)"));
  assertMatch(Deno.readTextFileSync(log), / = 0 \(DELAYED\)/);
  return reader.move();
}

function processesBelow(pid: number): number[] {
  const text = mustRun("cat", `/proc/${pid}/task/${pid}/children`);
  const children = text.trim().split(" ").filter((each) => each !== "").map(Number);
  return children.flatMap((each) => [...processesBelow(each), each]);
}
