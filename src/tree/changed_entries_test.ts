import { assert, assertEquals } from "@std/assert";
import {
  changedEntries,
  latinOf,
  type PlainEntry,
  plainOf,
  randomEntries,
  randomNumbers,
  tableOf,
} from "../../tests/support/random_tables.ts";
import { tempDir } from "../../tests/support/temp_dir.ts";
import { openPlatform } from "../platform/open_platform.ts";
import { ManifestComparer } from "./changed_entries.ts";
import { writeManifest } from "./manifest.ts";

const id = (n: number) => `${String(1_700_000_000_000 + n)}-0000000a`;

/** What the whole entries say, as texts by their paths. */
function textsOf(entries: readonly PlainEntry[]): Map<string, string> {
  return new Map(entries.map((plain) => [plain.path, JSON.stringify(plain)]));
}

Deno.test("compare() finds what whole manifests have otherwise, and nothing else", async () => {
  for (let seed = 1; seed <= 30; seed++) {
    const random = randomNumbers(seed);
    using folder = tempDir();
    using manifests = openPlatform().openFolder(folder.path);
    const before = randomEntries(random, 40 + random(400));
    const after = changedEntries(random, before, random(20));
    const tables = [tableOf(before), tableOf(after)] as const;
    await writeManifest(manifests, id(1), tables[0], null);
    await writeManifest(manifests, id(2), tables[1], id(1));
    const [old, now] = [textsOf(plainOf(tables[0])), textsOf(plainOf(tables[1]))];
    const paths = [...new Set([...old.keys(), ...now.keys()])];
    const expected = paths.filter((path) => old.get(path) !== now.get(path)).sort();
    using comparison = await new ManifestComparer(manifests).compare(id(1), id(2));
    const found = Array.from(comparison.changes(), ({ path, before, after }) => {
      assertEquals([before, after], [old.has(latinOf(path)), now.has(latinOf(path))]);
      return latinOf(path);
    });
    assertEquals(found.sort(), expected, `seed ${seed}`);
    const samples = Array.from(comparison.samples(3), latinOf);
    for (const path of samples) assert(old.get(path) === now.get(path), path);
  }
});

Deno.test("compare() gives all entries where there is no earlier manifest", async () => {
  using folder = tempDir();
  using manifests = openPlatform().openFolder(folder.path);
  const table = tableOf(randomEntries(randomNumbers(7), 300));
  await writeManifest(manifests, id(1), table, null);
  using comparison = await new ManifestComparer(manifests).compare(undefined, id(1));
  const found = Array.from(comparison.changes(), ({ path }) => latinOf(path));
  assertEquals(found, plainOf(table).map(({ path }) => path));
});
