/**
 * `deno task bench`: times JVS beside the tools that people use instead, and prints medians and ratios. Only the ratios
 * mean something, because machines differ and may be busy. It needs root, because it mounts an XFS image.
 */
import { diskImage } from "../tests/support/disk_image.ts";
import type { Comparison } from "./measure.ts";
import { snapshots, startUp, statuses } from "./rows.ts";

/** The value of `--name=value`. */
const given = (name: string) => Deno.args.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3);
const files = Number(given("files") ?? 20_000);
const rounds = Number(given("rounds") ?? 5);
const json = given("json");

await using disk = await diskImage("xfs", { sizeMb: 8192 });
const ground = { disk: disk.path, files, rounds };
const results: Comparison[] = [];
for (const group of [startUp, snapshots, statuses]) {
  for (const result of await group(ground)) {
    results.push(result);
    print(result);
  }
}
if (json !== undefined) {
  await Deno.writeTextFile(json, JSON.stringify({ files, rounds, results }, null, 2) + "\n");
}
const missed = results.filter(({ ratio, atMost }) => atMost !== null && ratio > atMost);
if (Deno.args.includes("--check") && missed.length > 0) Deno.exitCode = 1;

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
