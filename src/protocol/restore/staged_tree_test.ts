import { assertEquals } from "@std/assert";
import { entry, tableOf } from "../../../tests/support/random_tables.ts";
import { onTree } from "../../../tests/support/tree_cases.ts";
import { bytesOf } from "../../model/bytes.ts";
import { DIR } from "../../model/entry.ts";
import { Stat } from "../../platform/stat.ts";
import { StagedTree } from "./staged_tree.ts";

const HASH = "ab".repeat(32);
const COLOUR = [{ name: "user.colour", value: bytesOf("red") }];
const { signal } = new AbortController();

onTree("StagedTree.look() believes of what was staged only what the system says", async ({ root, path }) => {
  const made = { hash: HASH, size: 3, sec: 5 };
  const table = tableOf([
    entry("", { type: DIR }),
    entry("as it should be", made),
    entry("of another size", { ...made, size: 4 }),
    entry("that lost its attributes", { ...made, xattrs: COLOUR }),
    entry("that was not made", made),
    entry("with attributes", { ...made, xattrs: COLOUR }),
  ]);
  for (let i = 1; i < table.count; i++) {
    const name = new TextDecoder().decode(table.name(i));
    if (name === "that was not made") continue;
    Deno.writeTextFileSync(`${path}/${name}`, "abc");
    if (name === "with attributes") COLOUR.forEach((xattr) => root.setXattr(bytesOf(name), xattr));
    Deno.utimeSync(`${path}/${name}`, 5, 5);
  }
  const origin = Uint32Array.from({ length: table.count }, (_, i) => i + 10); // of a larger manifest
  const staged = await StagedTree.look(root, { table, origin, hasFacts: false }, 20, signal);

  assertEquals([...table.hashed.subarray(1, table.count)], [1, 0, 1, 0, 1]);
  assertEquals([...table.xattrs.keys()], [5]);
  for (const [i, name] of [[1, "as it should be"], [3, "that lost its attributes"]] as const) {
    assertEquals(staged.inode(i + 10), String(Deno.statSync(`${path}/${name}`).ino));
  }
  assertEquals([staged.inode(4 + 10), staged.inode(3)], [null, null]);
});

onTree(
  "StagedTree.wasMoved() believes a new change time only of what is otherwise as it was staged",
  async ({ root, path }) => {
    const made = { hash: HASH, size: 3, sec: 5 };
    const names = ["moved", "written into", "replaced"];
    const table = tableOf([entry("", { type: DIR }), ...names.toSorted().map((name) => entry(name, made))]);
    for (const name of names) {
      Deno.writeTextFileSync(`${path}/${name}`, "abc");
      Deno.utimeSync(`${path}/${name}`, 5, 5);
    }
    const origin = Uint32Array.from({ length: table.count }, (_, i) => i);
    const staged = await StagedTree.look(root, { table, origin, hasFacts: false }, table.count, signal);
    Deno.chmodSync(`${path}/moved`, 0o600);
    Deno.chmodSync(`${path}/moved`, 0o644); // another change time
    Deno.writeTextFileSync(`${path}/written into`, "def");
    Deno.writeTextFileSync(`${path}/other`, "abc");
    Deno.utimeSync(`${path}/other`, 5, 5);
    Deno.renameSync(`${path}/other`, `${path}/replaced`);
    const stat = new Stat();
    for (let i = 1; i < table.count; i++) {
      root.stat(table.name(i), stat);
      staged.wasMoved(i, stat);
    }
    assertEquals([...table.hashed.subarray(1, table.count)], [1, 0, 0]);
    root.stat(bytesOf("moved"), stat);
    assertEquals([table.ctimeSec[1], table.ctimeNsec[1]], [stat.ctimeSec, stat.ctimeNsec]);
  },
);
