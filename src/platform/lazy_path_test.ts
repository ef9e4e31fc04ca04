import { assertEquals } from "@std/assert";
import { bytesOf } from "../model/bytes.ts";
import { LazyPath } from "./lazy_path.ts";

Deno.test("LazyPath.path is told however deep it lies", () => {
  let path = new LazyPath({ path: "/" }, bytesOf("top"));
  for (let i = 0; i < 20_000; i++) path = new LazyPath(path, bytesOf("d"));
  assertEquals(path.path, "/top" + "/d".repeat(20_000));
  assertEquals(new LazyPath(path, bytesOf(".")).path, path.path);
});
