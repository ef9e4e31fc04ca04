/**
 * `deno task bench`: times JVS beside the tools that people use instead, and prints medians and ratios. Only the ratios
 * mean something, because machines differ and may be busy. It needs root, because it mounts an XFS image.
 *
 * `--files=N` and `--snapshots=N` say how many. `--compare=REVISION` times JVS beside itself as it was then, every row of both
 * kinds.
 */
import { diskImage } from "../tests/support/disk_image.ts";
import { compare, type Comparison, type Contender } from "./measure.ts";
import { CHECKOUT } from "../tasks/bundle.ts";
import { setup } from "../tasks/setup.ts";
import { type Jvs, type Row, ROWS, run } from "./rows.ts";

/** The value of `--name=value`. */
const given = (name: string) => Deno.args.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3);
const files = Number(given("files") ?? 20_000);
const snapshots = Number(given("snapshots") ?? 5_000);
const rounds = Number(given("rounds") ?? 5);
const only = given("only") ?? "";
const revision = given("compare");
const json = given("json");

await setup(); // else bin/jvs would search for a Deno each time
await using disk = await diskImage("xfs", { sizeMb: 12_288 });
const ours: Jvs = { name: "jvs", bin: Deno.env.get("JVS_BIN") ?? `${CHECKOUT}/bin/jvs`, root: CHECKOUT };
const before = revision === undefined ? undefined : await checkOut(revision);
const results: Comparison[] = [];
for (const row of ROWS) {
  if (!row.name.includes(only) || (before === undefined && row.peer === null)) continue;
  const result = await measure(row);
  results.push(result);
  print(result);
}
if (json !== undefined) {
  await Deno.writeTextFile(json, JSON.stringify({ files, rounds, results }, null, 2) + "\n");
}
const missed = results.filter(({ ratio, atMost }) => atMost !== null && ratio > atMost);
if (Deno.args.includes("--check") && missed.length > 0) Deno.exitCode = 1;

/** Each contender gets a folder of its own, which is gone before the next row begins. */
async function measure(row: Row): Promise<Comparison> {
  const folder = `${disk.path}/row`;
  const ground = (name: string) => {
    Deno.mkdirSync(`${folder}/${name}`, { recursive: true });
    return { folder: `${folder}/${name}`, files, snapshots };
  };
  const peer: Contender = before !== undefined
    ? await row.ours(before, ground("before"))
    : await (row.peer as NonNullable<Row["peer"]>)(ground("peer"), ours);
  try {
    return await compare(row.name, await row.ours(ours, ground("ours")), peer, {
      rounds: rounds * (row.isShort ? 3 : 1),
      atMost: before !== undefined ? 1.05 : row.atMost,
    });
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

async function checkOut(revision: string): Promise<Jvs> {
  const root = `${disk.path}/before`;
  await run("git", ["clone", "-q", "--shared", CHECKOUT, root], disk.path);
  await run("git", ["checkout", "-q", revision], root);
  await run(Deno.execPath(), ["task", "-q", "setup"], root);
  return { name: `jvs of ${revision}`, bin: `${root}/bin/jvs`, root };
}

function print({ row, ours, peer, ratio, range, atMost }: Comparison): void {
  const goal = atMost === null
    ? ""
    : ratio <= atMost
    ? `  (at most ${atMost}: met)`
    : `  (at most ${atMost}: MISSED)`;
  console.log(row);
  console.log(`  ${ours.name.padEnd(24)} ${ms(ours.median)}`);
  console.log(`  ${peer.name.padEnd(24)} ${ms(peer.median)}`);
  const [low, high] = range.map((end) => end.toFixed(2));
  console.log(
    `  ratio, pair by pair      ${ratio.toFixed(2)}, ${low} to ${high} in ${ours.all.length} rounds${goal}\n`,
  );
}

function ms(value: number): string {
  return `${value.toFixed(0).padStart(6)} ms`;
}
