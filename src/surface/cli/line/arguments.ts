import type { FlagHints, Schema } from "../../../model/schema.ts";

/** A field of an operation's input, as an argument or flag of the command line. */
export interface Argument {
  /** The field's name. */
  readonly field: string;
  /** The flag's name without dashes, or the argument's name in help. */
  readonly name: string;
  // deno-lint-ignore no-explicit-any -- as in `Fields`: a field may be of any type
  readonly schema: Schema<any>;
  readonly hints: FlagHints;
  readonly required: boolean;
  readonly takesValue: boolean;
  readonly isList: boolean;
  /** `--no-name` exists. */
  readonly negatable: boolean;
}

/** The arguments and flags for the fields of an input, or of GLOBALS. */
// deno-lint-ignore no-explicit-any -- as in `Fields`
export function argumentsOf(fields: Readonly<Record<string, Schema<any>>>): Argument[] {
  return Object.entries(fields).map(([field, schema]) => {
    const { hints, kind } = schema;
    return {
      field,
      name: hints.flag ?? field.replaceAll("_", "-"),
      schema,
      hints,
      required: !schema.isOptional && schema.fallback === undefined,
      takesValue: kind !== "boolean",
      isList: kind === "list",
      // A flag that is false by default needs no negation.
      negatable: kind === "boolean" && schema.fallback?.value !== false,
    };
  });
}

/** An argument as help and messages show it: `--note`, `<snapshot>`. */
export function written(argument: Argument): string {
  return argument.hints.positional ? `<${argument.name}>` : `--${argument.name}`;
}

/** The words that a value must be one of. Empty if any value is allowed. */
export function choicesOf(argument: Argument): readonly string[] {
  return enumOf(argument.schema.json());
}

function enumOf(json: { [keyword: string]: unknown }): string[] {
  if (Array.isArray(json.enum)) return json.enum.map(String);
  const inner = [json.items, ...(Array.isArray(json.anyOf) ? json.anyOf : [])];
  return inner.flatMap((each) => typeof each === "object" && each !== null ? enumOf({ ...each }) : []);
}
