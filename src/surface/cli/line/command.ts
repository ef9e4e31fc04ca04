import { nearest } from "../../../model/nearest.ts";
import { quoted } from "../../../model/path_text.ts";
import { type Fields, type InferFields, type RecordSchema, SchemaMismatch } from "../../../model/schema.ts";
import type { Catalog } from "../../../operation/catalog.ts";
import type { AnyOperation } from "../../../operation/define.ts";
import { type Argument, argumentsOf, choicesOf, written } from "./arguments.ts";
import { GLOBALS, type Globals } from "./globals.ts";
import type { Line } from "./read_line.ts";
import { usage } from "./usage.ts";

/** What a command line asks for: checked, with the defaults of what was not given. */
export interface Command {
  readonly operation: AnyOperation;
  readonly input: Readonly<Record<string, unknown>>;
  readonly globals: Globals;
}

/** What a line asks for; `E_USAGE` says what on it cannot be understood. */
export async function commandOf(line: Line, catalog: Catalog): Promise<Command> {
  const { operation, places, given, problem } = await askedFor(line, catalog);
  if (problem !== undefined || operation === undefined) throw problem;
  const { name, input } = operation;
  const own = argumentsOf(input.fields);
  const placed = placedArguments(name, own, places);
  return {
    operation,
    // A field may have the name of a flag that is everywhere (`--reason`): then both get its value.
    globals: checkedValues(
      name,
      GLOBALS,
      argumentsOf(GLOBALS.fields),
      (argument) => given.get(argument.name),
    ),
    input: checkedValues(name, input, own, (argument) => placed.get(argument) ?? given.get(argument.name)),
  };
}

/** How a result or an error is to be shown: known of every line, whatever is wrong with it. */
export function outputOf({ given }: Pick<Line, "given">): Pick<Globals, "json" | "color" | "debug"> {
  const last = (name: string) => given.get(name)?.at(-1);
  return { json: last("json") === true, color: last("color") !== false, debug: last("debug") === true };
}

/** Whoever asks for help or the version gets that, and is not told what is wrong with the line. */
async function askedFor(line: Line, catalog: Catalog): Promise<Omit<Line, "open" | "words">> {
  const name = ["version", "help"].find((each) => line.given.has(each));
  if (name === undefined) return line;
  const given = new Map([...line.given].filter(([flag]) => Object.hasOwn(outputOf(line), flag)));
  const words = line.operation?.name.split(" ") ?? line.words.slice(0, 1);
  const places = name === "version" || line.words.length === 0 ? [] : words;
  return { operation: await catalog.load(name), places, given, problem: undefined };
}

/** Which argument each text without a flag is for: those that must be given first get one, the rest in their order. */
function placedArguments(
  command: string,
  own: readonly Argument[],
  texts: readonly string[],
): Map<Argument, readonly string[]> {
  const places = own.filter(({ hints }) => hints.positional);
  let left = [...texts];
  let spare = left.length - places.filter(({ required }) => required).length;
  const placed = new Map<Argument, readonly string[]>();
  places.forEach((argument, i) => {
    if (left.length === 0 || (!argument.required && spare <= 0)) return;
    const after = places.slice(i + 1).filter(({ required }) => required).length;
    const taken = argument.isList ? Math.max(1, left.length - after) : 1;
    if (!argument.required) spare -= taken;
    placed.set(argument, left.slice(0, taken));
    left = left.slice(taken);
  });
  const extra = left[0];
  if (extra === undefined) return placed;
  const most = places.length === 0 ? "no argument" : `only ${places.map(written).join(" ")}`;
  throw usage(command, `${quoted(extra)} is one argument too many: it takes ${most}`, { argument: extra });
}

function checkedValues<F extends Fields>(
  command: string,
  schema: RecordSchema<F>,
  all: readonly Argument[],
  given: (argument: Argument) => readonly (string | boolean)[] | undefined,
): InferFields<F> {
  const values: Record<string, unknown> = {};
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
  if (typeof last !== "string") return last; // a switch, or nothing
  if (given.length === 1) return converted(argument, last);
  throw usage(command, `${written(argument)} is given ${given.length} times`, { argument: argument.field });
}

/** What a text means for a value of that kind; a text that means nothing there is left for the check to refuse. */
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
