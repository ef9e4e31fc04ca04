import { countNewlines } from "../../model/lines.ts";
import { CONTEXT } from "../../model/unified_diff.ts";
import type { OpenFile } from "../../platform/platform.ts";
import { Stat } from "../../platform/stat.ts";
import type { TimeSlice } from "../../platform/time_slice.ts";

/** The most bytes of each file that are compared line by line, and the most lines. The rest must be the same on both sides. */
const MOST_BYTES = 5_000_000;
const MOST_LINES = 1_000_000;
const BLOCK_BYTES = 256 * 1024;
/** What a block weighs for `TimeSlice`. */
const BLOCK_WEIGHT = 16;
const NEWLINE = 0x0a;

/** The part in which two texts differ, as whole lines with their context. */
export interface ChangedPart {
  readonly before: Uint8Array;
  readonly after: Uint8Array;
  /** How many lines come before it, in both files. */
  readonly linesBefore: number;
}

/**
 * Finds the part in which two files differ. What is the same at their beginnings and at their ends is read block by block
 * and not kept, so a file can be of any size; only the part between must be small. No file is an empty one.
 */
export async function changedPart(
  before: OpenFile | undefined,
  after: OpenFile | undefined,
  slice: TimeSlice,
  blockBytes = BLOCK_BYTES,
): Promise<ChangedPart | "binary" | "too large" | "changing"> {
  try {
    const [a, b] = [new Reader(before, blockBytes), new Reader(after, blockBytes)];
    if (a.hasHoles() || b.hasHoles()) throw new Unfit("binary");
    const head = await sameHead(a, b, slice);
    const tail = await sameTail(a, b, head.end, slice);
    const part = (reader: Reader) => {
      const end = lineEnd(reader, reader.size - tail, CONTEXT);
      if (end - head.start > MOST_BYTES) throw new Unfit("too large");
      const bytes = reader.part(head.start, end);
      if (bytes.includes(0)) throw new Unfit("binary");
      if (countNewlines(bytes) > MOST_LINES) throw new Unfit("too large");
      return bytes;
    };
    return { before: part(a), after: part(b), linesBefore: head.lines };
  } catch (error) {
    if (error instanceof Unfit) return error.reason;
    throw error;
  }
}

/** Why there are no lines to compare. */
class Unfit extends Error {
  constructor(readonly reason: "binary" | "too large" | "changing") {
    super(reason);
  }
}

/** Reads pieces of a file that must not get shorter meanwhile. A small file is read once, as a whole. */
class Reader {
  readonly size: number;
  private readonly buffer: Uint8Array;
  private readonly isSmall: boolean;
  private isRead = false;

  constructor(private readonly file: OpenFile | undefined, readonly blockBytes: number) {
    this.size = file === undefined ? 0 : Stat.ofFile(file).size;
    this.isSmall = this.size <= blockBytes;
    this.buffer = new Uint8Array(Math.min(this.size, blockBytes));
  }

  /** Whether it has a hole, which is read as zeros, so that it is no text. */
  hasHoles(): boolean {
    return !this.isSmall && this.file !== undefined && this.file.dataBytes() < this.size;
  }

  /** The bytes at a position, at most a block: a view that is valid until the next call. */
  block(position: number, length: number): Uint8Array {
    if (!this.isSmall) return this.fill(this.buffer.subarray(0, length), position);
    if (!this.isRead) this.fill(this.buffer, 0);
    this.isRead = true;
    return this.buffer.subarray(position, position + length);
  }

  /** The bytes from a position to another, to keep. */
  part(start: number, end: number): Uint8Array {
    return this.isSmall ? this.block(start, end - start) : this.fill(new Uint8Array(end - start), start);
  }

  private fill(into: Uint8Array, position: number): Uint8Array {
    for (let done = 0; done < into.length;) {
      const read = this.file?.readAt(into.subarray(done), position + done) ?? 0;
      if (read === 0) throw new Unfit("changing");
      done += read;
    }
    return into;
  }
}

/** What is the same at the beginning: `end` is where the first line begins that differs, `start` its context. */
interface Head {
  readonly start: number;
  readonly end: number;
  /** How many lines come before `start`. */
  readonly lines: number;
}

