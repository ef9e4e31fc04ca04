import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { JvsError } from "../model/errors.ts";
import { controlPlane } from "../../tests/support/control_plane.ts";

const ID = "1700000000000-0123abcd";

function refNamed(ref_name: string) {
  return {
    ref_name,
    snapshot_id: ID,
    created_at: "2026-01-02T03:04:05Z",
    created_by: "ann@host",
    note: "",
    keeps_line: false,
  };
}

Deno.test("Refs.create() makes what list(), find() and get() give", () => {
  using plane = controlPlane();
  const made = plane.refs.create(refNamed("release-1"));
  const early = plane.refs.create({ ...refNamed("a.b_c"), created_at: "2026-01-01T00:00:00Z", note: "why" });
  assertEquals(plane.refs.find("release-1"), made);
  assertEquals(plane.refs.get("a.b_c"), early);
  assertEquals(early.created_at, "2026-01-01T00:00:00Z");
  assertEquals(plane.refs.list(), [early, made]);
  assertEquals(plane.refs.names(), ["a.b_c", "release-1"]);
});

Deno.test("Refs.create() lets one of many at once have the name", async () => {
  using plane = controlPlane();
  const tries = await Promise.allSettled(
    Array.from(
      { length: 20 },
      (_, i) => Promise.resolve().then(() => plane.refs.create({ ...refNamed("x"), note: `${i}` })),
    ),
  );
  assertEquals(tries.filter(({ status }) => status === "fulfilled").length, 1);
  assertEquals(plane.refs.get("x").note, "0");
  const error = await assertRejects(
    () => Promise.resolve().then(() => plane.refs.create(refNamed("x"))),
    JvsError,
  );
  assertEquals([error.code, error.details["ref_name"]], ["E_ALREADY_EXISTS", "x"]);
});

Deno.test("Refs.create() refuses names that mean something else or lead elsewhere", () => {
  using plane = controlPlane();
  const cases = [["HEAD", "E_NAME_INVALID"], [ID, "E_NAME_INVALID"], ["../x", "E_PATH_ESCAPE"], [
    "",
    "E_NAME_INVALID",
  ]];
  for (const [name, code] of cases) {
    assertEquals(assertThrows(() => plane.refs.create(refNamed(name ?? "")), JvsError).code, code);
  }
  assertEquals([...Deno.readDirSync(plane.layout.refs.path)], []);
});

Deno.test("Refs.find() gives nothing for what can be no ref", () => {
  using plane = controlPlane();
  plane.refs.create(refNamed("x"));
  Deno.writeTextFileSync(`${plane.layout.refs}/.hidden.json`, "{}");
  for (const name of ["y", "", "..", "../refs/x", "HEAD", ".hidden", "a b", "x\0"]) {
    assertEquals(plane.refs.find(name), undefined);
  }
  assertEquals(plane.refs.names(), ["x"]);
});

Deno.test("Refs.remove() gives what it removed, and names those there are when there is none", () => {
  using plane = controlPlane();
  assertStringIncludes(assertThrows(() => plane.refs.get("x"), JvsError).hint, "no refs yet");
  const made = plane.refs.create(refNamed("x"));
  plane.refs.create(refNamed("other"));
  assertEquals(plane.refs.remove("x"), made);
  const error = assertThrows(() => plane.refs.remove("x"), JvsError);
  assertEquals([error.code, error.hint], ["E_NOT_FOUND", "Use one of these: other."]);
});

Deno.test("Refs.list() does not pass over a damaged ref", () => {
  using plane = controlPlane();
  plane.refs.create(refNamed("x"));
  const whole = Deno.readTextFileSync(plane.layout.ref("x").path);
  for (
    const content of ["", whole.slice(0, 20), "{}", whole.replace('"x"', '"y"'), whole.replace(ID, "no id")]
  ) {
    Deno.writeTextFileSync(plane.layout.ref("x").path, content);
    const error = assertThrows(() => plane.refs.list(), JvsError);
    assertEquals(error.code, "E_DESCRIPTOR_CORRUPT");
    assertStringIncludes(error.message, plane.layout.ref("x").path);
  }
});

Deno.test("Refs.create() makes the folder that a copier left out", () => {
  using plane = controlPlane();
  Deno.removeSync(plane.layout.refs.path);
  assertEquals(plane.refs.list(), []);
  plane.refs.create(refNamed("x"));
  assertEquals(plane.refs.names(), ["x"]);
});
