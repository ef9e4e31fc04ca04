import { nearest } from "../../../model/nearest.ts";
import { quoted } from "../../../model/path_text.ts";
import type { Catalog } from "../../../operation/catalog.ts";
import type { AnyOperation } from "../../../operation/define.ts";
import { type Argument, argumentsOf } from "./arguments.ts";
import { GLOBALS } from "./globals.ts";
import { unknownCommand } from "./unknown_command.ts";
import { usage } from "./usage.ts";

/** A command line taken apart: what is on it, not yet whether that is enough. */
export interface Line {
  /** The one or two words that name the command, or were to name one. */
  readonly words: readonly string[];
  /** What they call; `help` where there are none, nothing where they call nothing. */
  readonly operation: AnyOperation | undefined;
  /** The arguments without a flag. */
  readonly places: readonly string[];
  /** What flags were given, by the flag's name: its values, or true or false for a switch. */
  readonly given: ReadonlyMap<string, readonly (string | boolean)[]>;
  /** The flag at the end of the line that wants a value, or takes one more. */
  readonly open: Argument | undefined;
  /** The first thing that is wrong; what follows it was read all the same. */
  readonly problem: unknown;
}

/**
 * Reads a command line, once and from left to right, for whoever runs it or completes it. Flags of every command may stand
 * anywhere; of the command's own, before its name, those whose value is joined to them or that need none.
 */
export async function readLine(args: readonly string[], catalog: Catalog): Promise<Line> {
  const end = args.includes("--") ? args.indexOf("--") : args.length;
  const reader = new LineReader(catalog);
  for (let i = 0; i < end; i++) {
    const text = args[i] as string;
    if (text.startsWith("-") && text !== "-") i += reader.flag(text, args.slice(i + 1, end));
    else await reader.word(text);
  }
  await reader.finish(args.slice(end));
  return reader;
}

/** A flag as it is written, and what it means if it is a switch. */
interface Flag {
  readonly argument: Argument;
  readonly means: boolean;
}

class LineReader implements Line {
  readonly words: string[] = [];
  readonly places: string[] = [];
  readonly given = new Map<string, (string | boolean)[]>();
  operation: AnyOperation | undefined;
  open: Argument | undefined;
  problem: unknown;

  private readonly flags = new Map<string, Flag>();
  /** Flags that are not known before the command is. */
  private readonly early: string[] = [];
  private isSettled = false;

  constructor(private readonly catalog: Catalog) {
    this.know(argumentsOf(GLOBALS.fields));
  }

  async word(text: string): Promise<void> {
    if (this.isSettled) {
      this.places.push(text);
      return;
    }
    this.words.push(text);
    if (this.words.length === 2 || this.catalog.group(text).length === 0) await this.settle();
  }

  /** Takes a flag, and says how many of the words after it are its values. */
  flag(text: string, after: readonly string[]): number {
    const [name, joined] = parted(text);
    const flag = this.flags.get(name);
    if (flag === undefined) return this.severalInOne(text, after);
    const { argument, means } = flag;
    if (!argument.takesValue) {
      if (joined === undefined) this.give(argument, means);
      else this.fail(`${name} takes no value`, { flag: argument.name });
      return 0;
    }
    if (joined !== undefined) {
      this.give(argument, joined);
      return 0;
    }
    const values = this.valuesIn(after, argument);
    const wantsMore = values.length === 0 || argument.hints.many === true;
    if (wantsMore && values.length === after.length) this.open = argument;
    if (values.length > 0) this.give(argument, ...values);
    else if (argument.hints.bare !== undefined) this.give(argument, argument.hints.bare);
    else {
      const { name, hints } = argument;
      const example = `--${name} ${hints.placeholder ?? name.toUpperCase()}`;
      this.fail(`--${name} wants a value: ${example}`, { flag: name });
    }
    return values.length;
  }

  /** The end of the line; after `--` all are arguments. */
  async finish([dashes, ...rest]: readonly string[]): Promise<void> {
    if (!this.isSettled) await this.settle();
    if (dashes === undefined) return;
    this.open = undefined;
    this.places.push(...rest);
  }

  /** Single letters in one (`-qh`), or a letter with its value (`-C/tmp`). */
  private severalInOne(text: string, after: readonly string[]): number {
    const first = text.startsWith("--") ? undefined : this.flags.get(text.slice(0, 2));
    if (first !== undefined && first.argument.takesValue) this.give(first.argument, text.slice(2));
    else if (first !== undefined) {
      this.give(first.argument, first.means);
      return this.flag(`-${text.slice(2)}`, after);
    } else if (this.isSettled) this.failUnknown(text);
    else this.early.push(text);
    return 0;
  }

  /** The words after a flag that are its values: one, or with `many` all up to the next flag. */
  private valuesIn(words: readonly string[], { hints }: Argument): readonly string[] {
    const ends = words.findIndex((word) =>
      // Where no value is needed, whatever looks like a flag is meant as one.
      this.flags.has(parted(word)[0]) || (hints.bare !== undefined && word.startsWith("-"))
    );
    return words.slice(0, ends === -1 ? words.length : ends).slice(0, hints.many ? undefined : 1);
  }

  /** Finds out which command it is, which says what more flags there are. */
  private async settle(): Promise<void> {
    this.isSettled = true;
    const [first = "help", second] = this.words;
    const name = [this.words.join(" "), first].find((words) => this.catalog.has(words));
    if (name === undefined) {
      this.problem ??= unknownCommand(first, second, this.catalog);
      return;
    }
    if (name === first && second !== undefined) this.places.push(second);
    try {
      this.operation = await this.catalog.load(name);
      this.know(argumentsOf(this.operation.input.fields));
    } catch (error) {
      this.problem ??= error;
    }
    for (const text of this.early) this.flag(text, []);
  }

  private know(all: readonly Argument[]): void {
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
    const [flag] = parted(text);
    const shown = [...this.flags].filter(([, { argument }]) => !argument.hints.hidden);
    // The command's own first, which were added last: of two that are as near, one of them was meant.
    const names = shown.map(([name]) => name).filter((name) => name.startsWith("--")).reverse();
    this.fail(`there is no flag ${quoted(flag)}`, { flag }, nearest(flag, names));
  }
}

/** A flag's name with its dashes, and the value that is joined to it by `=`. */
function parted(text: string): [name: string, joined?: string] {
  const equals = text.indexOf("=");
  return equals === -1 ? [text] : [text.slice(0, equals), text.slice(equals + 1)];
}
