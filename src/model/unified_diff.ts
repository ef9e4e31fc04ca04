import { type BytePath, exactTextOf } from "./bytes.ts";
import { diffLines, type LineChange } from "./line_diff.ts";

const CONTEXT = 3;

/** The name of a missing file in a patch. */
export const NO_FILE = "/dev/null";

/**
 * The changes between two texts as a unified diff for patch(1), with three lines of context; empty without changes. The
 * names are made by `patchName`, or `NO_FILE`.
 */
export function unifiedDiff(
  oldText: string,
  newText: string,
  { oldName, newName }: Readonly<Record<"oldName" | "newName", string>>,
): string {
  const oldLines = linesOf(oldText);
  const newLines = linesOf(newText);
  const changes = diffLines(oldLines, newLines);
  if (changes.length === 0) return "";
  const out = [`--- ${closed(oldName)}\n`, `+++ ${closed(newName)}\n`];
  for (const group of hunks(changes)) writeHunk(group, oldLines, newLines, out);
  return out.join("");
}

/**
 * The name of a file in a patch, below `a` or `b`. Unusual names are in quotation marks as in git; so are names that end
 * in a space, which patch(1) would ignore.
 */
export function patchName(side: "a" | "b", path: BytePath): string {
  const text = exactTextOf(path);
  if (text !== undefined && !ODD.test(text) && !text.endsWith(" ")) return `${side}/${text}`;
  return `"${side}/${Array.from(path, quotedByte).join("")}"`;
}

// Quotation marks, backslashes, and characters that control a terminal or break the line.
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

/** A name with spaces gets a tab at its end; otherwise patch(1) would stop at the first space. */
function closed(name: string): string {
  return name.includes(" ") && !name.startsWith('"') ? `${name}\t` : name;
}

/** The lines with their newlines, so that a last line without one is different. */
function linesOf(text: string): string[] {
  const lines: string[] = [];
  for (let start = 0; start < text.length;) {
    const end = text.indexOf("\n", start) + 1 || text.length;
    lines.push(text.slice(start, end));
    start = end;
  }
  return lines;
}

/** Groups of changes whose context would touch. */
function hunks(changes: readonly LineChange[]): [LineChange, ...LineChange[]][] {
  const groups: [LineChange, ...LineChange[]][] = [];
  for (const change of changes) {
    const group = groups.at(-1);
    const before = group?.at(-1);
    if (before !== undefined && change.oldStart - before.oldEnd <= 2 * CONTEXT) group?.push(change);
    else groups.push([change]);
  }
  return groups;
}

function writeHunk(
  group: readonly [LineChange, ...LineChange[]],
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

/** A range of lines, counted from 1; for an empty range, the line before it. */
function range(start: number, end: number): string {
  const count = end - start;
  return count === 1 ? `${start + 1}` : `${count === 0 ? start : start + 1},${count}`;
}
