import { assertEquals } from "@std/assert";
import { firstFew } from "./first_few.ts";

Deno.test("firstFew() says how many it does not show", () => {
  assertEquals(firstFew(["a", "b"]), "a, b");
  assertEquals(firstFew(["a", "b", "c"], { most: 2 }), "a, b, and 1 more");
  assertEquals(firstFew(["a", "b"], { most: 2, all: 7 }), "a, b, and 5 more");
});
