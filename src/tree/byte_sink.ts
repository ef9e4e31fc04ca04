import { larger } from "./table.ts";

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
