import { type BytePath, exactTextOf } from "./bytes.ts";
import { type Change, diffLines } from "./line_diff.ts";

const CONTEXT = 3;

/** What a patch calls a file that is not there. */
export const NO_FILE = "/dev/null";

/** How the two texts are called in a patch: made by `patchName`, or `NO_FILE`. */
export interface DiffNames {
  readonly oldName: string;
  readonly newName: string;
}

/** How one text became another as a unified diff with three lines of context, as patch(1) takes it; empty for none. */
export function unifiedDiff(oldText: string, newText: string, { oldName, newName }: DiffNames): string {
  const oldLines = linesOf(oldText);
  const newLines = linesOf(newText);
  const changes = diffLines(oldLines, newLines);
  if (changes.length === 0) return "";
  const out = [`--- ${closed(oldName)}\n`, `+++ ${closed(newName)}\n`];
  for (const group of hunks(changes)) writeHunk(group, oldLines, newLines, out);
  return out.join("");
}

/**
 * A file's name in a patch: below `a` or `b`, odd ones in quotation marks as git writes them, and so those that end in
 * a space, which patch(1) would not see.
 */
export function patchName(side: "a" | "b", path: BytePath): string {
  const text = exactTextOf(path);
  if (text !== undefined && !ODD.test(text) && !text.endsWith(" ")) return `${side}/${text}`;
  let quoted = "";
  for (const byte of path) quoted += quotedByte(byte);
  return `"${side}/${quoted}"`;
}

// Quotation marks, backslashes, and what would steer a terminal or break the line.
const ODD = /["\\\p{Cc}\p{Cf}\u2028\u2029]/u;

const ESCAPES: Readonly<Record<string, string>> = {
  "\x07": "\\a",
  "\b": "\\b",
  "\t": "\\t",
  "\n": "\\n",
  "\v": "\\v",
  "\f": "\\f",
  "\r": "\\r",
  '"': '\\"',
  "\\": "\\\\",
};

function quotedByte(byte: number): string {
  const character = String.fromCharCode(byte);
  if (byte < 0x20 || byte >= 0x7f || character in ESCAPES) {
    return ESCAPES[character] ?? `\\${byte.toString(8).padStart(3, "0")}`;
  }
  return character;
}

/** A tab tells where a name with spaces ends; without it patch(1) would stop at the first. */
function closed(name: string): string {
  return name.includes(" ") && !name.startsWith('"') ? `${name}\t` : name;
}

/** The lines with their ends, so that a last one without an end is another line. */
function linesOf(text: string): string[] {
  const lines: string[] = [];
  for (let start = 0; start < text.length;) {
    const end = text.indexOf("\n", start) + 1 || text.length;
    lines.push(text.slice(start, end));
    start = end;
  }
  return lines;
}

/** Changes whose context would touch, together. */
function hunks(changes: readonly Change[]): [Change, ...Change[]][] {
  const groups: [Change, ...Change[]][] = [];
  for (const change of changes) {
    const group = groups.at(-1);
    const before = group?.at(-1);
    if (before !== undefined && change.oldStart - before.oldEnd <= 2 * CONTEXT) group?.push(change);
    else groups.push([change]);
  }
  return groups;
}

function writeHunk(
  group: readonly [Change, ...Change[]],
  oldLines: readonly string[],
  newLines: readonly string[],
  out: string[],
): void {
  const [first] = group;
  const last = group.at(-1) ?? first;
  const before = Math.min(CONTEXT, first.oldStart);
  const after = Math.min(CONTEXT, oldLines.length - last.oldEnd);
  const oldRange = range(first.oldStart - before, last.oldEnd + after);
  const newRange = range(first.newStart - before, last.newEnd + after);
  out.push(`@@ -${oldRange} +${newRange} @@\n`);
  const write = (sign: string, lines: readonly string[], start: number, end: number) => {
    for (const line of lines.slice(start, end)) {
      out.push(sign, line, line.endsWith("\n") ? "" : "\n\\ No newline at end of file\n");
    }
  };
  let done = first.oldStart - before;
  for (const { oldStart, oldEnd, newStart, newEnd } of group) {
    write(" ", oldLines, done, oldStart);
    write("-", oldLines, oldStart, oldEnd);
    write("+", newLines, newStart, newEnd);
    done = oldEnd;
  }
  write(" ", oldLines, done, done + after);
}

/** Lines counted from 1; of none, the line before them. */
function range(start: number, end: number): string {
  const count = end - start;
  return count === 1 ? `${start + 1}` : `${count === 0 ? start : start + 1},${count}`;
}
