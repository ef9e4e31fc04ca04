import { assertEquals, assertThrows } from "@std/assert";
import { plainOf } from "../../tests/support/random_tables.ts";
import { bytesOf } from "../model/bytes.ts";
import { Damage } from "./byte_stream.ts";
import { EntryDecoder } from "./manifest_entries.ts";
import { decodeIndex, encodeIndex } from "./manifest_index.ts";
import { TreeTable } from "./table.ts";

// Entries as docs/format.md says, put together by hand. Attributes and seconds are zeros.
const ATTRIBUTES = [0, 0, 0];
const ROOT = [9, 0, 0, ...ATTRIBUTES, 0];
const dir = (path: string, shared = 0) => [9, shared, path.length, ...bytesOf(path), ...ATTRIBUTES, 0];
const file = (path: string, shared = 0) => [8, shared, path.length, ...bytesOf(path), ...ATTRIBUTES, 0, 0];

function decode(...blocks: number[][][]): TreeTable {
  const table = new TreeTable();
  const decoder = new EntryDecoder(table);
  for (const entries of blocks) decoder.decode(Uint8Array.from(entries.flat()), entries.length);
  return table;
}

Deno.test("EntryDecoder reads entries as the format's page has them", () => {
  const table = decode([ROOT, dir("a"), file(".txt", 1), file("/x", 1)], [dir("b"), file("/y", 1)]);
  assertEquals(plainOf(table).map(({ path }) => path), ["", "a", "a.txt", "a/x", "b", "b/y"]);
  assertEquals([...table.parent.subarray(1, 6)], [0, 0, 1, 0, 4]);
});

Deno.test("EntryDecoder refuses everything that is no tree", () => {
  const far = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f];
  const cases: [reason: string, ...blocks: number[][][]][] = [
    ["in order", [ROOT, file("b"), file("a")]],
    ["in order", [ROOT, file("b")], [file("a")]],
    ["in order", [ROOT, file("a"), file("", 1)]],
    ["in order", [ROOT, file("a")], [file("a")]],
    ["in order", [ROOT, file("ab"), file("a")]],
    ["in order", [ROOT, ROOT]],
    ["in order", [ROOT, file("ab"), file("ac")]], // it hides that the `a` is shared
    ["impossible name", [dir("a")]],
    ["impossible name", [[8, 0, 0, ...ATTRIBUTES, 0, 0]]],
    ["impossible name", [ROOT, file(".")]],
    ["impossible name", [ROOT, dir("a"), file("/..", 1)]],
    ["impossible name", [ROOT, file("a\0")]],
    ["impossible name", [ROOT, dir("a"), file("/", 1)]],
    ["folder is missing", [ROOT, file("/a")]],
    ["folder is missing", [ROOT, file("a/b")]],
    ["folder is missing", [ROOT, file("a"), file("/b", 1)]],
    ["folder is missing", [ROOT, dir("ab"), file("c/x", 1)]],
    ["folder is missing", [ROOT, dir("a"), file("//b", 1)]],
    ["mode and owner", [[1, 0, 0, 0]]],
    ["mode and owner", [ROOT], [[1, 0, 1, 0x61, 0]]],
    ["unknown type", [ROOT, [7, 0, 1, 0x61, 0]]],
    ["unknown type", [ROOT, [0x89, 0, 1, 0x61, ...ATTRIBUTES, 0]]],
    ["unknown extras", [ROOT, [0x49, 0, 1, 0x61, 0x40, ...ATTRIBUTES, 0]]],
    ["impossible time", [ROOT, [0x29, 0, 1, 0x61, ...ATTRIBUTES, 0, 0, 0xca, 0x9a, 0x3b]]],
    ["impossible time", [ROOT, [9, 0, 1, 0x61, ...ATTRIBUTES, ...far]]],
    ["first name is missing", [ROOT, [0x48, 0, 1, 0x61, 8, ...ATTRIBUTES, 0, 0, 1, 0]]],
    ["at most", [ROOT, [9, 0, 1, 0x61, 0xff, 0xff, 3, 0, 0, 0]]],
    ["at most", [ROOT, [9, 0, 1, 0x61, 0xed, 0x13, 0, 0, 0]]], // a folder with set-uid
    ["no end", [ROOT, [9, ...new Array(12).fill(0xff)]]],
    ["too early", [ROOT, [9, 0, 1, 0x61, 0, 0]]],
    ["more bytes after its last", [ROOT, [...file("a"), 0]]],
  ];
  for (const [reason, ...blocks] of cases) {
    assertThrows(() => decode(...blocks), Damage, reason, JSON.stringify(blocks));
  }
});

Deno.test("decodeIndex() refuses numbers of entries that cannot be", async () => {
  const place = {
    pack: "1700000000000-0000000a",
    offset: 9,
    length: 100,
    entries: 20,
    hash: new Uint8Array(32),
  };
  assertEquals((await decodeIndex(await encodeIndex([place]))).count, 20);
  for (const entries of [0, 21, 513]) {
    const index = await encodeIndex([{ ...place, entries }]);
    assertEquals(await decodeIndex(index).catch((error) => error instanceof Damage), true, `${entries}`);
  }
});
