import { assertEquals, assertThrows } from "@std/assert";
import { byPath } from "../../tests/support/by_path.ts";
import { tempDir } from "../../tests/support/temp_dir.ts";
import { makeRichTree } from "../../tests/support/trees.ts";
import { onTree, scan, scanSettled, tableOf } from "../../tests/support/tree_cases.ts";
import { bytesOf } from "../model/bytes.ts";
import { FILE } from "../model/entry.ts";
import { SystemError } from "../platform/system_error.ts";
import { hashFiles } from "./hash.ts";
import * as cache from "./stat_cache.ts";
import { TreeTable } from "./table.ts";

const saveStatCache = byPath(cache.saveStatCache);
const loadStatCache = byPath((folder, name, key: string) => {
  using file = folder.openFile(bytesOf(name), "read");
  return cache.loadStatCache(file, key);
});

onTree("loadStatCache() gives the very table that saveStatCache() was given", async (given) => {
  await makeRichTree(given.path);
  const { table } = await scan(given.root);
  const files = Array.from({ length: table.count }, (_, i) => i).filter((i) => table.type[i] === FILE);
  await hashFiles(given.root, table, files, { flush: false });
  table.lost[3] = 5;
  table.clean[2] = 1;
  const path = `${given.ours}/cache`;
  const id = "1700000000000-0123abcd";
  for (const [snapshotId, savedAs] of [[id, id], [null, id], [null, null]] as const) {
    const since = snapshotId && "uuid 7";
    saveStatCache(path, { key: "fs 42", snapshotId, savedAs, since, table });
    const { table: loaded, mark: _mark, ...rest } = loadStatCache(path, "fs 42") ?? {};
    assertEquals(rest, { key: "fs 42", snapshotId, savedAs, since });
    assertSame(loaded as TreeTable, table);
  }
  assertEquals(Array.from(Deno.readDirSync(given.ours), ({ name }) => name), ["cache"]);
}, "python3");

onTree(
  "loadStatCache() gives a table that a scan takes everything from, and that can grow",
  async (given) => {
    Deno.writeTextFileSync(`${given.path}/file`, "content");
    const { table } = await scanSettled(given);
    await hashFiles(given.root, table, [1], { flush: given.platform });
    saveStatCache(`${given.ours}/cache`, { key: "", snapshotId: null, savedAs: null, table });
    const known = loadStatCache(`${given.ours}/cache`, "")?.table as TreeTable;
    assertEquals((await scan(given.root, { known })).table.hashed[1], 1);
    for (let i = 0; i < 100; i++) known.add(0, bytesOf(`more-${i}`), FILE);
    assertEquals([known.find(bytesOf("file")), known.find(bytesOf("more-99"))], [1, 101]);
  },
);

Deno.test("loadStatCache() gives nothing for another key or from any damage", () => {
  using dir = tempDir();
  const path = `${dir.path}/cache`;
  const table = tableOf("a/", "a/file", "link");
  table.targets.set(3, bytesOf("target"));
  saveStatCache(path, { key: "key", snapshotId: null, savedAs: null, table });
  assertEquals(loadStatCache(path, "other"), undefined);
  const good = Deno.readFileSync(path);
  for (let i = 0; i < good.length; i++) {
    const bad = good.slice();
    bad[i] = (bad[i] as number) ^ (1 << i % 8);
    Deno.writeFileSync(path, bad);
    assertEquals(loadStatCache(path, "key"), undefined, `byte ${i}`);
    Deno.writeFileSync(path, good.subarray(0, i));
    assertEquals(loadStatCache(path, "key"), undefined, `cut to ${i}`);
  }
  Deno.writeFileSync(path, good);
  assertEquals(loadStatCache(path, "key")?.table.count, 4);
});

Deno.test("saveStatCache() says what failed and leaves the earlier cache", () => {
  using dir = tempDir();
  assertThrows(
    () =>
      saveStatCache(`${dir.path}/missing/cache`, {
        key: "",
        snapshotId: null,
        savedAs: null,
        table: tableOf(),
      }),
    SystemError,
    "/missing",
  );
});

function assertSame(a: TreeTable, b: TreeTable): void {
  assertEquals(a.count, b.count);
  assertEquals(a.columns(), b.columns());
  assertEquals([...a.targets], [...b.targets]);
  assertEquals([...a.xattrs], [...b.xattrs]);
  assertEquals([...a.devices], [...b.devices]);
  for (let i = 0; i < b.count; i++) assertEquals(a.path(i), b.path(i));
}
