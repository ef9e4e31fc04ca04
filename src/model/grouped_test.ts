import { assertEquals } from "@std/assert";
import { grouped } from "./grouped.ts";

Deno.test("grouped() separates thousands", () => {
  assertEquals([0, 999, 1000, 12_345, 1_234_567].map(grouped), ["0", "999", "1,000", "12,345", "1,234,567"]);
});
