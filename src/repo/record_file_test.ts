import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { JvsError } from "../model/errors.ts";
import { Ref } from "../model/records.ts";
import { controlPlane } from "../../tests/support/control_plane.ts";
import { MOST_BYTES, readRecord, recordText, writeRecord } from "./record_file.ts";

const REF: Ref = {
  ref_name: "gold",
  snapshot_id: "1700000000000-0123abcd",
  created_at: "2026-01-02T03:04:05.678Z",
  created_by: "ann@host",
  note: "",
  keeps_line: false,
};

Deno.test("readRecord() gives back what writeRecord() wrote, unknown fields of a newer program included", () => {
  using plane = controlPlane();
  const file = plane.layout.ref("gold");
  writeRecord(file, { ...REF, later: [1] });
  assertEquals(readRecord(file, Ref, "the ref"), { ...REF, later: [1] } as Ref);
  assertEquals(readRecord(plane.layout.ref("none"), Ref, "the ref"), undefined);
});

Deno.test("readRecord() names file, place, reason and way out of a damaged record", () => {
  using plane = controlPlane();
  const file = plane.layout.ref("gold");
  const { path } = file;
  const whole = recordText(REF);
  const broken: [text: string, reason: string, details: Record<string, unknown>][] = [
    ["", "the file is empty", {}],
    ["\0".repeat(512), "nothing but zeros", {}],
    [whole.slice(0, whole.length / 2), "line 4, column", { line: 4 }],
    [whole.replace(",", ""), "line 3, column 3: a comma or } is missing here", { line: 3, column: 3 }],
    [whole.replace("{", "{ // why\n"), "comments", {}],
    [whole.replace("1700000000000-", ""), "snapshot_id must be a snapshot id", { field: "snapshot_id" }],
    [whole.replace('"note": ""', '"note": 7'), "note must be a text, not 7", { field: "note" }],
    [whole.replace("ref_name", "name"), "ref_name is missing", { field: "ref_name" }],
    ["[]", "must be an object, not a list", { field: "" }],
    ["null", "must be an object, not null", { field: "" }],
  ];
  for (const [text, reason, details] of broken) {
    Deno.writeTextFileSync(path, text);
    const error = assertThrows(() => readRecord(file, Ref, "the ref"), JvsError, reason, text);
    assertEquals(error.code, "E_DESCRIPTOR_CORRUPT");
    assertStringIncludes(error.message, `Cannot read the ref in "${path}": `);
    assertStringIncludes(error.hint, "jvs doctor");
    assertEquals({ ...error.details, ...details, path }, error.details);
  }
});

Deno.test("readRecord() does not look for the place of what is wrong in a text that no person reads", () => {
  using plane = controlPlane();
  const file = plane.layout.ref("gold");
  for (
    const text of [`{"${"x".repeat(900_000)}": [${"0,".repeat(500_000)}],}`, `{"${"x".repeat(25_000_000)}`]
  ) {
    Deno.writeTextFileSync(file.path, text);
    const error = assertThrows(
      () => readRecord(file, Ref, "the ref", MOST_BYTES.plan),
      JvsError,
      "it is no whole JSON",
    );
    assertEquals(error.code, "E_DESCRIPTOR_CORRUPT");
  }
});

Deno.test("readRecord() reads a file of the most bytes that its kind can have, and none of more", () => {
  using plane = controlPlane();
  const file = plane.layout.ref("gold");
  const whole = recordText(REF);
  file.write(whole.padEnd(MOST_BYTES.usual));
  assertEquals(readRecord(file, Ref, "the ref"), REF);
  file.write(whole.padEnd(MOST_BYTES.usual + 1));
  const error = assertThrows(
    () => readRecord(file, Ref, "the ref"),
    JvsError,
    "1048577 bytes, more than any",
  );
  assertEquals(error.code, "E_DESCRIPTOR_CORRUPT");
  assertEquals(readRecord(file, Ref, "the ref", MOST_BYTES.plan), REF);
});
