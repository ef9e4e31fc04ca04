import { assertEquals } from "@std/assert";
import { DIR, FIFO } from "../model/entry.ts";
import { Stat } from "../platform/stat.ts";
import { KnownTree } from "./known_tree.ts";
import { NONE, TreeTable } from "./table.ts";

Deno.test("KnownTree.isUnchanged() looks at everything that tells a change", () => {
  const stat = Object.assign(new Stat(), {
    mode: 0o644,
    uid: 1,
    gid: 2,
    size: 3,
    mtimeSec: 4,
    mtimeNsec: 5,
    ctimeSec: 6,
    ctimeNsec: 7,
    inoLo: 8,
    inoHi: 9,
  });
  const table = new TreeTable();
  table.addStat(NONE, new Uint8Array(), stat);
  const known = new KnownTree(table);
  assertEquals(known.isUnchanged(0, stat), false); // not clean
  table.clean[0] = 1;
  assertEquals(known.isUnchanged(0, stat), true);
  const fields = [
    "mode",
    "uid",
    "gid",
    "size",
    "mtimeSec",
    "mtimeNsec",
    "ctimeSec",
    "ctimeNsec",
    "inoLo",
    "inoHi",
  ];
  for (const field of fields) {
    const other = Object.assign(new Stat(), stat, { [field]: 1000 });
    assertEquals(known.isUnchanged(0, other), false, field);
  }
  for (const type of [DIR, FIFO]) {
    assertEquals(known.isUnchanged(0, Object.assign(new Stat(), stat, { type })), false);
  }
});
