import { assert, assertEquals, assertThrows } from "@std/assert";
import { openFilesIn } from "../../tests/support/open_files.ts";
import { mustRun } from "../../tests/support/run.ts";
import { indexOf, onTree, scan, tableOf, watched } from "../../tests/support/tree_cases.ts";
import { bytesOf, ITSELF } from "../model/bytes.ts";
import { DIR } from "../model/entry.ts";
import { Stat } from "../platform/stat.ts";
import { SystemError } from "../platform/system_error.ts";
import { OpenFolders } from "./open_folders.ts";

onTree("OpenFolders.get() gives the folder of each entry, in any order", async ({ root, path }) => {
  mustRun("sh", "-c", `cd '${path}' && for i in $(seq 90); do mkdir -p a/$i/b c$i; done`);
  const { table } = await scan(root);
  const order = [...Array(table.count).keys()];
  using folders = new OpenFolders(root, table);
  const stat = new Stat();
  for (const indexes of [order, order.toReversed(), order.map((i) => i * 97 % table.count)]) {
    for (const i of indexes) {
      folders.get(i).stat(ITSELF, stat);
      assertEquals(stat.inoLo, table.inoLo[i]);
    }
  }
});

onTree(
  "OpenFolders keeps few descriptors open at any depth and width, and none afterwards",
  async ({ root, path }) => {
    const deep = "d/".repeat(1500);
    mustRun("sh", "-c", `cd '${path}' && mkdir -p '${deep}' && for i in $(seq 500); do mkdir w$i; done`);
    const { table } = await scan(root);
    const before = openFilesIn(path);
    {
      using folders = new OpenFolders(root, table);
      const stat = new Stat();
      for (let i = 0; i < table.count; i++) folders.get(i);
      for (const i of [1500, 3, 1499, 1200]) {
        folders.get(i).stat(ITSELF, stat);
        assertEquals(stat.inoLo, table.inoLo[i]);
      }
      assert(openFilesIn(path) - before <= 70, `${openFilesIn(path) - before} are open`);
    }
    assertEquals(openFilesIn(path), before);
  },
);

onTree("OpenFolders opens a folder once while it is in use", async ({ root, path }) => {
  mustRun("sh", "-c", `cd '${path}' && mkdir -p a/b/c a/d`);
  const { table } = await scan(root);
  const opened: string[] = [];
  const seen = watched(root, (call, name) => {
    if (call === "openFolder") opened.push(name);
  });
  using folders = new OpenFolders(seen, table);
  for (const name of ["a/b/c", "a/d", "a/b", "a", "a/b/c"]) folders.get(indexOf(table, name));
  assertEquals(opened, ["a", "b", "c", "d"]);
});

onTree(
  "OpenFolders comes back up a deep tree without starting at the root each time",
  async ({ root, path }) => {
    const depth = 1800;
    mustRun("sh", "-c", `cd '${path}' && mkdir -p '${"d/".repeat(depth)}'`);
    const { table } = await scan(root);
    let opened = 0;
    const seen = watched(root, (call) => {
      if (call === "openFolder") opened++;
    });
    using folders = new OpenFolders(seen, table);
    for (let i = depth; i > 0; i--) folders.get(i);
    assert(opened < 6 * depth, `${opened} were opened`);
  },
);

onTree("OpenFolders never goes through a link", ({ root, path, ours }) => {
  Deno.mkdirSync(`${ours}/b`);
  Deno.symlinkSync(ours, `${path}/a`);
  const table = tableOf();
  const a = table.add(0, bytesOf("a"), DIR);
  const b = table.add(a, bytesOf("b"), DIR);
  using folders = new OpenFolders(root, table);
  for (const i of [b, a]) assertThrows(() => folders.get(i), SystemError);
});
