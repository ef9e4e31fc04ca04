import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { withTable } from "./page.ts";
import { picture } from "./picture.ts";
import { rowWith } from "./made_up_row.ts";
import { markdownTable, pageText, rowText, targetText, timeText } from "./table.ts";

const rows = [
  rowWith("first & <last>, 20,000 files and 1 GB", 2, 2.1, 2, 1.9, 2),
  rowWith("short", 0.5, 0.5),
];
const space = [{ name: "space", bytesPerEntry: 130, atMost: 120, date: "", commit: "", machine: "" }];

Deno.test("timeText() shows three digits", () => {
  assertEquals([4.321, 43.21, 432.1, 4321, 43_210].map(timeText), [
    "4.3 ms",
    "43 ms",
    "432 ms",
    "4.32 s",
    "43.2 s",
  ]);
});

Deno.test("targetText() says times, milliseconds and memory", () => {
  assertEquals(targetText({ times: 1, plusMs: 100 }), "1 x + 100 ms");
  assertEquals(targetText({ times: 1.25, peakMb: 450 }), "1.25 x, 450 MB");
  assertEquals(targetText(null), "");
});

Deno.test("markdownTable() has a line for each row, with its ratio, its limit and whether it is met", () => {
  const lines = markdownTable({ rows, space }).trim().split("\n");
  assertEquals(lines.length, 5);
  assertStringIncludes(
    lines[2] ?? "",
    "| 200 ms | 50 MB | `cp -a` 100 ms | 2.00 (1.90 to 2.10) | 1 x | **not met** |",
  );
  assertStringIncludes(lines[3] ?? "", "| 0.50 (0.50 to 0.50) | 1 x | met |");
  assertStringIncludes(lines[4] ?? "", "| 130 bytes an entry |  |  |  | 120 bytes | **not met** |");
});

Deno.test("pageText() says when it was measured, and where the time goes in rows that miss their target", () => {
  const page = pageText({ rows: rows.slice(0, 1), space });
  assertStringIncludes(page, "Measured 2026-01-02, JVS abc, 2 cores, 5 rounds.\n");
  assertStringIncludes(page, "### first & <last>, 20,000 files and 1 GB\n\n```\nall 1 s\n```\n");
  assertEquals(pageText({ rows: rows.slice(1), space }).includes("Where the time goes"), false);
  assertStringIncludes(
    pageText({ rows, space }),
    "5 rounds (1 rows); 2026-01-02, JVS abc, 2 cores, 2 rounds (1 rows).",
  );
});

Deno.test("rowText() names the target and whether it is met", () => {
  assertStringIncludes(rowText(rows[0] ?? rowWith("", 1)), "; at most 1 x of cp -a: missed");
});

Deno.test("withTable() replaces what it wrote and keeps what people wrote", () => {
  const page = "before\n<!-- written by `deno task bench --write`: begin -->\nold\n<!-- end -->\nafter\n";
  const once = withTable(page, "| new |\n");
  assertEquals(once.includes("old"), false);
  assertEquals([once.startsWith("before\n"), once.endsWith("after\n")], [true, true]);
  assertEquals(withTable(once, "| new |\n"), once);
  assertThrows(() => withTable("a page", ""), Error, "has no lines");
});

Deno.test("picture() has a mark for each row with a target, and its text is escaped", () => {
  const svg = picture({ rows, space });
  assertEquals([...svg.matchAll(/<circle class="met"/g)].length, 1);
  assertEquals([...svg.matchAll(/<rect class="missed"/g)].length, 1);
  assertEquals([...svg.matchAll(/<rect class="ours"/g)].length, 1); // only one row is of the usual tree
  assertStringIncludes(svg, "first &amp; &lt;last>");
  assertStringIncludes(svg, "prefers-color-scheme: dark");
  assertEquals(svg.includes("NaN"), false);
});
