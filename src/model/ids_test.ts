import { assert, assertEquals, assertThrows } from "@std/assert";
import { bytesOfHex } from "./bytes.ts";
import { JvsError } from "./errors.ts";
import { idTime, isSnapshotId, isUuid, newSnapshotId, shortId } from "./ids.ts";

const RANDOM = bytesOfHex("00abcdef");

Deno.test("newSnapshotId() joins time and random digits", () => {
  assertEquals(newSnapshotId(1_760_000_000_123.9, null, RANDOM), "1760000000123-00abcdef");
  assertEquals(newSnapshotId(7, null, RANDOM), "0000000000007-00abcdef");
});

Deno.test("newSnapshotId() rises strictly though the clock stands or goes back", () => {
  assertEquals(newSnapshotId(1_760_000_000_000, "1760000000000-ffffffff", RANDOM), "1760000000001-00abcdef");
  assertEquals(newSnapshotId(1, "1760000000009-ffffffff", RANDOM), "1760000000010-00abcdef");
  assertEquals(newSnapshotId(1_760_000_000_005, "1760000000000-ffffffff", RANDOM), "1760000000005-00abcdef");
  let newest = newSnapshotId(1_760_000_000_000, null, RANDOM);
  for (const now of [1_760_000_000_000, 5, 1_760_000_000_001, 1_760_000_000_500]) {
    const next = newSnapshotId(now, newest, RANDOM);
    assert(next > newest);
    newest = next;
  }
});

Deno.test("newSnapshotId() refuses a time that has no 13 digits, an id that is none, and too few random bytes", () => {
  for (const now of [NaN, Infinity, 1e13]) {
    const error = assertThrows(() => newSnapshotId(now, null, RANDOM), JvsError);
    assertEquals(error.code, "E_CLOCK_SKEW_EXCEEDED");
  }
  assertThrows(() => newSnapshotId(1, "9999999999999-00000000", RANDOM), JvsError, "out of its range");
  assertThrows(() => newSnapshotId(1, "nonsense", RANDOM), JvsError, "nonsense");
  assertThrows(() => newSnapshotId(1, null, RANDOM.subarray(1)), JvsError, "3 random bytes");
});

Deno.test("isSnapshotId() takes full ids only", () => {
  assert(isSnapshotId("1760000000000-00abcdef"));
  for (
    const text of [
      "",
      "1760000000000",
      "1760000000000-00ABCDEF",
      "176000000000-00abcdef",
      "1760000000000-00abcdef\n",
      "1760000000000-00abcdef0",
      " 1760000000000-00abcdef",
      "1760000000000-00abcdeg",
    ]
  ) assert(!isSnapshotId(text), text);
});

Deno.test("shortId() and idTime() take an id apart", () => {
  assertEquals(shortId("1760000000000-00abcdef"), "00abcdef");
  assertEquals(idTime("1760000000000-00abcdef"), 1_760_000_000_000);
  assertThrows(() => shortId("00abcdef"), JvsError);
});

Deno.test("isUuid() takes version 4 only", () => {
  assert(isUuid(crypto.randomUUID()));
  for (
    const text of [
      "00000000-0000-1000-8000-000000000000",
      "00000000-0000-4000-7000-000000000000",
      "00000000-0000-4000-8000-00000000000",
      "00000000-0000-4000-8000-000000000000\n",
    ]
  ) assert(!isUuid(text), text);
});
