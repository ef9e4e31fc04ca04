import { assertEquals, assertStrictEquals } from "@std/assert";
import { bytesOf } from "../model/bytes.ts";
import { DIR, FILE } from "../model/entry.ts";
import { rightsOf } from "../platform/linux_rights.ts";
import { asHeld } from "./as_held.ts";
import { NONE, TreeTable } from "./table.ts";

const [ME, YOU, TEAM] = [7, 8, 70];
const me = { uid: ME, rights: rightsOf(`Groups: ${TEAM}\nCapEff: 0\n`, ME, ME) };
const root = { uid: 0, rights: rightsOf(undefined, 0, 0) };

/** A tree with one file of this owner and group. */
function treeOf(uid: number, gid: number, { mode = 0o644, xattrs = [] as string[] } = {}): TreeTable {
  const table = new TreeTable(2);
  for (const [parent, name, type] of [[NONE, "", DIR], [0, "f", FILE]] as const) {
    const index = table.add(parent, bytesOf(name), type);
    table.uid[index] = uid;
    table.gid[index] = gid;
    table.mode[index] = mode;
  }
  if (xattrs.length > 0) table.xattrs.set(1, xattrs.map((name) => ({ name, value: bytesOf("1") })));
  return table;
}

function fileOf(table: TreeTable): (number | undefined)[] {
  return [table.uid[1], table.gid[1]];
}

Deno.test("asHeld() takes the owner of now where the user may not set the saved one, and only there", async () => {
  for (
    const [saved, now, held] of [
      [[YOU, TEAM], [ME, TEAM], [ME, TEAM]], // a copy of mine
      [[ME, TEAM], [YOU, TEAM], [YOU, TEAM]], // a file of yours: only root can give it to me
      [[ME, 99], [ME, ME], [ME, ME]], // a group that I am not in
      [[YOU, TEAM], [YOU, YOU], [YOU, YOU]],
      [[ME, TEAM], [ME, ME], [ME, TEAM]], // mine to set: a difference
      [[ME, ME], [ME, 99], [ME, ME]],
    ] as const
  ) {
    const [before, after] = [treeOf(saved[0], saved[1]), treeOf(now[0], now[1])];
    assertEquals(fileOf(await asHeld(before, after, me)), [...held], `${saved} and ${now}`);
    assertEquals(fileOf(before), [...saved]);
    assertStrictEquals(await asHeld(before, after, root), before);
  }
});

Deno.test("asHeld() gives set-id bits to no file whose owner cannot be set", async () => {
  const held = await asHeld(treeOf(YOU, TEAM, { mode: 0o6755 }), treeOf(ME, TEAM, { mode: 0o6755 }), me);
  assertEquals(held.mode[1], 0o755);
  assertEquals((await asHeld(treeOf(YOU, 1, { mode: 0o6755 }), treeOf(YOU, 1), me)).mode[1], 0o6755);
});

Deno.test("asHeld() takes of attributes that only root may set those of now", async () => {
  const xattrs = ["security.capability", "trusted.a", "user.a"];
  const saved = treeOf(ME, ME, { xattrs });
  const names = (table: TreeTable) => (table.xattrs.get(1) ?? []).map(({ name }) => name);
  assertEquals(names(await asHeld(saved, treeOf(ME, ME, { xattrs: ["security.b", "user.b"] }), me)), [
    "security.b",
    "user.a",
  ]);
  assertEquals(names(await asHeld(treeOf(ME, ME), treeOf(ME, ME, { xattrs: ["trusted.a"] }), me)), [
    "trusted.a",
  ]);
  assertStrictEquals(await asHeld(saved, treeOf(ME, ME), root), saved);
});
