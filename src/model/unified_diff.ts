import { type BytePath, bytesOf, exactTextOf, textOf } from "./bytes.ts";
import { diffLines, type LineChange } from "./line_diff.ts";
import { Lines, numberLines } from "./lines.ts";

/** How many lines around a change are shown. */
export const CONTEXT = 3;

/** The name of a missing file in a patch. */
export const NO_FILE = "/dev/null";

/**
 * The changes between two texts as a unified diff for patch(1), with three lines of context; empty without changes. The
 * names are made by `patchName`, or `NO_FILE`. Of long files it takes the parts that differ, with the context around them:
 * `linesBefore` lines come before both.
 */
export function unifiedDiff(
  before: Uint8Array,
  after: Uint8Array,
  { oldName, newName, linesBefore = 0 }: { oldName: string; newName: string; linesBefore?: number },
): string {
  const [oldLines, newLines] = [new Lines(before), new Lines(after)];
  const changes = diffLines(...numberLines(oldLines, newLines));
  if (changes.length === 0) return "";
  const out = new Text(before.length + after.length);
  out.add(bytesOf(`--- ${closed(oldName)}\n+++ ${closed(newName)}\n`));
  for (const group of hunks(changes)) writeHunk(group, oldLines, newLines, linesBefore, out);
  return out.text();
}

/**
 * The name of a file in a patch, below `a/` or `b/`, or as it is. Unusual names are in quotation marks as in git; so are names
 * that end in a space, which patch(1) would ignore.
 */
export function patchName(side: "a/" | "b/" | "", path: BytePath): string {
  const text = exactTextOf(path);
  const isPlain = text !== undefined && !ODD.test(text) && !text.endsWith(" ");
  return isPlain ? `${side}${text}` : quotedName(side, path);
}

/** The line of git that begins the patch of a file. In it patch(1) takes a space for the end of a name without quotation marks. */
export function gitLine(oldPath: BytePath, newPath: BytePath): string {
  const name = (side: "a/" | "b/", path: BytePath) => {
    const plain = patchName(side, path);
    return plain.includes(" ") ? quotedName(side, path) : plain;
  };
  return `diff --git ${name("a/", oldPath)} ${name("b/", newPath)}\n`;
}

function quotedName(side: string, path: BytePath): string {
  return `"${side}${Array.from(path, quotedByte).join("")}"`;
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
  oldLines: Lines,
  newLines: Lines,
  linesBefore: number,
  out: Text,
): void {
  const [first] = group;
  const last = group.at(-1) ?? first;
  const before = Math.min(CONTEXT, first.oldStart);
  const after = Math.min(CONTEXT, oldLines.count - last.oldEnd);
  const oldRange = range(linesBefore + first.oldStart - before, linesBefore + last.oldEnd + after);
  const newRange = range(linesBefore + first.newStart - before, linesBefore + last.newEnd + after);
  out.add(bytesOf(`@@ -${oldRange} +${newRange} @@\n`));
  const write = (sign: number, lines: Lines, start: number, end: number) => {
    for (let line = start; line < end; line++) {
      out.byte(sign);
      out.add(lines.bytes.subarray(lines.start(line), lines.start(line + 1)));
      if (!lines.isEnded(line)) out.add(NO_NEWLINE);
    }
  };
  let done = first.oldStart - before;
  for (const { oldStart, oldEnd, newStart, newEnd } of group) {
    write(SPACE, oldLines, done, oldStart);
    write(MINUS, oldLines, oldStart, oldEnd);
    write(PLUS, newLines, newStart, newEnd);
    done = oldEnd;
  }
  write(SPACE, oldLines, done, done + after);
}

const [SPACE, PLUS, MINUS] = [0x20, 0x2b, 0x2d];
const NO_NEWLINE = bytesOf("\n\\ No newline at end of file\n");

/** A range of lines, counted from 1; for an empty range, the line before it. */
function range(start: number, end: number): string {
  const count = end - start;
  return count === 1 ? `${start + 1}` : `${count === 0 ? start : start + 1},${count}`;
}

/** A text that is made of bytes: one piece of memory, and no object for each line. */
class Text {
  private buffer: Uint8Array<ArrayBuffer>;
  private end = 0;

  constructor(expected: number) {
    this.buffer = new Uint8Array(expected + 1024);
  }

  byte(byte: number): void {
    this.reserve(1);
    this.buffer[this.end++] = byte;
  }

  add(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.buffer.set(bytes, this.end);
    this.end += bytes.length;
  }

  text(): string {
    return textOf(this.buffer.subarray(0, this.end));
  }

  private reserve(more: number): void {
    if (this.end + more <= this.buffer.length) return;
    const grown = new Uint8Array(2 * this.buffer.length + more);
    grown.set(this.buffer);
    this.buffer = grown;
  }
}
