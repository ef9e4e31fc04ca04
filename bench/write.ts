import { withTable } from "./page.ts";
import { picture } from "./picture.ts";
import { type Baseline, merged, type Origin, type Report, reportText } from "./report.ts";
import { allRows, smallRows } from "./rows/all.ts";
import { pageText } from "./table.ts";

const root = new URL("../", import.meta.url);
const RESULTS = "bench/results.json";
/** What CI compares with. */
export const BASELINE = "bench/baseline.json";
const PAGE = "docs/performance.md";
const PICTURE = "docs/performance.svg";

/** Reads the ratios that CI compares with. */
export async function readBaseline(): Promise<Baseline> {
  return JSON.parse(await Deno.readTextFile(new URL(BASELINE, root)));
}

/** Writes the ratios of these rows into the baseline; rows that were not measured now keep theirs. */
export async function writeBaseline({ rows }: Report, origin: Origin): Promise<void> {
  const now = new Map(rows.map(({ name, cpu }) => [name, Number(cpu.median.toFixed(3))]));
  const { ratios: old } = await readBaseline().catch(() => ({ ratios: {} as Baseline["ratios"] }));
  const ratios = smallRows().timed.map(({ name }) => [name, now.get(name) ?? old[name]]);
  const baseline: Baseline = { ...origin, ratios: Object.fromEntries(ratios) };
  await Deno.writeTextFile(new URL(BASELINE, root), JSON.stringify(baseline, null, 2) + "\n");
}

/** Writes the results, the table of the page and its picture. Rows that were not measured now stay as they were. */
export async function writePage(now: Report): Promise<void> {
  const { timed, space } = allRows({ million: true });
  const old: Report = await Deno.readTextFile(new URL(RESULTS, root))
    .then((text) => JSON.parse(text), () => ({ rows: [], space: [] }));
  const report = merged(old, now, [...timed, ...space].map(({ name }) => name));
  await Deno.writeTextFile(new URL(RESULTS, root), reportText(report));
  await Deno.writeTextFile(new URL(PICTURE, root), picture(report));
  const page = new URL(PAGE, root);
  await Deno.writeTextFile(page, withTable(await Deno.readTextFile(page), pageText(report)));
}
