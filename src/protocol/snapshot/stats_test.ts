import { assertEquals } from "@std/assert";
import { SYMLINK } from "../../model/entry.ts";
import { entry, tableOf } from "../../../tests/support/random_tables.ts";
import { changedBytes } from "./stats.ts";

const file = (path: string, size: number, digit: string, group: string | null = null) =>
  entry(path, { size, hash: digit.repeat(64), group });

Deno.test("changedBytes() counts what is new or has other content, each file once", () => {
  const before = tableOf([
    file("a", 1, "1"),
    file("b", 2, "2"),
    file("gone", 4, "4"),
    file("d/moved", 8, "8"),
  ]);
  const now = tableOf([
    file("a", 1, "1"),
    file("b", 2, "3"),
    file("d/new-name", 8, "8"),
    file("one", 16, "5", "g"),
    file("two", 16, "5", "g"),
    entry("link", { type: SYMLINK, target: "a", size: 32 }),
  ]);
  assertEquals(changedBytes(before, now), 2 + 8 + 16);
  assertEquals(changedBytes(undefined, now), 1 + 2 + 8 + 16);
  assertEquals(changedBytes(now, now), 0);
});

Deno.test("changedBytes() does not count what only has other metadata", () => {
  const now = tableOf([{ ...file("a", 5, "1"), mode: 0o600, sec: 9 }]);
  assertEquals(changedBytes(tableOf([file("a", 5, "1")]), now), 0);
});