async function sameHead(a: Reader, b: Reader, slice: TimeSlice): Promise<Head> {
  const shorter = Math.min(a.size, b.size);
  let same = 0;
  let lines = 0;
  while (same < shorter) {
    const length = Math.min(a.blockBytes, shorter - same);
    const [x, y] = [a.block(same, length), b.block(same, length)];
    const found = firstDifference(x, y);
    mustBeText(x, y, found);
    lines += countNewlines(x.subarray(0, found));
    same += found;
    if (found < length) break;
    if (slice.isOver(BLOCK_WEIGHT)) await slice.yield();
  }
  const end = lineStart(a, same, 0);
  const start = lineStart(a, same, CONTEXT);
  return { start, end, lines: lines - countNewlines(a.part(start, end)) };
}

/** How many bytes at the ends are the same, as whole lines, and not in the head. */
async function sameTail(a: Reader, b: Reader, head: number, slice: TimeSlice): Promise<number> {
  const shorter = Math.min(a.size, b.size) - head;
  let same = 0;
  while (same < shorter) {
    const length = Math.min(a.blockBytes, shorter - same);
    const [x, y] = [a.block(a.size - same - length, length), b.block(b.size - same - length, length)];
    const found = sameAtEnd(x, y);
    mustBeText(x, y, found);
    same += found;
    if (found < length) break;
    if (slice.isOver(BLOCK_WEIGHT)) await slice.yield();
  }
  return a.size - lineEnd(a, a.size - same, 1);
}

/** Where the line begins that has this position, or a line so many lines before it. */
function lineStart(reader: Reader, position: number, linesBefore: number): number {
  let left = linesBefore + 1;
  for (let end = position; end > 0;) {
    if (position - end > MOST_BYTES) throw new Unfit("too large");
    const length = Math.min(reader.blockBytes, end);
    const bytes = reader.block(end - length, length);
    for (
      let at = bytes.lastIndexOf(NEWLINE);
      at !== -1;
      at = at === 0 ? -1 : bytes.lastIndexOf(NEWLINE, at - 1)
    ) {
      if (--left === 0) return end - length + at + 1;
    }
    end -= length;
  }
  return 0;
}

/** The end of so many lines from a position; the end of the file if it has fewer. */
function lineEnd(reader: Reader, position: number, lines: number): number {
  let left = lines;
  for (let start = position; start < reader.size;) {
    if (start - position > MOST_BYTES) throw new Unfit("too large");
    const length = Math.min(reader.blockBytes, reader.size - start);
    const bytes = reader.block(start, length);
    for (let at = bytes.indexOf(NEWLINE); at !== -1; at = bytes.indexOf(NEWLINE, at + 1)) {
      if (--left === 0) return start + at + 1;
    }
    start += length;
  }
  return reader.size;
}

/** Stops where a byte is zero: that is no text. */
function mustBeText(x: Uint8Array, y: Uint8Array, same: number): void {
  if (x.indexOf(0) !== -1 || (same < y.length && y.indexOf(0) !== -1)) throw new Unfit("binary");
}

/** The bytes as numbers of four bytes, which are compared faster. Nothing, if they are not stored so. */
function wordsOf(bytes: Uint8Array): Int32Array {
  const isAligned = bytes.byteOffset % 4 === 0 && bytes.length % 4 === 0;
  return new Int32Array(bytes.buffer, isAligned ? bytes.byteOffset : 0, isAligned ? bytes.length >> 2 : 0);
}

/** The index of the first byte that differs; the length if none does. */
function firstDifference(x: Uint8Array, y: Uint8Array): number {
  const [a, b] = [wordsOf(x), wordsOf(y)];
  const words = Math.min(a.length, b.length);
  let i = 0;
  while (i < words && a[i] === b[i]) i++;
  i *= 4;
  while (i < x.length && x[i] === y[i]) i++;
  return i;
}

/** How many bytes at the ends are the same. */
function sameAtEnd(x: Uint8Array, y: Uint8Array): number {
  const [a, b] = [wordsOf(x), wordsOf(y)];
  const words = Math.min(a.length, b.length);
  let same = 0;
  while (same < words && a[words - 1 - same] === b[words - 1 - same]) same++;
  same *= 4;
  while (same < x.length && x[x.length - 1 - same] === y[y.length - 1 - same]) same++;
  return same;
}
