import type { AnyOperation } from "../src/operation/define.ts";
import { operations } from "../src/operation/registry.ts";
import { methodName } from "../src/surface/library/repository.ts";
import { choicesOf, containedRecord, nameOf, objectOf, propertiesOf, RECORDS } from "./_schema_rows.ts";
import type { JsonSchema } from "../src/model/schema.ts";

/**
 * The types of the library, from the schemas of its operations: types that are inferred would be slow to check for users
 * and could not be read by them, and JSR refuses them.
 */
export async function libraryTypes(): Promise<string> {
  const all = (await operations.loadAll()).filter(({ needs }) => needs === "repository");
  return [
    "/*\n * The types of the library. Made by `deno task docs` from the descriptions in the code: change those, not this file.\n */",
    "// deno-lint-ignore-file no-empty-interface -- an operation without input",
    'import type { CallOptions } from "./options.ts";',
    ...Object.entries(RECORDS).map(([name, { schema, about }]) =>
      interfaceText(typeName(name), schema, about)
    ),
    ...all.flatMap((operation) => [
      interfaceText(
        inputName(operation),
        operation.input.json(),
        `What \`${operation.name}\` is given.`,
        true,
      ),
      interfaceText(resultName(operation), operation.output.json(), `The result of \`${operation.name}\`.`),
    ]),
    `/** A method for each operation on a repository. */\nexport interface RepositoryMethods {\n${
      all.map(methodText).join("\n")
    }\n}`,
  ].join("\n\n") + "\n";
}

function methodText(operation: AnyOperation): string {
  const { name, summary, about, input } = operation;
  const mark = (input.json().required === undefined) ? "?" : "";
  return `${comment([`${summary}.`, about ?? ""].filter((text) => text !== "").join(" "), "  ")}
  ${methodName(name)}(input${mark}: ${inputName(operation)}, options?: CallOptions): Promise<${
    resultName(operation)
  }>;`;
}

function interfaceText(name: string, schema: JsonSchema, about: string, isInput = false): string {
  const { own, inherited } = ownFields(schema, name);
  const above = inherited === undefined ? "" : ` extends ${typeName(inherited)}`;
  return `${comment(about)}\nexport interface ${name}${above} {\n${fieldsText(schema, own, "  ", isInput)}}`;
}

/** The fields of an object, without those of the record that it contains, if there is one. */
function ownFields(schema: JsonSchema, name?: string): { own: string[]; inherited: string | undefined } {
  const fields = propertiesOf(schema);
  const whole = containedRecord(fields);
  const inherited = whole === undefined || typeName(whole) === name ? undefined : whole;
  const theirs = inherited === undefined ? {} : propertiesOf(RECORDS[inherited]?.schema ?? {});
  return { own: Object.keys(fields).filter((field) => !Object.hasOwn(theirs, field)), inherited };
}

function fieldsText(schema: JsonSchema, names: readonly string[], indent: string, isInput: boolean): string {
  const fields = propertiesOf(schema);
  const required: unknown = schema.required;
  return names.map((name) => {
    const field = fields[name] as JsonSchema;
    const isOptional = !(Array.isArray(required) && required.includes(name));
    const type = typeText(field, indent, isInput);
    const given = isOptional && isInput ? `${type} | undefined` : type;
    return `${comment(aboutOf(field, isOptional), indent)}\n${indent}readonly ${name}${
      isOptional ? "?" : ""
    }: ${given};\n`;
  }).join("");
}

function aboutOf({ description = "", default: fallback }: JsonSchema, isOptional: boolean): string {
  if (!isOptional) return String(description);
  if (fallback === undefined) return `${description}`;
  return `${description} By default \`${JSON.stringify(fallback)}\`.`;
}

/** A type as TypeScript. */
function typeText(schema: JsonSchema, indent: string, isInput: boolean): string {
  const known = nameOf(schema);
  if (known !== undefined) return typeName(known);
  if ("const" in schema) return JSON.stringify(schema.const);
  if (Array.isArray(schema.enum)) return schema.enum.map((word) => JSON.stringify(word)).join(" | ");
  const choices = choicesOf(schema);
  if (choices.length > 0) {
    const types = choices.map((choice) => typeText(choice, indent, isInput));
    return types.includes("unknown") ? "unknown" : types.join(" | ");
  }
  if (schema.type === "array") {
    const item = typeText(objectOf(schema.items), indent, isInput);
    return `readonly ${/^[^{]* [|&] /.test(item) ? `(${item})` : item}[]`;
  }
  if (schema.type === "integer" || schema.type === "number") return "number";
  if (schema.type === "object") return objectText(schema, indent, isInput);
  return typeof schema.type === "string" ? schema.type : "unknown";
}

function objectText(schema: JsonSchema, indent: string, isInput: boolean): string {
  if (typeof schema.additionalProperties === "object") {
    return `{ readonly [name: string]: ${typeText(objectOf(schema.additionalProperties), indent, isInput)} }`;
  }
  const { own, inherited } = ownFields(schema);
  const above = inherited === undefined ? "" : `${typeName(inherited)} & `;
  return `${above}{\n${fieldsText(schema, own, `${indent}  `, isInput)}${indent}}`;
}

function comment(text: string, indent = ""): string {
  return `${indent}/** ${text.replaceAll("*/", "*\\/")} */`;
}

function inputName(operation: AnyOperation): string {
  return `${typeName(operation.name)}Input`;
}

function resultName(operation: AnyOperation): string {
  return `${typeName(operation.name)}Result`;
}

/** `worktree fork` as the name of a type. */
function typeName(name: string): string {
  return name.replace(/(?:^| )(\w)/g, (_, letter: string) => letter.toUpperCase());
}
