import { assertEquals, assertThrows } from "@std/assert";
import { SchemaMismatch } from "../model/schema.ts";
import { duration, durationText, size } from "./units.ts";

Deno.test("size() reads bytes with and without a unit", () => {
  const sizes: [unknown, number][] = [[0, 0], [1000, 1000], ["12", 12], ["1 GB", 1e9], ["1.5KiB", 1536], [
    "2TB",
    2e12,
  ]];
  for (const [given, bytes] of sizes) assertEquals(size().check(given), bytes);
  for (const wrong of [-1, 1e300, NaN, "", "1 XB", "1 constructor", "GB", null, ["1"], true]) {
    assertThrows(() => size().check(wrong, "x"), SchemaMismatch, "x: must be a number of bytes");
  }
});

Deno.test("duration() reads a time with its unit, and nothing without one", () => {
  const times: [string, number][] = [["500ms", 500], ["30s", 30_000], ["1.5 h", 5_400_000], [
    "7d",
    604_800_000,
  ], ["0s", 0]];
  for (const [given, ms] of times) assertEquals(duration().check(given), ms);
  for (const wrong of [30, "30", "s", "-1s", "1y", {}]) {
    assertThrows(() => duration().check(wrong), SchemaMismatch);
  }
});

Deno.test("durationText() is what duration() reads", () => {
  for (const [ms, text] of [[86_400_000, "1d"], [90_000, "90s"], [1500, "1500ms"], [0, "0ms"]] as const) {
    assertEquals(durationText(ms), text);
    assertEquals(duration().check(text), ms);
  }
});
