import { assertEquals, assertStringIncludes } from "@std/assert";
import { Descriptor } from "../src/model/records.ts";
import { integer, list, literal, nullable, oneOf, record, text } from "../src/model/schema.ts";
import { operations } from "../src/operation/registry.ts";
import { rowsOf } from "./_schema_rows.ts";
import { reference } from "./docs.ts";

Deno.test("reference() has a part for every command", async () => {
  const page = await reference();
  for (const name of operations.names) assertStringIncludes(page, `### jvs ${name}\n`);
});

Deno.test("rowsOf() goes into lists and objects, and names what is described elsewhere", () => {
  const schema = record({
    name: text().about("Its name."),
    size: nullable(integer()),
    kind: oneOf("a", "b").optional(),
    items: list(record({ id: text(), version: literal(2) })),
    snapshot: Descriptor.about("The newest."),
    history: list(record({ ...Descriptor.fields, is_head: text() })),
  });
  assertEquals(rowsOf(schema.json()).map(({ path, type, about }) => `${path}: ${type}: ${about}`), [
    "name: string: Its name.",
    "size: integer or null: ",
    "kind: `a`, `b`: May be missing.",
    "items: list of object: ",
    "items[].id: string: ",
    "items[].version: `2`: ",
    "snapshot: [Descriptor](#descriptor): The newest.",
    "history: list of object: ",
    "history[].…: [Descriptor](#descriptor): All fields of it, and:",
    "history[].is_head: string: ",
  ]);
});
