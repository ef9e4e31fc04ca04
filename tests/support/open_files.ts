import { mustRun } from "./run.ts";

/** How many descriptors of this process lie in a folder: those of the test runner come and go as they like. */
export function openFilesIn(path: string): number {
  const real = Deno.realPathSync(path);
  // One that was closed since it was listed has no target any more.
  const targets = mustRun("sh", "-c", `for each in /proc/${Deno.pid}/fd/*; do readlink "$each" || :; done`)
    .split("\n");
  return targets.filter((target) => target === real || target.startsWith(`${real}/`)).length;
}
