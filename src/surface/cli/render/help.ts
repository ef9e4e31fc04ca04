import type { AnyOperation, Catalog } from "../../../operation/define.ts";
import { type Argument, argumentsOf, choicesOf, GLOBALS } from "../line/arguments.ts";
import { unknownCommand } from "../line/usage.ts";
import { displayWidth, joinTexts, pad, type Style, widest, wrap } from "./style.ts";

/** The commands, grouped by task. */
export const GROUPS: readonly (readonly [title: string, ...names: string[]])[] = [
  ["Begin", "init", "adopt", "info", "status", "demo"],
  ["Save and go back", "snapshot", "history", "show", "diff", "path", "restore"],
  ["Worktrees and names", "worktree", "ref", "lock"],
  ["Keep in order", "verify", "doctor", "audit", "gc", "pin", "conformance"],
  ["Set up", "config", "key", "completion", "help", "version"],
];

const MOST_COLUMNS = 100;

/** The help page with all commands. */
function overview(all: readonly AnyOperation[], style: Style): string {
  const of = (word: string) => all.filter(({ name }) => name === word || name.startsWith(`${word} `));
  const grouped = GROUPS.map(([title, ...words]) => [title, words.flatMap(of)] as const);
  const rest = all.filter((each) => !grouped.some(([, inGroup]) => inGroup.includes(each)));
  const nameWidth = widest(all.map(({ name }) => name));
  return [
    `${style.paint("strong", "jvs")}: the history of whole working folders\n`,
    `${style.paint("strong", "Usage")}  jvs <command> [arguments] [flags]\n`,
    ...[...grouped, ["More", rest] as const].flatMap(([title, inGroup]) =>
      section(title, commandLines(inGroup, nameWidth, style), style)
    ),
    ...section("With every command", argumentLines(argumentsOf(GLOBALS.fields), flagLine, style), style),
    `See ${style.paint("name", "jvs help <command>")} for one command, with examples.\n`,
  ].join("\n");
}

/** The help page of one command. */
function page(operation: AnyOperation, style: Style): string {
  const width = columns(style);
  const { about = "", examples = [], input, name, summary } = operation;
  const own = argumentsOf(input.fields).filter(({ hints }) => !hints.hidden);
  const places = own.filter(({ hints }) => hints.positional);
  const flags = own.filter(({ hints }) => !hints.positional);
  const paragraphs = about.split(/\n{2,}/).map((text) => wrap(text, width));
  const globals = argumentsOf(GLOBALS.fields).map(({ name, schema }) =>
    `--${schema.fallback?.value === true ? "no-" : ""}${name}`
  );
  const exampleLines = examples.map(([command, what]) =>
    `  ${command}\n      ${style.paint("faint", what)}\n`
  );
  return [
    `${style.paint("strong", `jvs ${name}`)}: ${summary}\n`,
    `${style.paint("strong", "Usage")}  jvs ${usageOf(operation)}\n`,
    ...(about === "" ? [] : [`${paragraphs.join("\n\n")}\n`]),
    ...section("Arguments", argumentLines(places, placeText, style), style),
    ...section("Flags", argumentLines(flags, flagLine, style), style),
    ...section("Examples", exampleLines.join(""), style),
    style.paint("faint", `${wrap(`Flags of every command: ${globals.join(" ")}.`, width)}\n`),
  ].join("\n");
}

/** The help page of the commands that begin with the same word. */
function groupPage(word: string, all: readonly AnyOperation[], style: Style): string {
  const lines = commandLines(all, widest(all.map(({ name }) => name)), style);
  const more = `See ${style.paint("name", `jvs help ${word} <command>`)} for one command.`;
  return `${style.paint("strong", `jvs ${word}`)}\n\n${lines}\n${more}\n`;
}

/** Lines with a title; nothing if there are no lines. */
function section(title: string, lines: string, style: Style): string[] {
  return lines === "" ? [] : [`${style.paint("strong", title)}\n${lines}`];
}

/** The help page for a command or a group of commands; for no words the overview. */
export async function helpText(command: unknown, catalog: Catalog, style: Style): Promise<string> {
  const words = Array.isArray(command) ? command.join(" ") : "";
  const found = await catalog.loadNamed(words);
  const [first] = found;
  if (first === undefined) throw unknownCommand(words.split(" "), catalog);
  if (words === "") return overview(found, style);
  return words === first.name ? page(first, style) : groupPage(words, found, style);
}

/** The usage line of a command: `worktree fork [snapshot] <name> [flags]`. */
export function usageOf({ name, input }: AnyOperation): string {
  const own = argumentsOf(input.fields).filter(({ hints }) => !hints.hidden);
  const places = own.filter(({ hints }) => hints.positional).map(placeText);
  const needed = own.filter(({ hints, required }) => !hints.positional && required).map(flagText);
  const more = own.some(({ hints, required }) => !hints.positional && !required) ? ["[flags]"] : [];
  return [name, ...needed, ...places, ...more].join(" ");
}

function placeText({ name, required, isList }: Argument): string {
  const text = `${name}${isList ? "…" : ""}`;
  return required ? `<${text}>` : `[${text}]`;
}

/** A flag with a placeholder for its value: `--tag TAG`. */
export function flagText(argument: Argument): string {
  const { name, schema, hints, takesValue } = argument;
  if (!takesValue) {
    return schema.fallback?.value === true ? `--no-${name}` : `--${argument.negatable ? "[no-]" : ""}${name}`;
  }
  const choices = choicesOf(argument);
  const value = hints.placeholder ??
    (choices.length > 0 ? choices.join("|") : schema.kind === "number" ? "N" : "TEXT");
  return `--${name} ${hints.bare === undefined ? value : `[${value}]`}${hints.many ? "…" : ""}`;
}

function flagLine(flag: Argument): string {
  return `${flag.hints.short ? `-${flag.hints.short}, ` : "    "}${flagText(flag)}`;
}

/** The description of an argument, and its default unless that is empty. */
export function aboutText({ schema }: Argument): string {
  const value: unknown = schema.fallback?.value;
  const said = (typeof value === "string" && value !== "") || typeof value === "number";
  return joinTexts([schema.description, said ? `(default ${value})` : ""], " ");
}

function commandLines(all: readonly AnyOperation[], nameWidth: number, style: Style): string {
  return all.map(({ name, summary }) => entry(name, summary, nameWidth, style)).join("");
}

function argumentLines(all: readonly Argument[], textOf: (each: Argument) => string, style: Style): string {
  const nameWidth = Math.min(32, widest(all.map(textOf)));
  return all.map((each) => entry(textOf(each), aboutText(each), nameWidth, style)).join("");
}

/** A name with its description beside it, or below it if the name is too long. */
function entry(name: string, what: string, nameWidth: number, style: Style): string {
  const text = wrap(what, columns(style), " ".repeat(nameWidth + 4));
  const painted = style.paint("name", name);
  if (displayWidth(name) > nameWidth) return `  ${painted}\n${text}\n`;
  return `  ${pad(painted, nameWidth)}  ${text.trimStart()}`.trimEnd() + "\n";
}

function columns(style: Style): number {
  return Math.min(style.width, MOST_COLUMNS);
}
