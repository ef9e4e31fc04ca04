import { assertEquals, assertThrows } from "@std/assert";
import { JvsError } from "../model/errors.ts";
import { tempDir } from "../../tests/support/temp_dir.ts";
import { changeOwnTrust, readOwnTrust, withHead } from "./own_trust.ts";

const at = (count: number, day: number) => ({
  count,
  hash: String(count).padStart(64, "0"),
  seen_at: `2026-01-${String(day).padStart(2, "0")}T00:00:00Z`,
});

Deno.test("withHead() keeps the newest, and what was seen right before each revocation", () => {
  const heads = [at(1, 1), at(2, 2), at(3, 3)];
  assertEquals(withHead(heads, at(4, 4), []), [at(4, 4)]);
  assertEquals(withHead(heads, at(4, 4), [at(0, 2).seen_at]), [at(2, 2), at(4, 4)]);
  assertEquals(withHead([], at(1, 1), [at(0, 1).seen_at]), [at(1, 1)]);
});

Deno.test("readOwnTrust() refuses a file that others may write, or that is damaged: without it less would be asked for", async () => {
  using folder = tempDir();
  const path = `${folder.path}/signers.json`;
  const key = { public_key: "ab".repeat(32), name: "anna", repo_id: null, trusted_at: at(1, 1).seen_at };
  await changeOwnTrust(folder.path, (trust) => ({ ...trust, keys: [key] }));
  assertEquals(readOwnTrust(folder.path).keys, [key]);
  Deno.chmodSync(path, 0o620);
  assertEquals(assertThrows(() => readOwnTrust(folder.path), JvsError).code, "E_PERMISSION");
  Deno.chmodSync(path, 0o600);
  Deno.truncateSync(path, 20);
  assertEquals(assertThrows(() => readOwnTrust(folder.path), JvsError).code, "E_DESCRIPTOR_CORRUPT");
});

Deno.test("changeOwnTrust() loses nothing that another process adds at the same time", async () => {
  using folder = tempDir();
  const name = (n: number) => ({ public_key: n.toString(16).padStart(64, "0"), name: `k${n}` });
  await Promise.all(Array.from({ length: 20 }, (_, n) =>
    changeOwnTrust(folder.path, async (trust) => {
      await Promise.resolve();
      const key = { ...name(n), repo_id: null, trusted_at: at(1, 1).seen_at };
      return { ...trust, keys: [...trust.keys, key] };
    })));
  assertEquals(readOwnTrust(folder.path).keys.length, 20);
});

Deno.test("withHead() keeps when an end of the log was seen first: only that proves that it was there before a revocation", () => {
  const first = { count: 3, hash: "a".repeat(64), seen_at: "2026-01-01T00:00:00Z" };
  const again = { ...first, seen_at: "2026-03-01T00:00:00Z" };
  assertEquals(withHead([first], again, ["2026-02-01T00:00:00Z"]), [first]);
});
