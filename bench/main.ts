/**
 * Times JVS beside what people would use instead, in one run, and prints medians and ratios: `deno task bench`.
 * Only ratios mean anything: machines differ, and this one may be busy. As root, as it mounts an XFS image of its own.
 */
import { parseArgs } from "@std/cli/parse-args";
import { diskImage } from "../tests/support/disk_image.ts";
import type { Comparison } from "./measure.ts";
import { snapshots, startUp, statuses } from "./rows.ts";

const options = parseArgs(Deno.args, { string: ["files", "rounds", "json"], boolean: ["check"] });
const files = Number(options["files"] ?? 20_000);
const rounds = Number(options["rounds"] ?? 5);

await using disk = await diskImage("xfs", { sizeMb: 8192 });
const ground = { disk: disk.path, files, rounds };
const results: Comparison[] = [];
for (const group of [startUp, snapshots, statuses]) {
  for (const result of await group(ground)) {
    results.push(result);
    print(result);
  }
}
if (typeof options["json"] === "string") {
  await Deno.writeTextFile(options["json"], JSON.stringify({ files, rounds, results }, null, 2) + "\n");
}
const missed = results.filter(({ ratio, atMost }) => atMost !== null && ratio > atMost);
if (options["check"] === true && missed.length > 0) Deno.exitCode = 1;

function print({ row, ours, peer, ratio, atMost }: Comparison): void {
  const goal = atMost === null
    ? ""
    : ratio <= atMost
    ? `  (at most ${atMost}: met)`
    : `  (at most ${atMost}: MISSED)`;
  console.log(row);
  console.log(`  ${ours.name.padEnd(24)} ${ms(ours.median)}`);
  console.log(`  ${peer.name.padEnd(24)} ${ms(peer.median)}`);
  console.log(`  ratio, pair by pair      ${ratio.toFixed(2)}${goal}\n`);
}

function ms(value: number): string {
  return `${value.toFixed(0).padStart(6)} ms`;
}
