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

/** Where a value begins and ends in the text, and where the members of an object end. */
export interface Span {
  readonly start: number;
  end: number;
  /** Where the last member ends; missing for an object without members. */
  lastMember?: number;
  /** A comma follows the last member. */
  comma?: boolean;
}

/** The value of a text, and where each part of it is. */
export interface JsoncDocument {
  readonly value: unknown;
  /** The span of the value at this path, if there is one. */
  span(path: string): Span | undefined;
  /** The place of the value at this path (`a.b[0]`, as in `SchemaMismatch`), or the beginning of the text. */
  place(path: string): TextPlace;
}

const SPACE = /(?:[ \t\r\n\ufeff]+|\/\/[^\n]*|\/\*[^]*?\*\/)*/y;
// Every character except the quotation mark, the backslash and control characters.
const TEXT = /"(?:[ !#-[\]-\u{10ffff}]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/uy;
const PLAIN = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.])/y;
const MOST_LEVELS = 64;

/**
 * Reads JSON with comments and trailing commas. Keeps the place of each value, so that messages can name the line to
 * correct. docs/design/packages.md says why no package does this.
 */
export function parseJsonc(text: string): JsoncDocument {
  const reader = new Reader(text);
  const value = reader.value("", 0);
  reader.end();
  const span = (path: string) => reader.spans.get(path);
  return { value, span, place: (path) => placeOf(text, span(path)?.start ?? 0) };
}

class Reader {
  readonly spans = new Map<string, Span>();
  private at = 0;

  constructor(private readonly text: string) {}

  value(path: string, level: number): unknown {
    this.skipSpace();
    if (level > MOST_LEVELS) throw this.problem("it is nested too deeply");
    const span: Span = { start: this.at, end: this.at };
    this.spans.set(path, span);
    const value = this.valueHere(path, level, span);
    span.end = this.at;
    return value;
  }

  private valueHere(path: string, level: number, span: Span): unknown {
    switch (this.text[this.at]) {
      case "{":
        return this.object(path, level, span);
      case "[":
        return this.list(path, level);
      case '"':
        return this.string();
      default:
        return JSON.parse(this.token(PLAIN, "a value is missing or misspelt here"));
    }
  }

  end(): void {
    this.skipSpace();
    if (this.at < this.text.length) throw this.problem("there is more after the end");
  }

  private object(path: string, level: number, span: Span): unknown {
    const members = new Map<string, unknown>();
    span.comma = this.items("}", () => {
      const start = this.at;
      const name = this.string();
      if (members.has(name)) throw this.problem(`"${name}" is given twice`, start);
      this.skipSpace();
      if (!this.take(":")) throw this.problem("a colon is missing here");
      members.set(name, this.value(path === "" ? name : `${path}.${name}`, level + 1));
      span.lastMember = this.at;
    });
    return Object.fromEntries(members);
  }

  private list(path: string, level: number): unknown[] {
    const items: unknown[] = [];
    this.items("]", () => items.push(this.value(`${path}[${items.length}]`, level + 1)));
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
    return JSON.parse(this.token(TEXT, "a text in double quotes is missing or broken here"));
  }

  private token(pattern: RegExp, otherwise: string): string {
    pattern.lastIndex = this.at;
    const token = pattern.exec(this.text)?.[0];
    if (token === undefined) throw this.problem(otherwise);
    this.at += token.length;
    return token;
  }

  private take(mark: string): boolean {
    if (this.text[this.at] !== mark) return false;
    this.at++;
    return true;
  }

  private skipSpace(): void {
    SPACE.lastIndex = this.at;
    this.at += SPACE.exec(this.text)?.[0].length ?? 0;
  }

  private problem(reason: string, at = this.at): JsoncProblem {
    return new JsoncProblem(at < this.text.length ? reason : "it ends too early", placeOf(this.text, at));
  }
}

function placeOf(text: string, offset: number): TextPlace {
  const before = text.slice(0, offset);
  return { line: before.split("\n").length, column: offset - before.lastIndexOf("\n") };
}
