import { assert, assertEquals, assertThrows } from "@std/assert";
import { formatBytes, formatDuration, parseBytes, parseDuration, parseWhen } from "./duration.ts";
import { JvsError } from "./errors.ts";

function assertUsage(read: (text: string) => number, texts: readonly string[]): void {
  for (const text of texts) assertEquals(assertThrows(() => read(text), JvsError).code, "E_USAGE", text);
}

const NOW = Date.UTC(2026, 0, 31, 12);

Deno.test("parseDuration() reads every unit and seconds without one", () => {
  const cases: Record<string, number> = {
    "30s": 30_000,
    "10m": 600_000,
    "24h": 86_400_000,
    "30d": 2_592_000_000,
    "1500ms": 1500,
    "30": 30_000,
    "0": 0,
    "0.5": 500,
    " 1.5 h ": 5_400_000,
    "1h30m": 5_400_000,
    "1d 2h": 93_600_000,
    "1.0004s": 1000,
  };
  for (const [text, ms] of Object.entries(cases)) assertEquals(parseDuration(text), ms, text);
});

Deno.test("parseDuration() refuses what is no duration", () => {
  const wrong = ["", "s", "-1s", "1 y", "1e3", "1s2", "abc", "Infinity", "1,5h", ".5s", "9".repeat(20), "1S"];
  assertUsage(parseDuration, wrong);
});

Deno.test("formatDuration() gives at most two units, never sixty of one", () => {
  const cases: readonly (readonly [number, string])[] = [
    [0, "0ms"],
    [999, "999ms"],
    [1000, "1s"],
    [4230, "4.2s"],
    [9999, "10s"],
    [59_400, "59s"],
    [59_999, "1m"],
    [192_000, "3m 12s"],
    [3_599_999, "1h"],
    [7_501_000, "2h 5m"],
    [86_399_999, "1d"],
    [93_600_000, "1d 2h"],
    [2_592_000_000, "30d"],
  ];
  for (const [ms, text] of cases) assertEquals(formatDuration(ms), text);
});

Deno.test("formatDuration() is understood by parseDuration()", () => {
  for (const ms of [0, 1, 1500, 30_000, 192_000, 7_500_000, 93_600_000, 2_592_000_000]) {
    assertEquals(parseDuration(formatDuration(ms)), ms);
  }
});

Deno.test("parseBytes() reads decimal and binary units", () => {
  const cases: Record<string, number> = {
    "123": 123,
    "0": 0,
    "7 B": 7,
    "1 GB": 1e9,
    "100MB": 1e8,
    "1GiB": 2 ** 30,
    "1.5 kb": 1500,
    "2k": 2000,
    "2Ki": 2048,
    " 3 TiB ": 3 * 2 ** 40,
    "1pb": 1e15,
    "0.3 KiB": 307,
  };
  for (const [text, bytes] of Object.entries(cases)) assertEquals(parseBytes(text), bytes, text);
});

Deno.test("parseBytes() refuses what is no amount", () => {
  assertUsage(parseBytes, ["", "MB", "-1", "1 XB", "1 iB", "1 Bi", "1e9", "1 GB!", "99999999 PB", "0x10"]);
});

Deno.test("formatBytes() shows three digits and never a thousand of a unit", () => {
  const cases: readonly (readonly [number, string])[] = [
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1 KB"],
    [1536, "1.54 KB"],
    [999_499, "999 KB"],
    [999_500, "1 MB"],
    [123_456_789, "123 MB"],
    [2_000_000_000_000, "2 TB"],
    [4e18, "4000 PB"],
  ];
  for (const [bytes, text] of cases) assertEquals(formatBytes(bytes), text);
});

Deno.test("parseWhen() reads ISO times with a zone", () => {
  const cases: Record<string, number> = {
    "2026-01-31T09:30Z": Date.UTC(2026, 0, 31, 9, 30),
    "2026-01-31t09:30:15.250z": Date.UTC(2026, 0, 31, 9, 30, 15, 250),
    "2026-01-31 09:30 +0200": Date.UTC(2026, 0, 31, 7, 30),
    "2026-01-31T09:30:00-05:30": Date.UTC(2026, 0, 31, 15, 0),
    "2024-02-29T00:00Z": Date.UTC(2024, 1, 29),
  };
  for (const [text, ms] of Object.entries(cases)) assertEquals(parseWhen(text, NOW), ms, text);
});

Deno.test("parseWhen() takes dates and times without a zone as local", () => {
  assertEquals(parseWhen("2026-01-31", NOW), new Date(2026, 0, 31).getTime());
  assertEquals(parseWhen(" 2026-07-01 09:30 ", NOW), new Date(2026, 6, 1, 9, 30).getTime());
});

Deno.test("parseWhen() counts back from now", () => {
  assertEquals(parseWhen("2h", NOW), NOW - 7_200_000);
  assertEquals(parseWhen("3d ago", NOW), NOW - 259_200_000);
  assert(parseWhen("0s", NOW) === NOW);
});

Deno.test("parseWhen() refuses what is no time", () => {
  assertUsage((text) => parseWhen(text, NOW), [
    "",
    "yesterday",
    "2026",
    "17",
    "2026-02-30",
    "2026-13-01",
    "2026-00-10",
    "2026-01-00",
    "2026-01-31T25:00Z",
    "2026-01-31T09:61Z",
    "2026-01-31Z",
    "2026-01-31T09:30+99:99",
    "-2h",
    "ago",
  ]);
});
