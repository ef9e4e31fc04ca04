import { assertEquals } from "@std/assert";
import { isDeeper } from "./depth.ts";

Deno.test("isDeeper() counts the levels of lists and objects, wherever the deepest is", () => {
  assertEquals([isDeeper("text", 0), isDeeper(null, 0), isDeeper([], 0)], [false, false, true]);
  const value = { a: 1, b: [{}, [{ c: null }]] };
  assertEquals([3, 4].map((levels) => isDeeper(value, levels)), [true, false]);
  const deep: unknown = JSON.parse("[".repeat(100_000) + "]".repeat(100_000));
  assertEquals(isDeeper(deep, 32), true);
});
