import { AuditRecord, Degradations, Descriptor, Finding, Ref, Stats } from "../src/model/records.ts";
import type { JsonSchema } from "../src/model/schema.ts";

/** Records that are part of many results. The page describes them once and links to them elsewhere. */
export const RECORDS: Readonly<Record<string, JsonSchema>> = {
  Descriptor: Descriptor.json(),
  Stats: Stats.json(),
  Degradations: Degradations.json(),
  Ref: Ref.json(),
  Finding: Finding.json(),
  "Audit record": AuditRecord.json(),
};

/** A field of a result: its path, type and description. */
export interface Row {
  readonly path: string;
  readonly type: string;
  readonly about: string;
}

/** The fields of an object and of the objects in it. One of `RECORDS` is only a link. */
export function rowsOf(schema: JsonSchema, prefix = ""): Row[] {
  const fields = propertiesOf(schema);
  const whole = prefix === "" && nameOf(schema) !== undefined ? undefined : containedRecord(fields);
  const inherited = whole === undefined ? [] : Object.keys(propertiesOf(RECORDS[whole] ?? {}));
  const first: Row[] = whole === undefined
    ? []
    : [{ path: `${prefix}…`, type: linkTo(whole), about: "All fields of it, and:" }];
  const rest = Object.entries(fields).filter(([name]) => !inherited.includes(name));
  return [...first, ...rest.flatMap(([name, field]) => fieldRows(name, field, prefix, schema))];
}

function fieldRows(name: string, field: JsonSchema, prefix: string, parent: JsonSchema): Row[] {
  const isRequired = Array.isArray(parent.required) && parent.required.includes(name);
  const path = `${prefix}${name}`;
  const about = [
    typeof field.description === "string" ? field.description : "",
    isRequired ? "" : "May be missing.",
  ];
  const own: Row = { path, type: typeText(field), about: about.filter((text) => text !== "").join(" ") };
  const { inner, mark } = innermost(field);
  return nameOf(inner) === undefined ? [own, ...rowsOf(inner, `${path}${mark}.`)] : [own];
}

/** The type of a value in a few words. */
function typeText(schema: JsonSchema): string {
  const known = nameOf(schema);
  if (known !== undefined) return linkTo(known);
  if ("const" in schema) return `\`${JSON.stringify(schema.const)}\``;
  if (Array.isArray(schema.enum)) return schema.enum.map((word) => `\`${word}\``).join(", ");
  const choices = choicesOf(schema);
  if (choices.length > 0) return choices.map(typeText).join(" or ");
  if (schema.type === "array") return `list of ${typeText(objectOf(schema.items))}`;
  if (schema.type === "null") return "null";
  if (schema.additionalProperties && typeof schema.additionalProperties === "object") {
    return `object of ${typeText(objectOf(schema.additionalProperties))}`;
  }
  return typeof schema.type === "string" ? schema.type : "anything";
}

/** The innermost schema of lists and nullable values. */
function innermost(schema: JsonSchema): { inner: JsonSchema; mark: string } {
  const given = choicesOf(schema).find((choice) => choice.type !== "null");
  if (given !== undefined) return innermost(given);
  if (schema.type === "array") {
    const { inner, mark } = innermost(objectOf(schema.items));
    return { inner, mark: `[]${mark}` };
  }
  return { inner: schema, mark: "" };
}

function nameOf(schema: JsonSchema): string | undefined {
  const text = plain(schema);
  return Object.keys(RECORDS).find((name) => plain(RECORDS[name] ?? {}) === text);
}

/** The record, if any, whose fields are all among these. */
function containedRecord(fields: Readonly<Record<string, JsonSchema>>): string | undefined {
  return Object.keys(RECORDS).find((name) => {
    const wanted = Object.entries(propertiesOf(RECORDS[name] ?? {}));
    return wanted.every(([field, schema]) =>
      fields[field] !== undefined && plain(fields[field]) === plain(schema)
    );
  });
}

/** A schema as text, without its own description and default. */
function plain({ description: _, default: __, ...schema }: JsonSchema): string {
  return JSON.stringify(schema);
}

function linkTo(record: string): string {
  return `[${record}](#${record.toLowerCase().replaceAll(" ", "-")})`;
}

function propertiesOf(schema: JsonSchema): Record<string, JsonSchema> {
  return objectOf(schema.properties) as Record<string, JsonSchema>;
}

function choicesOf(schema: JsonSchema): JsonSchema[] {
  return Array.isArray(schema.anyOf) ? schema.anyOf.map(objectOf) : [];
}

function objectOf(value: unknown): JsonSchema {
  return typeof value === "object" && value !== null ? { ...value } : {};
}
