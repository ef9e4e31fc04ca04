import { parseArgs } from "@std/cli/parse-args";
import { JvsError } from "../../model/errors.ts";
import { quoted } from "../../model/path_text.ts";
import { type Fields, SchemaMismatch } from "../../model/schema.ts";
import { type Argument, argumentsOf, choicesOf, written } from "./arguments.ts";
import { GLOBALS, type Globals } from "./globals.ts";
import { nearest } from "../../model/nearest.ts";

/** What a command line gives to its operation, and to all of them. */
export interface Parsed {
  readonly input: Record<string, unknown>;
  readonly globals: Globals;
}

/** Reads the arguments after a command's name; `E_USAGE` says which cannot be understood. */
export function parseArguments(command: string, fields: Fields, args: readonly string[]): Parsed {
  const own = argumentsOf(fields);
  const everywhere = argumentsOf(GLOBALS.fields);
  // A field may have the name of a flag that is everywhere (`gc pin --reason`): then both get its value.
  const names = new Set(own.map(({ name }) => name));
  const flags = [...own, ...everywhere.filter(({ name }) => !names.has(name))];
  const given = readFlags(command, flags, args);
  const placed = placedArguments(command, own, given._.map(String));
  return {
    globals: GLOBALS.check(checkedValues(command, everywhere, (argument) => given[argument.name])),
    input: checkedValues(command, own, (argument) => placed.get(argument) ?? given[argument.name]),
  };
}

function readFlags(command: string, flags: readonly Argument[], args: readonly string[]) {
  const names = (wanted: (argument: Argument) => boolean) => flags.filter(wanted).map(({ name }) => name);
  const valued = names(({ takesValue }) => takesValue);
  const switches = names(({ takesValue }) => !takesValue);
  return parseArgs(joinedValues(command, flags, args), {
    boolean: switches,
    // Not given is not the same as false: the operation may have a default of its own.
    default: Object.fromEntries(switches.map((name) => [name, undefined])),
    string: [...valued, "_"],
    collect: valued,
    negatable: names(({ negatable }) => negatable),
    alias: Object.fromEntries(flags.flatMap(({ name, hints }) => hints.short ? [[name, hints.short]] : [])),
    unknown(argument, key) {
      if (key !== undefined) throw unknownFlag(command, argument, flags);
    },
  });
}

/**
 * The arguments with each value joined to its flag, and flags after the rest. `parseArgs` alone would take the word `true`
 * for the value of a switch before it, and would not see a value that is empty or begins with a dash.
 */
function joinedValues(command: string, flags: readonly Argument[], args: readonly string[]): string[] {
  const byText = new Map<string, Argument>();
  for (const flag of flags) {
    byText.set(`--${flag.name}`, flag);
    if (flag.hints.short) byText.set(`-${flag.hints.short}`, flag);
  }
  const end = args.includes("--") ? args.indexOf("--") : args.length;
  const words: string[] = [];
  const joined: string[] = [];
  for (let i = 0; i < end; i++) {
    const text = args[i] as string;
    const name = text.replace(/=[^]*/, "");
    const flag = byText.get(name);
    if (!text.startsWith("-") || text === "-") words.push(text);
    else if (flag === undefined) joined.push(text);
    else if (name !== text) {
      joined.push(flag.takesValue ? `--${flag.name}${text.slice(name.length)}` : needsNone(command, flag));
    } else if (!flag.takesValue) joined.push(`--${flag.name}`);
    else {
      const values = valuesAfter(
        flag,
        args.slice(i + 1, end),
        (word) => byText.has(word.replace(/=[^]*/, "")),
      );
      i += values.length;
      if (values.length === 0) values.push(flag.hints.bare ?? missingValue(command, flag));
      joined.push(...values.map((value) => `--${flag.name}=${value}`));
    }
  }
  return [...words, ...joined, ...args.slice(end)];
}

/** The words after a flag that are its values: one, or with `many` all up to the next flag. */
function valuesAfter(
  { hints }: Argument,
  words: readonly string[],
  isFlag: (word: string) => boolean,
): string[] {
  // Where no value is needed, whatever looks like a flag is meant as one.
  const ends = words.findIndex((word) => isFlag(word) || (hints.bare !== undefined && word.startsWith("-")));
  const values = ends === -1 ? words : words.slice(0, ends);
  return values.slice(0, hints.many ? undefined : 1);
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

function checkedValues(
  command: string,
  all: readonly Argument[],
  given: (argument: Argument) => unknown,
): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const argument of all) {
    const value = valueOf(command, argument, given(argument));
    if (value !== undefined) values[argument.field] = value;
    else if (argument.required) {
      throw usage(command, `${written(argument)} is missing`, { missing: argument.field });
    }
  }
  return values;
}

function valueOf(command: string, argument: Argument, given: unknown): unknown {
  if (!Array.isArray(given)) return given;
  if (given.length === 0) return undefined;
  if (given.length > 1 && !argument.isList) {
    throw usage(command, `${written(argument)} is given ${given.length} times`, { argument: argument.field });
  }
  const value = argument.isList ? given.map(String) : converted(argument, String(given[0]));
  try {
    return argument.schema.check(value);
  } catch (error) {
    if (!(error instanceof SchemaMismatch)) throw error;
    const near = typeof value === "string" ? nearest(value, choicesOf(argument)) : undefined;
    throw usage(command, `${written(argument)} ${error.message}`, { argument: argument.field, value }, near);
  }
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

function needsNone(command: string, { name }: Argument): never {
  throw usage(command, `--${name} takes no value`, { flag: name });
}

function missingValue(command: string, { name, hints }: Argument): never {
  throw usage(command, `--${name} wants a value: --${name} ${hints.placeholder ?? name.toUpperCase()}`, {
    flag: name,
  });
}

function unknownFlag(command: string, text: string, flags: readonly Argument[]): JvsError {
  const given = text.replace(/=[^]*/, "");
  const shown = flags.filter(({ hints }) => !hints.hidden);
  const names = shown.flatMap(({ name, negatable }) => [`--${name}`, ...(negatable ? [`--no-${name}`] : [])]);
  return usage(command, `there is no flag ${quoted(given)}`, { flag: given }, nearest(given, names));
}

function usage(command: string, state: string, details: Record<string, unknown>, meant?: string): JvsError {
  return new JvsError("E_USAGE", `Cannot run \`jvs ${command}\`: ${state}.`, {
    hint: `${meant === undefined ? "" : `Did you mean ${meant}? `}See \`jvs help ${command}\`.`,
    details: { command, ...details, ...(meant === undefined ? {} : { meant }) },
  });
}
