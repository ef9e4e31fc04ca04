/**
 * docs/filesystems.md says what JVS really does: each column of its tables is what is observed on such a file system.
 * JVS_UPDATE_PAGES=1 (`deno task filesystems`) writes what is observed into the page instead.
 */
import { assert, assertEquals } from "@std/assert";
import { requires } from "../support/requires.ts";
import { CALLS, KEPT, observe, type Observed, PLACES, WORK } from "./observed.ts";

const page = new URL("../../docs/filesystems.md", import.meta.url);
const MARKED = /(<!-- observed: (\w+) -->\n)[^]*?(?=<!-- end -->)/g;
const TABLES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  work: WORK,
  kept: KEPT,
  calls: CALLS,
};
const isUpdate = Deno.env.get("JVS_UPDATE_PAGES") === "1";
const observed = new Map<string, Observed>();

for (const place of PLACES) {
  const needed = requires("root", "ffi", "python3", "acl", place.disk);
  Deno.test(`docs/filesystems.md says what JVS keeps on ${place.title}`, needed, async () => {
    const found = await observe(place);
    observed.set(place.title, found);
    if (isUpdate) return;
    for (const [name, rows] of Object.entries(TABLES)) {
      const expected = Object.fromEntries(Object.entries(rows).map(([key, row]) => [row, found[key] ?? "?"]));
      assertEquals(columnOf(name, place.title), expected, "`deno task filesystems` writes what is observed");
    }
  });
}

Deno.test("docs/filesystems.md is written", { ignore: !isUpdate }, () => {
  assertEquals([...observed.keys()], PLACES.map(({ title }) => title), "the page needs each file system");
  const text = Deno.readTextFileSync(page);
  Deno.writeTextFileSync(page, text.replaceAll(MARKED, (_, mark, name) => `${mark}${tableOf(name)}`));
});

/** What the page says of one file system in one table, by its rows. */
function columnOf(table: string, title: string): Record<string, string> {
  const [found] = [...Deno.readTextFileSync(page).matchAll(MARKED)].filter(([, , name]) => name === table);
  assert(found, `the page has no table "${table}"`);
  const [head = [], , ...rows] = found[0].split("\n").filter((line) => line.startsWith("|")).map(cellsOf);
  const column = head.indexOf(title);
  return Object.fromEntries(rows.map((row) => [row[0] ?? "", row[column] ?? ""]));
}

function cellsOf(line: string): string[] {
  return line.split(" | ").map((cell) => cell.replaceAll(/^\| | \|$/g, ""));
}

function tableOf(name: string): string {
  const titles = PLACES.map(({ title }) => title);
  const rows = [["", ...titles], ["", ...titles].map(() => "---")];
  for (const [key, row] of Object.entries(TABLES[name] ?? {})) {
    rows.push([row, ...titles.map((title) => observed.get(title)?.[key] ?? "?")]);
  }
  return rows.map((cells) => `| ${cells.join(" | ")} |\n`).join("");
}
