import { assertEquals } from "@std/assert";
import { ORIGIN, rowWith } from "./made_up_row.ts";
import { allRows, smallRows } from "./rows/all.ts";
import {
  type Baseline,
  changes,
  isTooSlow,
  limitOf,
  merged,
  type Report,
  reportText,
  type RowResult,
} from "./report.ts";

const report = (...rows: RowResult[]): Report => ({ rows, space: [] });

Deno.test("changes() calls slower only what chance does not explain", () => {
  const old = report(
    rowWith("a", 1, 1.1, 1.2, 1, 1),
    rowWith("b", 1, 1, 1.3, 1, 1),
    rowWith("c", 2, 2, 2, 2, 2),
  );
  const now = report(
    rowWith("a", 1.5, 1.3, 1.4, 1.6, 1.5),
    rowWith("b", 1.2, 1.2, 1.4, 1.2, 1.2),
    rowWith("c", 1, 1, 1, 1, 1),
    rowWith("new", 1, 1, 1, 1, 1),
  );
  assertEquals(changes(old, now), [
    "slower        1.50 x  a",
    "within chance 1.20 x  b",
    "faster        0.50 x  c",
  ]);
});

Deno.test("isTooSlow() needs all of five rounds above one and a half times the baseline", () => {
  const baseline: Baseline = { ...ORIGIN, ratios: { a: 2 } };
  const limit = limitOf(baseline, "a") ?? NaN;
  assertEquals(limit, 3);
  assertEquals(isTooSlow(rowWith("a", 3.1, 3.2, 3.1, 3.4, 9), limit), true);
  assertEquals(isTooSlow(rowWith("a", 3.1, 3.2, 3.1, 3.4, 2.9), limit), false);
  assertEquals(limitOf(baseline, "b"), undefined);
});

Deno.test("merged() keeps rows that were not measured now, in the order of the rows", () => {
  const old = report(rowWith("million", 3), rowWith("a", 1), rowWith("gone", 1));
  const all = merged(old, report(rowWith("b", 2), rowWith("a", 2)), ["a", "b", "million"]);
  assertEquals(all.rows.map(({ name, wall }) => [name, wall.median]), [["a", 2], ["b", 2], ["million", 3]]);
});

Deno.test("reportText() is JSON that can be compared with a later run", () => {
  const one = report(rowWith("a", 1.23456, 1.2, 1.2, 1.2, 1.2));
  const back: Report = JSON.parse(reportText(one));
  assertEquals(changes(back, one), ["within chance 1.00 x  a"]);
  assertEquals(back.rows[0]?.ours.all[0], { wallMs: 123.5, cpuMs: 123.5, peakMb: 50 });
});

Deno.test("bench/baseline.json has each row that CI measures, and no other", async () => {
  const baseline: Baseline = JSON.parse(await Deno.readTextFile(new URL("baseline.json", import.meta.url)));
  assertEquals(Object.keys(baseline.ratios).sort(), smallRows().timed.map(({ name }) => name).sort());
});

Deno.test("each row of the benchmark has a name of its own", () => {
  for (const rows of [allRows({ million: true }), smallRows()]) {
    const names = [...rows.timed, ...rows.space].map(({ name }) => name);
    assertEquals(names.length, new Set(names).size);
  }
});
