import { bytesOf } from "../../../model/bytes.ts";
import { grouped } from "../../../model/grouped.ts";
import { decodePath, displayPath } from "../../../model/path_text.ts";
import type { OperationName, ResultOf } from "../../../operation/registry.ts";

/** The terminal codes of each tone, on and off. */
const CODES = {
  strong: [1, 22],
  faint: [2, 22],
  good: [32, 39],
  bad: [31, 39],
  notice: [33, 39],
  name: [36, 39],
} as const;

/** A meaning of text that a terminal can show by colour or weight. */
export type Tone = keyof typeof CODES;

/** How to lay out and colour text. */
export type Style = ReturnType<typeof createStyle>;

/** What a renderer knows besides the result. */
export interface View {
  readonly style: Style;
  /** Milliseconds since 1970, for "5 minutes ago". */
  readonly now: number;
  /** The operation's input, defaults included. */
  readonly input: Readonly<Record<string, unknown>>;
}

/** Turns an operation's result into text for people, without side effects. */
export type Renderer<N extends OperationName> = (result: ResultOf<N>, view: View) => string;

/** Makes a style of this width, with or without colours. */
export function createStyle(
  { color, rowWidth, width }: { color: boolean; width: number; rowWidth?: number },
) {
  return {
    /** The columns of a line. */
    width,
    /** The columns of a row of a table: people read it without a break, also where no terminal tells its width. */
    rowWidth: rowWidth ?? width,
    /** The text in a tone, or unchanged without colours. */
    paint(tone: Tone, text: string): string {
      if (!color || text === "") return text;
      const [on, off] = CODES[tone];
      return `\x1b[${on}m${text}\x1b[${off}m`;
    },
  };
}

// deno-lint-ignore no-control-regex -- `paint` writes these
const PAINT = /\x1b\[\d+m/g;
const PLAIN = /^[\x20-\x7e]*$/;
const NO_WIDTH = /^[\p{Mn}\p{Me}\p{Cf}]$/u;
// East Asian wide and full-width blocks, and emoji.
const WIDE =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}\p{Emoji_Presentation}]$/u;

/** The columns that a text takes on a terminal. Colours take none. */
export function displayWidth(text: string): number {
  const bare = text.replace(PAINT, "");
  if (PLAIN.test(bare)) return bare.length;
  let width = 0;
  for (const character of bare) width += NO_WIDTH.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
  return width;
}

/** The columns of the widest text. A loop, because `Math.max(...)` fails on very long lists. */
export function widest(texts: Iterable<string>): number {
  let most = 0;
  for (const text of texts) most = Math.max(most, displayWidth(text));
  return most;
}

/** Pads a text with spaces to a width. `side` is the side of the text. */
export function pad(text: string, columns: number, side: "left" | "right" = "left"): string {
  const room = " ".repeat(Math.max(0, columns - displayWidth(text)));
  return side === "left" ? text + room : room + text;
}

/** Cuts a text without colours to a width, and marks the cut with `…`. */
export function fit(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text;
  let short = "";
  let width = 1;
  for (const character of text) {
    width += displayWidth(character);
    if (width > columns) break;
    short += character;
  }
  return `${short}…`;
}

/** What is between two columns of a table. */
const GAP = "  ";

/** A table with headings; empty if there are no rows. The column with the heading `right` is aligned to the right. */
export function table(
  titles: readonly string[],
  rows: readonly (readonly string[])[],
  style: Style,
  right?: string,
): string {
  if (rows.length === 0) return "";
  const all = [titles.map((title) => style.paint("faint", title)), ...rows];
  const widths = titles.map((_, i) => widest(all.map((row) => row[i] ?? "")));
  const line = (row: readonly string[]) =>
    titles.map((title, i) => pad(row[i] ?? "", widths[i] ?? 0, title === right ? "right" : "left"))
      .join(GAP).trimEnd();
  return `${all.map(line).join("\n")}\n`;
}

/** The columns that are left of a row, after columns with these rows and their distances. */
export function roomAfter(
  titles: readonly string[],
  rows: readonly (readonly string[])[],
  style: Style,
): number {
  const used = titles.map((title, i) => widest([title, ...rows.map((row) => row[i] ?? "")]) + GAP.length);
  return style.rowWidth - used.reduce((sum, each) => sum + each, 0);
}

/** Breaks a text into lines of a width. Each line begins with `indent`. */
export function wrap(text: string, columns: number, indent = ""): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/).filter((w) => w !== "")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (line !== "" && displayWidth(indent + longer) > columns) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  if (line !== "") lines.push(line);
  return lines.map((each) => indent + each).join("\n");
}

/** The first line of a user's text, without characters that control the terminal. `…` stands for further lines. */
export function oneLine(text: string): string {
  const [first = "", ...rest] = text.split(/\r?\n/).map((line) => line.trim()).filter((line) => line !== "");
  const shown = first === "" ? "" : displayPath(bytesOf(first));
  return rest.length === 0 ? shown : `${shown} …`;
}

/** A path for people, from the encoded path that results have. */
export function pathText(encoded: string): string {
  try {
    return displayPath(decodePath(encoded));
  } catch {
    return oneLine(encoded); // not an encoded path: show it anyway
  }
}

/** The texts that are not empty, with a separator between them. */
export function joinTexts(texts: readonly string[], separator: string): string {
  return texts.filter((text) => text !== "").join(separator);
}

/** `1 file`, `12,345 files`. */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${grouped(number)} ${number === 1 ? one : many}`;
}
