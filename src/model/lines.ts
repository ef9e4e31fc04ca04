const NEWLINE = 0x0a;

/** A text as bytes, and where its lines are. A line includes its newline, so a last line without one is different. */
export class Lines {
  /** How many there are. */
  readonly count: number;
  /** Where each line begins, and the end of the text. */
  private readonly starts: Uint32Array;

  constructor(readonly bytes: Uint8Array) {
    this.count = countLines(bytes);
    this.starts = new Uint32Array(this.count + 1);
    let line = 0;
    for (let end = 0; end < bytes.length;) {
      end = bytes.indexOf(NEWLINE, end) + 1 || bytes.length;
      this.starts[++line] = end;
    }
  }

  /** Where a line begins. With the number of lines: the end of the text. */
  start(line: number): number {
    return this.starts[line] as number;
  }

  /** Whether a line has a newline. */
  isEnded(line: number): boolean {
    return this.bytes[this.start(line + 1) - 1] === NEWLINE;
  }
}

/** How many newlines are in these bytes. It looks at four bytes at a time, which is three times as fast. */
export function countNewlines(bytes: Uint8Array): number {
  let count = 0;
  let i = 0;
  if (bytes.byteOffset % 4 === 0) {
    const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
    for (let word = 0; word < words.length; word++) {
      // A byte of `rest` is 0 where the text has a newline; then the highest bit of that byte of `found` is set.
      const rest = (words[word] as number) ^ FOUR_NEWLINES;
      const found = ~(((rest & LOW_BITS) + LOW_BITS) | rest | LOW_BITS);
      if (found !== 0) count += (found >>> 7 & 1) + (found >>> 15 & 1) + (found >>> 23 & 1) + (found >>> 31);
    }
    i = words.length * 4;
  }
  for (; i < bytes.length; i++) if (bytes[i] === NEWLINE) count++;
  return count;
}

const FOUR_NEWLINES = 0x0a0a0a0a;
const LOW_BITS = 0x7f7f7f7f;

/** How many lines are in these bytes; the last may lack its newline. */
function countLines(bytes: Uint8Array): number {
  const isCut = bytes.length > 0 && bytes[bytes.length - 1] !== NEWLINE;
  return countNewlines(bytes) + (isCut ? 1 : 0);
}

/** A number for each line of two texts, the same for equal lines. It takes a few bytes for a line, and no object. */
export function numberLines(a: Lines, b: Lines): readonly [Int32Array, Int32Array] {
  const numbering = new Numbering(a.count + b.count);
  const numbersOf = (lines: Lines) =>
    Int32Array.from({ length: lines.count }, (_, i) => numbering.of(lines, i));
  return [numbersOf(a), numbersOf(b)];
}

/** A hash table of lines with open addressing. */
class Numbering {
  private count = 0;
  /** The number of a line plus 1, where its hash leads; 0 is free. */
  private readonly slots: Int32Array;
  /** For each number its hash, and the first line that has it. */
  private readonly hashes: Int32Array;
  private readonly firstLine: Uint32Array;
  private readonly texts: Lines[] = [];
  /** How many numbers come from the first text. */
  private ofFirst = 0;
  /** Nobody can prepare a text whose lines all have one hash. */
  private readonly seed = Math.trunc(Math.random() * 2 ** 32);

  constructor(most: number) {
    this.slots = new Int32Array(2 ** Math.ceil(Math.log2(2 * most + 2)));
    this.hashes = new Int32Array(most);
    this.firstLine = new Uint32Array(most);
  }

  /** The number of a line. The lines of the first text come before those of the second. */
  of(lines: Lines, line: number): number {
    if (this.texts.at(-1) !== lines) {
      this.texts.push(lines);
      this.ofFirst = this.count;
    }
    const [start, end] = [lines.start(line), lines.start(line + 1)];
    const hash = hashOf(lines.bytes, start, end, this.seed);
    const mask = this.slots.length - 1;
    for (let slot = hash & mask;; slot = (slot + 1) & mask) {
      const number = (this.slots[slot] as number) - 1;
      if (number === -1) {
        this.slots[slot] = this.count + 1;
        this.hashes[this.count] = hash;
        this.firstLine[this.count] = line;
        return this.count++;
      }
      if (this.hashes[number] === hash && this.isLine(number, lines.bytes, start, end)) return number;
    }
  }

  /** Whether a number stands for a line of these bytes. */
  private isLine(number: number, bytes: Uint8Array, start: number, end: number): boolean {
    const lines = this.texts[this.texts.length > 1 && number >= this.ofFirst ? 1 : 0] as Lines;
    const first = this.firstLine[number] as number;
    const from = lines.start(first);
    if (lines.start(first + 1) - from !== end - start) return false;
    const other = lines.bytes;
    for (let i = start, j = from; i < end; i++, j++) if (bytes[i] !== other[j]) return false;
    return true;
  }
}

/** FNV-1a, and its bits mixed once more for a table whose size is a power of two. */
function hashOf(bytes: Uint8Array, start: number, end: number, seed: number): number {
  let hash = seed | 0;
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ (bytes[i] as number), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return hash ^ (hash >>> 13);
}
