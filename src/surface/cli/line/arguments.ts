import type { FlagHints, Schema } from "../../../model/schema.ts";

/** A field of an operation's input, as the command line gives it. */
export interface Argument {
  /** The field's name. */
  readonly field: string;
  /** The flag's name without dashes; of one given by its place the name that stands for it in help. */
  readonly name: string;
  // deno-lint-ignore no-explicit-any -- as in `Fields`: a field may be of any type
  readonly schema: Schema<any>;
  readonly hints: FlagHints;
  /** Must be given. */
  readonly required: boolean;
  /** Is followed by a value. */
  readonly takesValue: boolean;
  readonly isList: boolean;
  /** `--no-name` is understood. */
  readonly negatable: boolean;
}

/** The fields of an input, or of what is given with every command. */
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
      // One that is false unless given has nothing to negate.
      negatable: kind === "boolean" && schema.fallback?.value !== false,
    };
  });
}

/** As it is written: `--note`, `<snapshot>`. */
export function written(argument: Argument): string {
  return argument.hints.positional ? `<${argument.name}>` : `--${argument.name}`;
}

/** The words that a value must be one of, where it must. */
export function choicesOf(argument: Argument): readonly string[] {
  return enumOf(argument.schema.json());
}

function enumOf(json: { [keyword: string]: unknown }): string[] {
  if (Array.isArray(json.enum)) return json.enum.map(String);
  const inner = [json.items, ...(Array.isArray(json.anyOf) ? json.anyOf : [])];
  return inner.flatMap((each) => typeof each === "object" && each !== null ? enumOf({ ...each }) : []);
}
