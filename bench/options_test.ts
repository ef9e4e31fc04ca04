import { assertEquals, assertThrows } from "@std/assert";
import { readOptions } from "./options.ts";

Deno.test("readOptions() reads values behind a blank or an equals sign", () => {
  const { only, rounds, compare, million } = readOptions([
    "--only",
    "restore",
    "--rounds=3",
    "--compare",
    "old.json",
  ]);
  assertEquals({ only, rounds, compare, million }, {
    only: "restore",
    rounds: 3,
    compare: "old.json",
    million: false,
  });
  assertEquals(readOptions(["--compare-to=v1"])["compare-to"], "v1");
});

Deno.test("readOptions() takes the small rows for everything about the baseline", () => {
  for (const flag of ["--check", "--write-baseline", "--small"]) {
    assertEquals(readOptions([flag]).small, true);
  }
});

Deno.test("readOptions() refuses what it does not know, and names what there is", () => {
  for (const args of [["--smal"], ["rows"], ["--only"], ["--rounds", "0"], ["--rounds=x"]]) {
    assertThrows(
      () => readOptions(args),
      Error,
      args[0]?.startsWith("--rounds") ? "--rounds needs" : "--million",
    );
  }
});
