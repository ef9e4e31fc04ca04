import { assertEquals } from "@std/assert";
import { tableOf } from "../../tests/support/tree_cases.ts";
import { bytesOf, textOf } from "../model/bytes.ts";
import { DIR } from "../model/entry.ts";
import { PathWalker } from "./path_walker.ts";

Deno.test("PathWalker gives the paths of a table, in its order and in any other", () => {
  const table = tableOf("a/", "a.txt", "a/b/", "a/b.c", "a/b/deep/", "a/b/deep/x", "a/b/y", "a0/", "a0/z");
  const paths = new PathWalker(table);
  const order = [...Array(table.count).keys()];
  for (const indexes of [order, order.toReversed(), [6, 1, 9, 6, 0, 4, 8]]) {
    for (const i of indexes) assertEquals(textOf(paths.path(i)), textOf(table.path(i)));
  }
  assertEquals(textOf(paths.child(0, bytesOf("new"))), "new");
  assertEquals(textOf(paths.child(1, bytesOf("new"))), "a/new");
});

Deno.test("PathWalker gives paths longer than any system call takes", () => {
  const table = tableOf();
  for (let i = 0; i < 100; i++) table.add(i, new Uint8Array(200).fill(0x61 + i % 26), DIR);
  const paths = new PathWalker(table);
  for (const i of [1, 20, 21, 100, 50]) assertEquals(paths.path(i), table.path(i));
});
