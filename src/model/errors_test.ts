import { assertEquals } from "@std/assert";
import { ERROR_CLASSES, type ErrorCode, JvsError } from "./errors.ts";

Deno.test("JvsError has a message without a full stop and a hint with one, however they are given", () => {
  const said = (message: string, hint: string) => {
    const error = new JvsError("E_IO", message, { hint });
    return [error.message, error.hint];
  };
  assertEquals(said("Cannot read.", "Look at `x`"), ["Cannot read", "Look at `x`."]);
  assertEquals(said("Cannot read", "Did you mean y?"), ["Cannot read", "Did you mean y?"]);
  assertEquals(said("Cannot read: a. And b.", ""), ["Cannot read: a. And b", ""]);
});

Deno.test("JvsError has the way out of its class where no hint is given", () => {
  for (const [code, [cause, wayOut]] of Object.entries(ERROR_CLASSES)) {
    assertEquals(new JvsError(code as ErrorCode, "Cannot").hint, wayOut);
    assertEquals([cause.at(-1), wayOut.at(-1)], [".", "."]);
  }
});

Deno.test("JvsError has the fields of SPEC 11 and no others as JSON", () => {
  const error = new JvsError("E_BUSY", "Cannot go on", { hint: "Wait.", details: { holder: "a" } });
  assertEquals(JSON.parse(JSON.stringify(error)), {
    schema_version: 1,
    error: "E_BUSY",
    message: "Cannot go on",
    hint: "Wait.",
    details: { holder: "a" },
  });
});
