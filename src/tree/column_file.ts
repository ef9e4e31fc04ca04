import type { TemporaryFile } from "../platform/temporary_file.ts";
import { at } from "./table.ts";

/*
 * The form of a cache in columns. Numbers are in the byte order of the machine, because such a file never leaves its host.
 * Each part begins at a multiple of 8. The last 8 bytes are a checksum of everything before them.
 */
const ALIGNMENT = 8;

/** Writes the parts, one after the other, and their checksum. */
export function writeColumns(file: Pick<TemporaryFile, "write">, parts: Iterable<ArrayBufferView>): void {
  const sum = new Checksum();
  for (const part of parts) {
    const bytes = new Uint8Array(part.buffer, part.byteOffset, part.byteLength);
    const aligned = bytes.length - bytes.length % ALIGNMENT;
    const padded = new Uint8Array(bytes.length === aligned ? 0 : ALIGNMENT);
    padded.set(bytes.subarray(aligned));
    for (const piece of [bytes.subarray(0, aligned), padded]) { // a copy of it all would take as much as the table
      sum.add(piece);
      file.write(piece);
    }
  }
  file.write(new Uint8Array(sum.value().buffer));
}

/** Reads parts in the order in which they were written, as views of the file. */
export class ColumnReader {
  #offset = 0;

  private constructor(private readonly buffer: ArrayBuffer, readonly checksum: Uint32Array) {}

  /** The reader of a file; undefined if its checksum is wrong. */
  static of(file: Uint8Array<ArrayBuffer>): ColumnReader | undefined {
    const { buffer, length } = file;
    if (length < ALIGNMENT || length % ALIGNMENT !== 0) return undefined;
    const sum = new Checksum();
    sum.add(file.subarray(0, length - ALIGNMENT));
    const written = new Uint32Array(buffer, length - ALIGNMENT, 2);
    return sum.value().some((word, i) => word !== written[i]) ? undefined : new ColumnReader(buffer, written);
  }

  /** The next part; a RangeError if the file is too short for it. */
  take<T extends ArrayBufferView>(
    Kind: { new (buffer: ArrayBuffer, offset: number, length: number): T },
    length: number,
  ): T {
    const part = new Kind(this.buffer, this.#offset, length);
    this.#offset += Math.ceil(part.byteLength / ALIGNMENT) * ALIGNMENT;
    return part;
  }
}

/**
 * FNV over words, mixed, in two lanes because that is twice as fast. It finds torn and rotten files; it does not protect
 * against an attacker.
 */
class Checksum {
  private even = 0x811c9dc5;
  private odd = 0x01000193;

  /** Adds bytes; their offset and length are multiples of 8. */
  add(bytes: Uint8Array): void {
    const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
    let { even, odd } = this;
    for (let i = 0; i < words.length; i += 2) {
      even = Math.imul(even ^ at(words, i), 0x01000193);
      even ^= even >>> 15;
      odd = Math.imul(odd ^ at(words, i + 1), 0x01000193);
      odd ^= odd >>> 15;
    }
    this.even = even;
    this.odd = odd;
  }

  value(): Uint32Array<ArrayBuffer> {
    return Uint32Array.of(this.even, this.odd);
  }
}
