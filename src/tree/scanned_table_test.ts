import { assert, assertEquals } from "@std/assert";
import { randomFrom } from "../../tests/support/random.ts";
import { changeTree } from "../../tests/support/random_tree.ts";
import {
  clockOf,
  onTree,
  pathsOf,
  scan,
  scanSettled,
  type TreeCase,
} from "../../tests/support/tree_cases.ts";
import { bytesOf } from "../model/bytes.ts";
import { FILE } from "../model/entry.ts";
import { hashFiles } from "./hash.ts";
import type { Scan } from "./scan.ts";
import { type TreeTable } from "./table.ts";
import { COLUMN_NAMES } from "./columns.ts";

const NAMES = ["a", "a.txt", "a-", "a0", "b", "c", "ä", "long-name-of-a-file"];

onTree("a scan in step with a known table sees what a scan of its own sees", async (given) => {
  const random = randomFrom(7);
  for (let k = 0; k < 60; k++) changeTree(given.path, random, NAMES);
  let unchanged = 0;
  for (let round = 0; round < 80; round++) {
    const { table: known } = await scanSettled(given);
    await hashFiles(given.root, known, filesOf(known).filter(() => random() < 0.98), {
      flush: given.platform,
    });
    if (round % 20 === 19) known.lost[Math.floor(random() * known.count)] = 1;
    const before = known.copy();
    const changes = round % 4;
    for (let k = 0; k < changes; k++) changeTree(given.path, random, NAMES);
    const sharesKnown = round % 3 > 0;
    const seen = await scanNow(given, { known, sharesKnown });
    const alone = await scanNow(given, {});
    assertSame(seen.table, alone.table, `round ${round}`);
    await assertKnown(given, seen, before);
    assertEquals(known.columns(), before.columns(), "the known table is not changed");
    if (!seen.isKnown) continue;
    unchanged++;
    assertEquals(seen.table === known, sharesKnown);
  }
  assert(unchanged > 8, `${unchanged} scans saw no change`);
});

onTree(
  "a scan in step forgets a group of links whose other names are gone, or in another place",
  async (given) => {
    for (const name of ["a", "b", "c"]) Deno.writeTextFileSync(`${given.path}/${name}`, name);
    const { table: known } = await scanSettled(given);
    await hashFiles(given.root, known, filesOf(known), { flush: given.platform });
    const group = (first: number, ...names: number[]) => {
      known.linkGroup.fill(0xffffffff);
      for (const name of names) known.linkGroup[name] = first;
    };
    for (const names of [[1, 2], [2, 3], [1, 2, 3], [3]]) {
      group(names[0] as number, ...names); // as on a system where a removed name does not change the times of the others
      assertSame((await scanNow(given, { known })).table, (await scanNow(given, {})).table, names.join());
    }
  },
);

onTree("a scan in step leaves out what vanished behind the last entry that it saw", async (given) => {
  Deno.writeTextFileSync(`${given.path}/a`, "a");
  const { table: known } = await scanSettled(given);
  await hashFiles(given.root, known, [1], { flush: given.platform });
  known.add(0, bytesOf("b"), FILE); // as if it vanished after the times of its folder were read
  const { table, isKnown } = await scanNow(given, { known, sharesKnown: true });
  assertEquals([pathsOf(table), isKnown], [["a"], false]);
});

function filesOf(table: TreeTable): number[] {
  return Array.from({ length: table.count }, (_, i) => i).filter((i) => table.type[i] === FILE);
}

async function scanNow(given: TreeCase, options: Parameters<typeof scan>[1]): Promise<Scan> {
  return await scan(given.root, { ...options, clock: clockOf(given) });
}

/** All that a scan sees is the same; hashes and what is clean are another matter. */
function assertSame(a: TreeTable, b: TreeTable, what: string): void {
  assertEquals(a.count, b.count, what);
  const [x, y] = [a.columns(), b.columns()];
  for (const name of COLUMN_NAMES) {
    if (!["hash", "hashed", "clean", "listed"].includes(name)) {
      assertEquals(x[name], y[name], `${name}, ${what}`);
    }
  }
  assertEquals([...a.targets].sort(), [...b.targets].sort(), what);
  for (let i = 0; i < a.count; i++) assert(a.clean[i] === 0 || b.clean[i] === 1);
  for (let i = 0; i < a.count; i++) assert(a.listed[i] === 0 || b.listed[i] === 1);
}

/** What the scan says is known is so, and has the hash of its content. */
async function assertKnown(given: TreeCase, { table, knownAs }: Scan, known: TreeTable): Promise<void> {
  const fresh = table.withoutHashes();
  await hashFiles(given.root, fresh, filesOf(table), { flush: given.platform });
  for (let i = 0; i < table.count; i++) {
    if (table.hashed[i] === 1) assertEquals(table.contentHash(i), fresh.contentHash(i));
    const before = knownAs[i] as number;
    assertEquals(before !== -1 && table.type[i] === FILE, table.hashed[i] === 1);
    if (before === -1) continue;
    assertEquals([table.path(i), table.ctimeNsec[i]], [known.path(before), known.ctimeNsec[before]]);
  }
}
