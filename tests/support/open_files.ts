import { mustRun } from "./run.ts";

/** How many descriptors of this process lie in a folder: those of the test runner come and go as they like. */
export function openFilesIn(path: string): number {
  const real = Deno.realPathSync(path);
  const targets = mustRun("sh", "-c", `ls -l /proc/${Deno.pid}/fd`).split("\n").map((line) =>
    line.split(" -> ")[1] ?? ""
  );
  return targets.filter((target) => target === real || target.startsWith(`${real}/`)).length;
}
