import { boolean, type Fields, type InferFields, oneOf, record, text } from "../../../model/schema.ts";

/** The flags of every command. They may come before or after its name. SPEC 11. */
export const GLOBALS = record({
  help: boolean().default(false).about("Show help for the command.").cli({ short: "h" }),
  version: boolean().default(false).about("Show the version of jvs."),
  json: boolean().default(false).about("Print the result, or the error, as one JSON object."),
  repo: text().optional().about("The repository, instead of the one around the current folder.")
    .cli({ placeholder: "DIR", completes: "path" }),
  directory: text().optional().about("Work as if started in this folder.")
    .cli({ short: "C", placeholder: "DIR", completes: "path" }),
  quiet: boolean().default(false).about("Print only the requested result and errors.").cli({ short: "q" }),
  color: boolean().default(true).about("Print without colours, as NO_COLOR=1 does."),
  no_progress: boolean().default(false).about("Show no progress."),
  progress: oneOf("auto", "json").default("auto")
    .about("`json`: print progress as JSON lines on standard error."),
  lock_timeout: text().optional().about("How long to wait for another operation, such as 30s or 5m.")
    .cli({ placeholder: "TIME" }),
  session: text().optional()
    .about("The session: changes go by its lease (`jvs help lock acquire`), and the audit log has it.")
    .cli({ placeholder: "SESSION" }),
  session_file: text().optional().about("The file that has the session, on its first line.")
    .cli({ placeholder: "FILE", completes: "path" }),
  reason: text().optional().about("The reason to record in the audit log.").cli({ placeholder: "TEXT" }),
  debug: boolean().default(false).about(
    "Show how long each phase took, and where in the program an error happened.",
  ),
});

/** The values of these flags. */
export type Globals = InferFields<typeof GLOBALS.fields>;

/** A field of an operation's input, or of GLOBALS, as an argument or flag of the command line. */
export type Argument = ReturnType<typeof argumentsOf>[number];

/** The arguments and flags for these fields. */
export function argumentsOf(fields: Readonly<Fields>) {
  return Object.entries(fields).map(([field, schema]) => {
    const { hints, kind } = schema;
    return {
      field,
      /** The flag's name without dashes, or the argument's name in help. */
      name: hints.flag ?? field.replaceAll("_", "-"),
      schema,
      hints,
      required: !schema.isOptional && schema.fallback === undefined,
      takesValue: kind !== "boolean",
      isList: kind === "list",
      /** `--no-name` exists. A flag that is false by default needs no negation. */
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
