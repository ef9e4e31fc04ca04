import {
  AuditRecord,
  Degradation,
  Degradations,
  Descriptor,
  Finding,
  Hash,
  Ref,
  Stats,
} from "../src/model/records.ts";
import type { JsonSchema } from "../src/model/schema.ts";

/** Records that are part of many results. The page describes them once and links to them elsewhere. */
export const RECORDS: Readonly<Record<string, { readonly schema: JsonSchema; readonly about: string }>> = {
  "Descriptor": {
    schema: Descriptor.json(),
    about: "A snapshot: where it came from, and the hashes that prove its content. It never changes.",
  },
  "Stats": { schema: Stats.json(), about: "How much a snapshot holds." },
  "Degradation": { schema: Degradation.json(), about: "Something that could not be kept." },
  "Degradations": {
    schema: Degradations.json(),
    about: "All that could not be kept: counts, and the first hundred.",
  },
  "Hash": { schema: Hash.json(), about: "A hash and how it was made." },
  "Ref": { schema: Ref.json(), about: "A name for a snapshot, the same in each worktree." },
  "Finding": { schema: Finding.json(), about: "Something that `doctor` or `verify` found." },
  "Audit record": { schema: AuditRecord.json(), about: "One line of the audit log." },
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
  const inherited = whole === undefined ? [] : Object.keys(propertiesOf(RECORDS[whole]?.schema ?? {}));
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

/** The name of the record that a schema is, if it is one. */
export function nameOf(schema: JsonSchema): string | undefined {
  const text = plain(schema);
  return Object.keys(RECORDS).find((name) => plain(RECORDS[name]?.schema ?? {}) === text);
}

/** The record, if any, whose fields are all among these. */
export function containedRecord(fields: Readonly<Record<string, JsonSchema>>): string | undefined {
  return Object.keys(RECORDS).find((name) => {
    const wanted = Object.entries(propertiesOf(RECORDS[name]?.schema ?? {}));
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

/** The fields of an object. */
export function propertiesOf(schema: JsonSchema): Record<string, JsonSchema> {
  return objectOf(schema.properties) as Record<string, JsonSchema>;
}

/** The schemas of which one must fit. */
export function choicesOf(schema: JsonSchema): JsonSchema[] {
  return Array.isArray(schema.anyOf) ? schema.anyOf.map(objectOf) : [];
}

/** A part of a schema, or an empty one. */
export function objectOf(value: unknown): JsonSchema {
  return typeof value === "object" && value !== null ? { ...value } : {};
}
