import { assertEquals, assertStringIncludes } from "@std/assert";
import * as records from "../src/model/records.ts";
import { integer, list, literal, nullable, oneOf, record, Schema, text } from "../src/model/schema.ts";
import { operations } from "../src/operation/registry.ts";
import { rowsOf } from "./_schema_rows.ts";
import { reference } from "./docs.ts";

Deno.test("reference() has a part for every command", async () => {
  const page = await reference();
  for (const name of operations.names) assertStringIncludes(page, `### jvs ${name}\n`);
});

Deno.test("each field of an input, a result or a record has a sentence", async () => {
  const all = (await operations.loadAll()).flatMap(({ name, input, output }) => [
    ...withoutSentence(input.json(), `input of ${name}: `),
    ...withoutSentence(output.json(), `result of ${name}: `),
  ]);
  const inRecords = Object.entries(records).flatMap(([name, schema]) =>
    schema instanceof Schema ? withoutSentence(schema.json(), `${name}: `) : []
  );
  assertEquals([...all, ...inRecords], []);
});

/** The fields without a sentence about them, in a JSON Schema and everything in it. */
function withoutSentence(schema: unknown, at: string): string[] {
  if (typeof schema !== "object" || schema === null) return [];
  return Object.entries(schema).flatMap(([keyword, inner]) =>
    keyword !== "properties"
      ? withoutSentence(inner, at)
      : Object.entries<{ description?: string }>(inner).flatMap(([name, field]) => [
        ...(!field.description?.endsWith(".") ? [`${at}${name}`] : []),
        ...withoutSentence(field, `${at}${name}.`),
      ])
  );
}

Deno.test("rowsOf() goes into lists and objects, and names what is described elsewhere", () => {
  const schema = record({
    name: text().about("Its name."),
    size: nullable(integer()),
    kind: oneOf("a", "b").optional(),
    items: list(record({ id: text(), version: literal(2) })),
    snapshot: records.Descriptor.about("The newest."),
    history: list(record({ ...records.Descriptor.fields, is_head: text() })),
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
