import { mustRun } from "./run.ts";

/** How many open files of this process are in a folder. The test runner opens and closes other files at any time. */
export function openFilesIn(path: string): number {
  const real = Deno.realPathSync(path);
  // A descriptor that was closed after the listing has no target.
  const targets = mustRun("sh", "-c", `for each in /proc/${Deno.pid}/fd/*; do readlink "$each" || :; done`)
    .split("\n");
  return targets.filter((target) => target === real || target.startsWith(`${real}/`)).length;
}
