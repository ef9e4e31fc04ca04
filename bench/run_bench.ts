import { asked, CHECKOUT } from "../tasks/bundle.ts";
import { setup } from "../tasks/setup.ts";
import { checkRows } from "./check.ts";
import { Grounds } from "./grounds.ts";
import { type Bench, measureRow } from "./measure_row.ts";
import type { Options } from "./options.ts";
import { interrupted } from "./interrupt.ts";
import { run } from "./process.ts";
import { changes, type Origin, type Report, reportText, type RowResult, type SpaceResult } from "./report.ts";
import { allRows, type Rows, smallRows } from "./rows/all.ts";
import type { Jvs, Row, SpaceRow } from "./scene.ts";
import { rowText } from "./table.ts";
import { writeBaseline, writePage } from "./write.ts";

/** Runs what the options say and returns the exit code. */
export async function runBench(options: Options): Promise<number> {
  await setup(); // else bin/jvs would search for a Deno each time
  await using grounds = new Grounds(options.million ? 61_440 : 20_480);
  const ours: Jvs = { name: "jvs", bin: Deno.env.get("JVS_BIN") ?? `${CHECKOUT}/bin/jvs`, root: CHECKOUT };
  const revision = options["compare-to"];
  const before = revision === undefined ? undefined : await checkOut(grounds, revision);
  const bench: Bench = { options, grounds, ours, before, origin: await originNow() };
  const rows = rowsThatCanRun(bench, options.small ? smallRows() : allRows(options));
  if (options.check) return await checkRows(bench, rows.timed, rows.skipped);
  const report = await measureAll(bench, rows);
  if (options.compare !== undefined) {
    const old: Report = JSON.parse(await Deno.readTextFile(asked(options.compare)));
    for (const line of changes(old, report)) console.log(line);
  }
  if (options["write-baseline"]) await writeBaseline(report, bench.origin);
  return report.failed === 0 ? 0 : 1;
}

/** What was measured, and whether each row could be. */
interface Measured extends Report {
  readonly failed: number;
}

/** Measures all rows. One that fails does not take the others with it; an interrupt does. */
async function measureAll(bench: Bench, { timed, space }: Rows): Promise<Measured> {
  const rows: RowResult[] = [];
  const weighed: SpaceResult[] = [];
  let failed = 0;
  const attempt = async (name: string, measureIt: () => Promise<void>) => {
    try {
      await measureIt();
      await keep(bench, { rows, space: weighed });
    } catch (error) {
      interrupted.throwIfAborted();
      failed++;
      console.error(`FAILED: ${name}: ${error instanceof Error ? error.message : error}`);
    }
  };
  for (const row of timed) {
    await attempt(row.name, async () => {
      const result = await measureRow(bench, row);
      rows.push(result);
      console.log(`${rowText(result)}\n`);
    });
  }
  for (const row of bench.before === undefined ? space : []) {
    await attempt(row.name, async () => void weighed.push(await weigh(bench, row)));
  }
  return { rows, space: weighed, failed };
}

/** Writes what was measured until now: an hour's work must not be lost by an interrupt. */
async function keep({ options, before }: Bench, report: Report): Promise<void> {
  if (options.json !== undefined) await Deno.writeTextFile(asked(options.json), reportText(report));
  if (options.write && !options.small && before === undefined) await writePage(report);
}

async function weigh({ grounds, ours, origin }: Bench, row: SpaceRow): Promise<SpaceResult> {
  const ground = await grounds.open(row.place);
  const bytesPerEntry = await row.bytesPerEntry(ours, ground);
  await ground.clear();
  console.log(`${row.name}\n  ${bytesPerEntry.toFixed(0)} bytes an entry; at most ${row.atMost}\n`);
  return { name: row.name, bytesPerEntry, atMost: row.atMost, ...origin };
}

/** The rows that were asked for and that this machine can run; says why it skips the others. */
function rowsThatCanRun(
  { options, grounds, before }: Bench,
  { timed, space }: Rows,
): Rows & { readonly skipped: number } {
  let skipped = 0;
  const can = ({ name, place, needs, onlyNow }: Pick<Row, "name" | "place" | "needs" | "onlyNow">) => {
    if (!name.includes(options.only)) return false;
    const why = onlyNow && before !== undefined
      ? "an earlier JVS cannot take part"
      : grounds.whyNot(place, needs);
    if (why === undefined) return true;
    skipped++;
    console.log(`Skipped: ${name}: ${why}.`);
    return false;
  };
  return { timed: timed.filter(can), space: space.filter(can), skipped };
}

async function checkOut(grounds: Grounds, revision: string): Promise<Jvs> {
  const { folder } = await grounds.open("anywhere");
  const root = `${folder}/before`;
  await run("git", ["clone", "-q", "--shared", CHECKOUT, root], folder);
  await run("git", ["checkout", "-q", revision], root);
  await run(Deno.execPath(), ["task", "-q", "setup"], root);
  return { name: `jvs of ${revision}`, bin: `${root}/bin/jvs`, root };
}

async function originNow(): Promise<Origin> {
  const commit = await run("git", ["describe", "--always", "--dirty"], CHECKOUT).catch(() => "");
  const { arch } = Deno.build;
  const machine = `${navigator.hardwareConcurrency} cores, ${arch}, Linux ${Deno.osRelease()}`;
  return { date: new Date().toISOString().slice(0, 10), commit: commit.trim(), machine };
}
