import { assertEquals } from "@std/assert";
import { absolutePath } from "./absolute_path.ts";

Deno.test("absolutePath() takes a path from a folder", () => {
  assertEquals(absolutePath("a", "/b"), "/b/a");
  assertEquals(absolutePath("../a/./c//d/", "/b"), "/a/c/d");
  assertEquals(absolutePath("/x/../y", "/b"), "/y");
  assertEquals(absolutePath("../../..", "/b"), "/");
  assertEquals(absolutePath("a?b#c%20", "/"), "/a?b#c%20");
});
