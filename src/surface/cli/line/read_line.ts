import { nearest } from "../../../model/nearest.ts";
import { quoted } from "../../../model/path_text.ts";
import type { AnyOperation, Catalog } from "../../../operation/define.ts";
import { type Argument, argumentsOf, GLOBALS } from "./arguments.ts";
import { unknownCommand, usage } from "./usage.ts";

/** The parts of a command line. They are not complete or checked yet. */
export type Line = Readonly<
  Pick<LineReader, "words" | "operation" | "places" | "given" | "open" | "problem">
>;

/**
 * Reads a command line once, from left to right, to run it or to complete it. Global flags may be anywhere. A flag of the
 * command may come before the command's name only if it needs no value or has it after `=`.
 */
export async function readLine(args: readonly string[], catalog: Catalog): Promise<Line> {
  const end = args.includes("--") ? args.indexOf("--") : args.length;
  const reader = new LineReader(catalog);
  for (let i = 0; i < end; i++) {
    const text = args[i] as string;
    if (text.startsWith("-") && text !== "-") {
      await reader.endName(text);
      i += reader.flag(text, args.slice(i + 1, end));
    } else await reader.word(text);
  }
  await reader.finish(args.slice(end));
  return reader;
}

class LineReader {
  /** The one or two words at the place of the command. */
  readonly words: string[] = [];
  /** The arguments without a flag. */
  readonly places: string[] = [];
  /** The values of each flag by its name. A switch has true or false. */
  readonly given = new Map<string, (string | boolean)[]>();
  /** The command. `help` if there are no words; undefined if there is no such command. */
  operation: AnyOperation | undefined;
  /** The last flag of the line, if it needs a value or accepts one more. */
  open: Argument | undefined;
  /** The first mistake. The rest of the line was read too. */
  problem: unknown;

  /** The flags as they are written, each with what it means if it is a switch. */
  private readonly flags = new Map<string, { readonly argument: Argument; readonly means: boolean }>();
  /** Flags before the command's name. They are unknown until the command is known. */
  private readonly early: string[] = [];
  private isCommandRead = false;
  /** A flag that is not global stands behind the first word of the command: what follows may be its value. */
  private isSplit = false;

  constructor(private readonly catalog: Catalog) {
    this.addFlags(argumentsOf(GLOBALS.fields));
  }

  async word(text: string): Promise<void> {
    if (this.isCommandRead) {
      this.places.push(text);
      return;
    }
    this.words.push(text);
    if (this.words.length === 2 || this.catalog.group(text).length === 0) await this.readCommand();
  }

  /** A flag that is not global ends the name of a command, where its first word alone is one too: `audit --since 7d`. */
  async endName(flag: string): Promise<void> {
    const [first] = this.words;
    if (this.isCommandRead || first === undefined || this.flags.has(splitFlag(flag)[0])) return;
    this.isSplit = true;
    if (this.catalog.has(first)) await this.readCommand();
  }

  /** Reads a flag. Gives the number of following words that are its values. */
  flag(text: string, after: readonly string[]): number {
    const [name, joined] = splitFlag(text);
    const flag = this.flags.get(name);
    if (flag === undefined) return this.severalInOne(text, after);
    const { argument, means } = flag;
    if (joined === undefined && argument.takesValue) return this.valuesOf(argument, after);
    if (joined === undefined || argument.takesValue) this.give(argument, joined ?? means);
    else this.fail(`${name} takes no value`, { flag: argument.name });
    return 0;
  }

  /** Reads the values of a flag: the next word, or with `many` all words up to the next flag. Gives their number. */
  private valuesOf(argument: Argument, after: readonly string[]): number {
    const { name, hints: { bare, many = false, placeholder = name.toUpperCase() } } = argument;
    const end = after.findIndex((word) =>
      // A flag with an optional value does not take a word that looks like a flag.
      this.flags.has(splitFlag(word)[0]) || (bare !== undefined && word.startsWith("-"))
    );
    const values = after.slice(0, end === -1 ? after.length : end).slice(0, many ? undefined : 1);
    if ((values.length === 0 || many) && values.length === after.length) this.open = argument;
    if (values.length > 0) this.give(argument, ...values);
    else if (bare !== undefined) this.give(argument, bare);
    else this.fail(`--${name} needs a value: --${name} ${placeholder}`, { flag: name });
    return values.length;
  }

  /** Reads the end of the line. After `--` every word is an argument. */
  async finish([dashes, ...rest]: readonly string[]): Promise<void> {
    if (!this.isCommandRead) await this.readCommand();
    if (dashes === undefined) return;
    this.open = undefined;
    this.places.push(...rest);
  }

  /** Reads joined letters (`-qh`), or a letter with its value (`-C/tmp`). */
  private severalInOne(text: string, after: readonly string[]): number {
    const first = text.startsWith("--") ? undefined : this.flags.get(text.slice(0, 2));
    if (first !== undefined && first.argument.takesValue) this.give(first.argument, text.slice(2));
    else if (first !== undefined) {
      this.give(first.argument, first.means);
      return this.flag(`-${text.slice(2)}`, after);
    } else if (this.isCommandRead) this.failUnknown(text);
    else this.early.push(text);
    return 0;
  }

  /** Finds the command, and with it the command's flags. */
  private async readCommand(): Promise<void> {
    this.isCommandRead = true;
    const [first = "help", second] = this.words;
    const name = [this.words.join(" "), first].find((words) => this.catalog.has(words));
    if (name === undefined) {
      this.problem ??= unknownCommand(this.isSplit ? [first] : this.words, this.catalog);
      return;
    }
    if (name === first && second !== undefined) this.places.push(second);
    try {
      this.operation = await this.catalog.load(name);
      this.addFlags(argumentsOf(this.operation.input.fields));
    } catch (error) {
      this.problem ??= error;
    }
    for (const text of this.early) this.flag(text, []);
  }

  private addFlags(all: readonly Argument[]): void {
    for (const argument of all) {
      const { name, hints, negatable } = argument;
      this.flags.set(`--${name}`, { argument, means: true });
      if (hints.short) this.flags.set(`-${hints.short}`, { argument, means: true });
      if (negatable) this.flags.set(`--no-${name}`, { argument, means: false });
    }
  }

  private give({ name }: Argument, ...values: (string | boolean)[]): void {
    this.given.set(name, [...this.given.get(name) ?? [], ...values]);
  }

  private fail(state: string, details: Record<string, unknown>, meant?: string): void {
    this.problem ??= usage(this.operation?.name ?? this.words.join(" "), state, details, meant);
  }

  private failUnknown(text: string): void {
    const [flag] = splitFlag(text);
    const shown = [...this.flags].filter(([, { argument }]) => !argument.hints.hidden);
    // Of two equally similar names the command's own flag is suggested. Those were added last.
    const names = shown.map(([name]) => name).filter((name) => name.startsWith("--")).reverse();
    const isNote = ["-m", "--message"].includes(flag) && this.flags.get("--note")?.argument.hints.positional;
    const meant = isNote ? `\`jvs ${this.operation?.name} NOTE\`` : nearest(flag, names);
    this.fail(`there is no flag ${quoted(flag)}`, { flag }, meant);
  }
}

/** Splits `--flag=value` into the flag and its value. */
function splitFlag(text: string): [name: string, joined?: string] {
  const equals = text.indexOf("=");
  return equals === -1 ? [text] : [text.slice(0, equals), text.slice(equals + 1)];
}
