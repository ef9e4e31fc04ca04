import { assertEquals } from "@std/assert";
import { bytesOf } from "../model/bytes.ts";
import { PathForEyes } from "./path_for_eyes.ts";

Deno.test("PathForEyes.path is told however deep it lies", () => {
  let path = new PathForEyes({ path: "/" }, bytesOf("top"));
  for (let i = 0; i < 20_000; i++) path = new PathForEyes(path, bytesOf("d"));
  assertEquals(path.path, "/top" + "/d".repeat(20_000));
  assertEquals(new PathForEyes(path, bytesOf(".")).path, path.path);
});
