import { quoted } from "../model/path_text.ts";

/** A place in a text; line and column count from one. */
export interface TextPlace {
  readonly line: number;
  readonly column: number;
}

/** A text that is not JSON with comments: the reason, as the end of a sentence, and the place. */
export class JsoncProblem extends Error {
  constructor(readonly reason: string, readonly place: TextPlace) {
    super(`line ${place.line}, column ${place.column}: ${reason}`);
  }
}

/** Where a value begins and ends in the text, and where the members of an object or the items of a list end. */
export interface Span {
  readonly start: number;
  end: number;
  /** Where the last one ends; missing where there is none. */
  lastMember?: number;
  /** A comma follows the last one. */
  comma?: boolean;
  /** The span of each of them, by its name or number. */
  parts?: Map<string | number, Span>;
}

/** The value of a text, and where each part of it is. */
export interface JsoncDocument {
  readonly value: unknown;
  /** The span of the value at this path, if there is one. */
  span(path: string): Span | undefined;
  /** The place of the value at this path (`a.b[0]`, as in `SchemaMismatch`), or the beginning of the text. */
  place(path: string): TextPlace;
}

// No pattern here repeats a choice: that takes memory for each character, and other people write these texts.
const BLANKS = /[ \t\r\n\ufeff]*/y;
const PLAIN = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.])/y;
const MOST_LEVELS = 64;

/**
 * Reads JSON with comments and trailing commas. Keeps the place of each value, so that messages can name the line to
 * correct. docs/design/packages.md says why no package does this.
 */
export function parseJsonc(text: string): JsoncDocument {
  const reader = new Reader(text);
  const [value, whole] = reader.value(0);
  reader.end();
  const span = (path: string) => path === "" ? whole : spanIn(whole, path);
  return { value, span, place: (path) => placeOf(text, span(path)?.start ?? 0) };
}

/**
 * The span at this path in a value. The path is compared with the names on the way: the texts of all paths, each with
 * a long name in it, would be a million times longer than what was read.
 */
function spanIn({ parts }: Span, path: string): Span | undefined {
  for (const [name, span] of parts ?? []) {
    const key = typeof name === "number" ? `[${name}]` : name;
    if (!path.startsWith(key)) continue;
    const rest = path.slice(key.length);
    if (rest === "") return span;
    // A name may have dots and brackets in it, so another member may be the one that is meant.
    const found = rest[0] === "."
      ? spanIn(span, rest.slice(1))
      : rest[0] === "["
      ? spanIn(span, rest)
      : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

class Reader {
  private at = 0;

  constructor(private readonly text: string) {}

  value(level: number): [value: unknown, span: Span] {
    this.skipSpace();
    if (level > MOST_LEVELS) throw this.problem("it is nested too deeply");
    const span: Span = { start: this.at, end: this.at };
    const value = this.valueHere(level, span);
    span.end = this.at;
    return [value, span];
  }

  private valueHere(level: number, span: Span): unknown {
    switch (this.text[this.at]) {
      case "{":
        return this.object(level, span);
      case "[":
        return this.list(level, span);
      case '"':
        return this.string();
      default:
        return this.plain();
    }
  }

  end(): void {
    this.skipSpace();
    if (this.at < this.text.length) throw this.problem("there is more after the end");
  }

  private object(level: number, span: Span): unknown {
    const members: [name: string, value: unknown][] = [];
    const parts = span.parts = new Map();
    span.comma = this.items("}", () => {
      const start = this.at;
      const name = this.string();
      if (parts.has(name)) throw this.problem(`${quoted(name)} is given twice`, start);
      this.skipSpace();
      if (!this.take(":")) throw this.problem("a colon is missing here");
      const [value, part] = this.value(level + 1);
      members.push([name, value]);
      parts.set(name, part);
      span.lastMember = this.at;
    });
    return Object.fromEntries(members);
  }

  private list(level: number, span: Span): unknown[] {
    const items: unknown[] = [];
    const parts = span.parts = new Map();
    span.comma = this.items("]", () => {
      const [value, part] = this.value(level + 1);
      parts.set(items.length, part);
      items.push(value);
      span.lastMember = this.at;
    });
    return items;
  }

  /** Reads to the end of an object or a list; returns whether a comma comes before the end. */
  private items(close: string, item: () => void): boolean {
    this.at++;
    for (let comma = true;;) {
      this.skipSpace();
      if (this.take(close)) return comma;
      if (!comma) throw this.problem(`a comma or ${close} is missing here`);
      item();
      this.skipSpace();
      comma = this.take(",");
    }
  }

  private string(): string {
    let end = this.at + 1;
    while (end < this.text.length && this.text[end] !== '"') end += this.text[end] === "\\" ? 2 : 1;
    try {
      const value: unknown = JSON.parse(this.text.slice(this.at, end + 1));
      if (typeof value === "string") return this.passing(value, end + 1);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
    throw this.problem("a text in double quotes is missing or broken here");
  }

  private plain(): unknown {
    PLAIN.lastIndex = this.at;
    const token = PLAIN.exec(this.text)?.[0];
    if (token === undefined) throw this.problem("a value is missing or misspelt here");
    return this.passing(JSON.parse(token), this.at + token.length);
  }

  private passing<T>(value: T, end: number): T {
    this.at = end;
    return value;
  }

  private take(mark: string): boolean {
    if (this.text[this.at] !== mark) return false;
    this.at++;
    return true;
  }

  /** Goes behind blanks and comments. A comment that is never closed is none. */
  private skipSpace(): void {
    const { text } = this;
    for (let end = this.at; end !== -1;) {
      BLANKS.lastIndex = end;
      this.at = end + (BLANKS.exec(text)?.[0].length ?? 0);
      end = -1;
      if (text.startsWith("//", this.at)) end = this.endOf("\n") ?? text.length;
      else if (text.startsWith("/*", this.at)) end = this.endOf("*/") ?? -1;
    }
  }

  private endOf(mark: string): number | undefined {
    const found = this.text.indexOf(mark, this.at + 2);
    return found === -1 ? undefined : found + mark.length;
  }

  private problem(reason: string, at = this.at): JsoncProblem {
    return new JsoncProblem(at < this.text.length ? reason : "it ends too early", placeOf(this.text, at));
  }
}

function placeOf(text: string, offset: number): TextPlace {
  const before = text.slice(0, offset);
  return { line: before.split("\n").length, column: offset - before.lastIndexOf("\n") };
}
