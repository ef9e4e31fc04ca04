import { larger } from "./columns.ts";

const LONGEST_VARINT = 10;

/** Writes bytes one after the other into memory that grows. */
export class ByteSink {
  private buffer = new Uint8Array(4096);
  private view = new DataView(this.buffer.buffer);
  private end = 0;

  /** How many bytes are written. */
  get length(): number {
    return this.end;
  }

  /** The bytes from an offset to the end: a view that is valid until the next write. */
  from(offset: number): Uint8Array {
    return this.buffer.subarray(offset, this.end);
  }

  /** Removes everything behind the first `length` bytes. */
  cut(length: number): void {
    this.end = length;
  }

  /** One byte. */
  byte(value: number): void {
    this.reserve(1);
    this.buffer[this.end++] = value;
  }

  /** Bytes as they are. */
  bytes(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.buffer.set(bytes, this.end);
    this.end += bytes.length;
  }

  /** A whole number, 0 or more, in groups of 7 bits, the lowest first. All groups but the last have the eighth bit set. */
  varint(value: number): void {
    this.reserve(LONGEST_VARINT);
    let rest = value;
    for (; rest > 0x7fffffff; rest = Math.floor(rest / 128)) this.buffer[this.end++] = rest % 128 | 0x80;
    for (; rest > 0x7f; rest >>>= 7) this.buffer[this.end++] = rest & 0x7f | 0x80;
    this.buffer[this.end++] = rest;
  }

  /** A whole number as a varint: `2 * value`, or `-2 * value - 1` if it is negative. */
  signed(value: number): void {
    this.varint(value < 0 ? -2 * value - 1 : 2 * value);
  }

  /** 32 bits, the lowest byte first. */
  u32(value: number): void {
    this.reserve(4);
    this.view.setUint32(this.end, value, true);
    this.end += 4;
  }

  /** 64 bits, two's complement, the lowest byte first. */
  i64(value: number): void {
    this.reserve(8);
    this.view.setBigInt64(this.end, BigInt(value), true);
    this.end += 8;
  }

  /** The number of bytes as a varint, then the bytes. */
  counted(bytes: Uint8Array): void {
    this.varint(bytes.length);
    this.bytes(bytes);
  }

  private reserve(more: number): void {
    if (this.end + more <= this.buffer.length) return;
    this.buffer = larger(this.buffer, this.end + more);
    this.view = new DataView(this.buffer.buffer);
  }
}

/** The bytes are not in the expected form. The caller, who knows the file, turns this into an error for the user. */
export class Damage extends Error {
  /** `path`: the file, if it is already known. */
  constructor(reason: string, public path?: string | undefined) {
    super(reason);
  }
}

/** The bytes are not damaged: a newer program wrote them. */
export class NewerVersion extends Damage {}

/** Adds the path of the file to damage that `read` finds. */
export function inFile<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof Damage) error.path ??= path;
    throw error;
  }
}

/** Reads bytes one after the other. Reading beyond the end throws `Damage`. */
export class ByteSource {
  private position = 0;
  private readonly view: DataView;

  constructor(private readonly source: Uint8Array) {
    this.view = new DataView(source.buffer, source.byteOffset, source.byteLength);
  }

  /** How many bytes are left. */
  get left(): number {
    return this.source.length - this.position;
  }

  /** One byte. */
  byte(): number {
    return this.source[this.advance(1)] as number;
  }

  /** The next `length` bytes as a view. */
  bytes(length: number): Uint8Array {
    const start = this.advance(length);
    return this.source.subarray(start, start + length);
  }

  /** A number that `ByteSink.varint` wrote; more than `most` is `Damage`. */
  varint(most: number): number {
    let value = this.byte();
    if (value > 0x7f) value = this.longVarint(value & 0x7f);
    if (value > most) throw new Damage(`a number is ${value} and may be ${most} at most`);
    return value;
  }

  private longVarint(first: number): number {
    let value = first;
    let scale = 128;
    for (let i = 1; i < LONGEST_VARINT; i++, scale *= 128) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    throw new Damage("a number has no end");
  }

  /** A number that `ByteSink.signed` wrote. */
  signed(): number {
    const value = this.varint(Number.MAX_SAFE_INTEGER);
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  /** 32 bits, the lowest byte first. */
  u32(): number {
    return this.view.getUint32(this.advance(4), true);
  }

  /** 64 bits, two's complement, the lowest byte first. */
  i64(): number {
    return Number(this.view.getBigInt64(this.advance(8), true));
  }

  /** Bytes that `ByteSink.counted` wrote, as a view. */
  counted(): Uint8Array {
    return this.bytes(this.varint(this.left));
  }

  private advance(length: number): number {
    const start = this.position;
    if (length > this.source.length - start) throw new Damage("it ends too early");
    this.position = start + length;
    return start;
  }
}
