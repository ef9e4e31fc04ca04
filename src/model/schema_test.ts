import { assertEquals, assertThrows } from "@std/assert";
import { anything, record, SchemaMismatch, text } from "./schema.ts";

const nested = (levels: number): unknown => JSON.parse("[".repeat(levels) + "]".repeat(levels));

Deno.test("record() keeps a field that it does not know, but no deeply nested one", () => {
  const form = record({ name: text() });
  assertEquals(form.check({ name: "a", more: { x: [1] } }), { name: "a", more: { x: [1] } } as object);
  form.check({ name: "a", more: nested(32) });
  const error = assertThrows(() => form.check({ name: "a", more: nested(33) }, "at"), SchemaMismatch);
  assertEquals(error.at, "at.more");
});

Deno.test("anything() takes any JSON that is not nested too deeply", () => {
  for (const value of [null, 1, "a", [], { a: {} }]) assertEquals(anything().check(value), value);
  assertThrows(() => anything().check(nested(100_000)), SchemaMismatch, "levels");
});
