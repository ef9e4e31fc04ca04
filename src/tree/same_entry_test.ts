import { assertEquals } from "@std/assert";
import { DIR, FILE } from "../model/entry.ts";
import { Stat } from "../platform/stat.ts";
import {
  hasSameFacts,
  isAsRecorded,
  isOfSameMake,
  isUnchangedBetween,
  isUnchangedButMoved,
  isUnchangedSince,
} from "./same_entry.ts";
import { NONE, TreeTable } from "./table.ts";

const MAKE = ["type", "size", "mtimeSec", "mtimeNsec"];
const RIGHTS = ["mode", "uid", "gid"];
const INODE = ["inoLo", "inoHi"];
const CTIME = ["ctimeSec", "ctimeNsec"];

/** A file's stat, every field another number; with one of them changed. */
function statWith(field?: string): Stat {
  const fields = Object.keys(new Stat()).filter((key) => !["mountRoot", "inodeFlags", "type"].includes(key));
  const stat = Object.assign(new Stat(), Object.fromEntries(fields.map((key, k) => [key, 100 + k])), {
    type: FILE,
  });
  return field === undefined ? stat : Object.assign(stat, { [field]: field === "type" ? DIR : 1 });
}

function tableWith(field?: string): TreeTable {
  const table = new TreeTable();
  table.addStat(NONE, new Uint8Array(), statWith(field));
  return table;
}

const QUESTIONS: [string, readonly string[], (field?: string) => boolean][] = [
  [
    "isUnchangedBetween",
    [...MAKE, ...RIGHTS, ...INODE, ...CTIME],
    (field) => isUnchangedBetween(tableWith(), 0, tableWith(field), 0),
  ],
  [
    "isUnchangedSince",
    [...MAKE, ...RIGHTS, ...INODE, ...CTIME],
    (field) => isUnchangedSince(tableWith(), 0, statWith(field)),
  ],
  [
    "isUnchangedButMoved",
    [...MAKE, ...RIGHTS, ...INODE],
    (field) => isUnchangedButMoved(tableWith(), 0, tableWith(field), 0),
  ],
  ["hasSameFacts", [...MAKE, ...RIGHTS], (field) => hasSameFacts(tableWith(), 0, tableWith(field), 0)],
  ["isOfSameMake", MAKE, (field) => isOfSameMake(tableWith(), 0, tableWith(field), 0)],
  ["isAsRecorded", MAKE, (field) => isAsRecorded(tableWith(), 0, statWith(field))],
];

for (const [name, fields, ask] of QUESTIONS) {
  Deno.test(`${name}() asks ${fields.join(", ")}, and nothing else`, () => {
    assertEquals(ask(), true);
    const asked = [...MAKE, ...RIGHTS, ...INODE, ...CTIME, "nlink", "blocks"].filter((field) => !ask(field));
    assertEquals(asked, fields);
  });
}

Deno.test("isUnchangedButMoved() asks extended attributes too", () => {
  const changed = tableWith();
  changed.xattrs.set(0, [{ name: "user.mine", value: new Uint8Array(1) }]);
  assertEquals(isUnchangedButMoved(tableWith(), 0, changed, 0), false);
});
