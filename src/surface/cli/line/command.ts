import { nearest } from "../../../model/nearest.ts";
import { quoted } from "../../../model/path_text.ts";
import { type Fields, type InferFields, type RecordSchema, SchemaMismatch } from "../../../model/schema.ts";
import type { AnyOperation, Catalog } from "../../../operation/define.ts";
import { type Argument, argumentsOf, choicesOf, GLOBALS, type Globals, written } from "./arguments.ts";
import type { Line } from "./read_line.ts";
import { usage } from "./usage.ts";

/** A checked command line. It includes the defaults. */
export interface Command {
  readonly operation: AnyOperation;
  readonly input: Readonly<Record<string, unknown>>;
  readonly globals: Globals;
}

/** Checks a command line. `E_USAGE` names what is wrong. */
export async function commandOf(line: Line, catalog: Catalog): Promise<Command> {
  const { operation, places, given, problem } = await withHelpOrVersion(line, catalog);
  if (problem !== undefined || operation === undefined) throw problem;
  const { name, input } = operation;
  const placed = placedArguments(name, argumentsOf(input.fields), places);
  return {
    operation,
    // An input field may have the name of a global flag, such as `--reason`. Then both get the value.
    globals: checkedValues(name, GLOBALS, (argument) => given.get(argument.name)),
    input: checkedValues(name, input, ({ field, name }) => placed.get(field) ?? given.get(name)),
  };
}

/** How to show the result or the error. Known even if the line has mistakes. */
export function outputOf({ given }: Pick<Line, "given">): Pick<Globals, "json" | "color" | "debug"> {
  const last = (name: string) => given.get(name)?.at(-1);
  return { json: last("json") === true, color: last("color") !== false, debug: last("debug") === true };
}

/** Replaces a line with --help or --version by that command, and ignores mistakes in the line. */
async function withHelpOrVersion(line: Line, catalog: Catalog): Promise<Omit<Line, "open" | "words">> {
  const name = ["version", "help"].find((each) => line.given.has(each));
  if (name === undefined) return line;
  const given = new Map([...line.given].filter(([flag]) => Object.hasOwn(outputOf(line), flag)));
  const words = line.operation?.name.split(" ") ?? line.words.slice(0, 1);
  const places = name === "version" || line.words.length === 0 ? [] : words;
  return { operation: await catalog.load(name), places, given, problem: undefined };
}

/** Assigns the texts without a flag to arguments in order. Required arguments come before optional ones. */
function placedArguments(
  command: string,
  own: readonly Argument[],
  texts: readonly string[],
): Map<string, readonly string[]> {
  const places = own.filter(({ hints }) => hints.positional);
  let left = [...texts];
  let spare = left.length - places.filter(({ required }) => required).length;
  const placed = new Map<string, readonly string[]>();
  places.forEach((argument, i) => {
    if (left.length === 0 || (!argument.required && spare <= 0)) return;
    const after = places.slice(i + 1).filter(({ required }) => required).length;
    const taken = argument.isList ? Math.max(1, left.length - after) : 1;
    if (!argument.required) spare -= taken;
    placed.set(argument.field, left.slice(0, taken));
    left = left.slice(taken);
  });
  const extra = left[0];
  if (extra === undefined) return placed;
  const most = places.length === 0 ? "no argument" : `only ${places.map(written).join(" ")}`;
  throw usage(command, `${quoted(extra)} is one argument too many: the command takes ${most}`, {
    argument: extra,
  });
}

function checkedValues<F extends Fields>(
  command: string,
  schema: RecordSchema<F>,
  given: (argument: Argument) => readonly (string | boolean)[] | undefined,
): InferFields<F> {
  const values: Record<string, unknown> = {};
  const all = argumentsOf(schema.fields);
  for (const argument of all) {
    const value = valueOf(command, argument, given(argument) ?? []);
    if (value !== undefined) values[argument.field] = value;
    else if (argument.required) {
      throw usage(command, `${written(argument)} is missing`, { missing: argument.field });
    }
  }
  try {
    return schema.check(values);
  } catch (error) {
    if (!(error instanceof SchemaMismatch)) throw error;
    const argument = all.find(({ field }) => field === error.at.replace(/[.[][^]*/, ""));
    if (argument === undefined) throw error;
    const value = values[argument.field];
    const near = typeof value === "string" ? nearest(value, choicesOf(argument)) : undefined;
    throw usage(command, `${written(argument)} ${error.reason}`, { argument: argument.field, value }, near);
  }
}

function valueOf(command: string, argument: Argument, given: readonly (string | boolean)[]): unknown {
  const last = given.at(-1);
  if (argument.isList && given.length > 0) return given;
  if (typeof last !== "string") return last; // a switch, or not given
  if (given.length === 1) return converted(argument, last);
  throw usage(command, `${written(argument)} is given ${given.length} times`, { argument: argument.field });
}

/** Converts a text to the kind of value. A text that does not fit stays, and the check refuses it. */
function converted({ schema }: Argument, text: string): unknown {
  if (schema.kind === "text") return text;
  if (schema.kind === "number") {
    return text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : text;
  }
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
