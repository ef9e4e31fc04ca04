import { JvsError } from "../../model/errors.ts";
import { quoted } from "../../model/path_text.ts";
import type { Catalog } from "../../operation/catalog.ts";
import { argumentsOf } from "./arguments.ts";
import { GLOBALS } from "./globals.ts";
import { nearest } from "../../model/nearest.ts";

/** A command line's operation, and what else stands on it. */
export interface Command {
  /** The operation's name; `help` for a line without any. */
  readonly name: string;
  /** All but the words of the name. */
  readonly rest: readonly string[];
}

/** Finds what a line asks for: the command's one or two words, among the flags that may stand before and between them. */
export function findCommand(args: readonly string[], catalog: Catalog): Command {
  const given = args.slice(0, args.includes("--") ? args.indexOf("--") : args.length);
  const [first, second] = wordPlaces(given);
  if (given.includes("--version")) return { name: "version", rest: given.filter(isAboutOutput) };
  if (first === undefined) return { name: "help", rest: given.filter((arg) => !HELP.includes(arg)) };
  const word = given[first] as string;
  const next = second === undefined ? undefined : given[second] as string;
  const named = (words: string, places: readonly (number | undefined)[]) => {
    const name = catalog.resolve(words);
    return name === undefined ? undefined : { name, rest: args.filter((_, i) => !places.includes(i)) };
  };
  const command = (next === undefined ? undefined : named(`${word} ${next}`, [first, second])) ??
    named(word, [first]);
  // Whoever asks for help is not told what else is wrong with the line.
  if (given.some((arg) => HELP.includes(arg))) {
    const words = command?.name.split(" ") ?? [word];
    return { name: "help", rest: [...words, ...given.filter(isAboutOutput)] };
  }
  if (command === undefined) throw unknownCommand(word, next, catalog);
  return command;
}

const HELP: readonly string[] = ["--help", "-h"];

function isAboutOutput(arg: string): boolean {
  return arg === "--json" || arg === "--no-color" || arg === "--debug";
}

/** Where the first two words are that are neither flags nor values of a flag that may stand anywhere. */
export function wordPlaces(args: readonly string[]): number[] {
  const takers = new Set(
    argumentsOf(GLOBALS.fields).filter(({ takesValue }) => takesValue)
      .flatMap(({ name, hints }) => [`--${name}`, ...(hints.short ? [`-${hints.short}`] : [])]),
  );
  const places: number[] = [];
  for (let i = 0; i < args.length && places.length < 2 && args[i] !== "--"; i++) {
    const arg = args[i] as string;
    if (takers.has(arg)) i++;
    else if (!arg.startsWith("-")) places.push(i);
  }
  return places;
}

/** `E_USAGE` for words that call nothing, with what may have been meant. */
export function unknownCommand(word: string, next: string | undefined, catalog: Catalog): JvsError {
  const group = catalog.group(word);
  const words = next === undefined || group.length === 0 ? word : `${word} ${next}`;
  const names = catalog.names.flatMap((name) => [name, name.split(" ")[0] as string]);
  const near = nearest(words, group.length === 0 ? names : group);
  const state = words === word && group.length > 0 ? "it wants one more word" : "there is no such command";
  const all = group.length === 0 ? "See `jvs help` for all commands." : `There are: ${group.join(", ")}.`;
  return new JvsError("E_USAGE", `Cannot run ${quoted(`jvs ${words}`)}: ${state}.`, {
    hint: near === undefined || near === words ? all : `Did you mean \`jvs ${near}\`? ${all}`,
    details: { command: words, commands: group, ...(near === undefined ? {} : { meant: near }) },
  });
}
