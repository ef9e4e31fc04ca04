/** Where in a text; both count from one. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** Text that is no JSON with comments: why, as the end of a sentence, and where. */
export class JsoncProblem extends Error {
  constructor(readonly reason: string, readonly place: Place) {
    super(`line ${place.line}, column ${place.column}: ${reason}`);
  }
}

/** What a text says, and where it says it. */
export interface JsoncDocument {
  readonly value: unknown;
  /** The place of the value at such a path (`a.b[0]`, as a `SchemaMismatch` has it); the text's begin for an unknown one. */
  place(path: string): Place;
}

const SPACE = /(?:[ \t\r\n\ufeff]+|\/\/[^\n]*|\/\*[^]*?\*\/)*/y;
// Everything from the space on but the quotation mark and the backslash: control characters are not allowed in it.
const TEXT = /"(?:[ !#-[\]-\u{10ffff}]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/uy;
const PLAIN = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.])/y;
const MOST_LEVELS = 64;

/**
 * Reads JSON with comments and trailing commas, knowing the place of everything, so that a person can be told which line
 * to mend. Synchronous and small because settings are read at every start; editing is jsonc-parser's work.
 */
export function parseJsonc(text: string): JsoncDocument {
  const reader = new Reader(text);
  const value = reader.value("", 0);
  reader.end();
  return { value, place: (path) => placeOf(text, reader.offsets.get(path) ?? 0) };
}

class Reader {
  readonly offsets = new Map<string, number>();
  private at = 0;

  constructor(private readonly text: string) {}

  value(path: string, level: number): unknown {
    this.skipSpace();
    this.offsets.set(path, this.at);
    if (level > MOST_LEVELS) throw this.problem("it is nested too deeply");
    switch (this.text[this.at]) {
      case "{":
        return this.object(path, level);
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

  private object(path: string, level: number): unknown {
    const members = new Map<string, unknown>();
    this.items("}", () => {
      const start = this.at;
      const name = this.string();
      if (members.has(name)) throw this.problem(`"${name}" is given twice`, start);
      this.skipSpace();
      if (!this.take(":")) throw this.problem("a colon is missing here");
      members.set(name, this.value(path === "" ? name : `${path}.${name}`, level + 1));
    });
    return Object.fromEntries(members);
  }

  private list(path: string, level: number): unknown[] {
    const items: unknown[] = [];
    this.items("]", () => items.push(this.value(`${path}[${items.length}]`, level + 1)));
    return items;
  }

  private items(close: string, item: () => void): void {
    this.at++;
    for (let comma = true;;) {
      this.skipSpace();
      if (this.take(close)) return;
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

function placeOf(text: string, offset: number): Place {
  const before = text.slice(0, offset);
  return { line: before.split("\n").length, column: offset - before.lastIndexOf("\n") };
}
