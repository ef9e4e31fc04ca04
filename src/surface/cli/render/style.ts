import { bytesOf } from "../../../model/bytes.ts";
import { decodePath, displayPath } from "../../../model/path_text.ts";

/** The colours and weights in use, by what they say. */
const CODES = {
  strong: [1, 22],
  faint: [2, 22],
  good: [32, 39],
  bad: [31, 39],
  notice: [33, 39],
  name: [36, 39],
} as const;

/** Text with a meaning that a terminal can show. */
export type Tone = keyof typeof CODES;

/** How text looks where it goes. */
export interface Style {
  /** Columns that lines should keep to. */
  readonly width: number;
  /** The text in a tone, where there are colours. */
  paint(tone: Tone, text: string): string;
}

/** A style for a place so wide, with colours or without. */
export function createStyle(options: { color: boolean; width: number }): Style {
  return {
    width: options.width,
    paint(tone, text) {
      if (!options.color || text === "") return text;
      const [on, off] = CODES[tone];
      return `\x1b[${on}m${text}\x1b[${off}m`;
    },
  };
}

// deno-lint-ignore no-control-regex -- these are what `paint` writes
const PAINT = /\x1b\[\d+m/g;
const PLAIN = /^[\x20-\x7e]*$/;
const NO_WIDTH = /^[\p{Mn}\p{Me}\p{Cf}]$/u;
// East Asian wide and full-width blocks, and what is drawn as a picture.
const WIDE =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}\p{Emoji_Presentation}]$/u;

/** How many columns a text takes on a terminal; paint takes none. */
export function displayWidth(text: string): number {
  const bare = text.replace(PAINT, "");
  if (PLAIN.test(bare)) return bare.length;
  let width = 0;
  for (const character of bare) width += NO_WIDTH.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
  return width;
}

/** How many columns the widest of these takes; however many there are, which arguments of a call could not be. */
export function widest(texts: Iterable<string>): number {
  let most = 0;
  for (const text of texts) most = Math.max(most, displayWidth(text));
  return most;
}

/** The text with spaces after it (or before it) up to so many columns. */
export function pad(text: string, columns: number, side: "left" | "right" = "left"): string {
  const room = " ".repeat(Math.max(0, columns - displayWidth(text)));
  return side === "left" ? text + room : room + text;
}

/** The beginning of a text without paint that fits into so many columns, marked where it was cut. */
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

/** How a column of a table is set. */
export interface Column {
  /** Its heading; no headings at all where every column's is empty. */
  readonly title: string;
  /** Numbers stand at the right; the left by default. */
  readonly align?: "left" | "right";
}

/** Rows in columns, with headings above; empty when there are no rows. Text in the last column runs on. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  style: Style,
): string {
  if (rows.length === 0) return "";
  const headed = columns.some(({ title }) => title !== "");
  const titles = columns.map(({ title }) => style.paint("faint", title));
  const all = headed ? [titles, ...rows] : rows;
  const widths = columns.map((_, i) => widest(all.map((row) => row[i] ?? "")));
  const lines = all.map((row) =>
    columns.map((column, i) =>
      i === columns.length - 1 && column.align !== "right"
        ? row[i] ?? ""
        : pad(row[i] ?? "", widths[i] ?? 0, column.align === "right" ? "right" : "left")
    ).join("  ").trimEnd()
  );
  return `${lines.join("\n")}\n`;
}

/** Words in lines of at most so many columns, each begun by `indent`. */
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

/** A user's text on one line, with nothing in it that steers a terminal. */
export function oneLine(text: string): string {
  const [first = "", ...rest] = text.split(/\r?\n/).map((line) => line.trim()).filter((line) => line !== "");
  const shown = first === "" ? "" : displayPath(bytesOf(first));
  return rest.length === 0 ? shown : `${shown} …`;
}

/** A path as results hold it (encoded as in the payload root hash), for people. */
export function pathText(encoded: string): string {
  try {
    return displayPath(decodePath(encoded));
  } catch {
    return oneLine(encoded); // no encoded path after all: still better shown than failed over
  }
}

/** `1 file`, `12,345 files`. */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${grouped(number)} ${number === 1 ? one : many}`;
}

/** Thousands apart: `12,345`. */
export function grouped(number: number): string {
  return String(number).replace(/\B(?=(\d{3})+(?!\d))/g, ",");
}
