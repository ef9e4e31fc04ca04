import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { JvsError } from "../model/errors.ts";
import type { Pin } from "../model/records.ts";
import { makeControlFolders } from "../../tests/support/control_plane.ts";
import { tempDir } from "../../tests/support/temp_dir.ts";
import { Layout } from "./layout.ts";
import { Pins } from "./pins.ts";

function pin(digit: string, created_at: string): Pin {
  const pin_id = `00000000-0000-4000-8000-00000000000${digit}`;
  return {
    pin_id,
    snapshot_id: "1700000000000-0123abcd",
    reason: "why",
    created_at,
    expires_at: null,
    keeps_line: false,
  };
}

Deno.test("Pins keep what they are given, oldest first, also where a copier left the folder out", () => {
  using folder = tempDir();
  const layout = new Layout(folder.path);
  makeControlFolders(layout);
  const pins = new Pins(layout);
  assertEquals(pins.list(), []);
  const [old, young] = [pin("2", "2026-01-01T00:00:00.000Z"), pin("1", "2026-02-01T00:00:00.000Z")];
  for (const each of [young, old, old]) pins.add(each);
  assertEquals(pins.list(), [old, young]);
  assertEquals([pins.remove(old.pin_id), pins.remove(old.pin_id), pins.remove("../x")], [true, false, false]);
  assertEquals(pins.list(), [young]);
  const file = new Layout(folder.path).pin(young.pin_id).path;
  Deno.writeTextFileSync(file, JSON.stringify(old));
  assertStringIncludes(assertThrows(() => pins.list(), JvsError).message, `it is another pin, ${old.pin_id}`);
  Deno.writeTextFileSync(file, "{");
  assertEquals(assertThrows(() => pins.list(), JvsError).code, "E_DESCRIPTOR_CORRUPT");
  assertEquals(pins.ids(), [young.pin_id]);
});
