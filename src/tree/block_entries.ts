import { BLOCK, CHAR, DIR, SYMLINK } from "../model/entry.ts";
import { larger } from "./columns.ts";
import { ByteSource, Damage } from "./byte_stream.ts";
import { EXTRA, FAR_TIME, HEAD } from "./manifest_form.ts";
import { HASH_BYTES } from "./columns.ts";

/** An entry of a block: valid until the next one is read. */
export interface BlockEntry {
  readonly path: Uint8Array;
  readonly type: number;
  /** Two numbers over all that the manifest says of it, to compare it with the same path of another manifest. */
  readonly print: readonly [number, number];
}

/**
 * Reads single blocks of a manifest, in order, without the rest of it: no table is made, and what an entry says is only compared. The
 * decoder of whole manifests is `EntryDecoder`.
 */
export class BlockReader {
  private path = new Uint8Array(4096);
  private length = 0;
  private source = new ByteSource(new Uint8Array());
  private seconds = 0;
  private xattrs = 0;
  /** For each type a number for the last mode and owner. */
  private readonly attributes = new Uint32Array(8);
  private a = 0;
  private b = 0;

  /** The entries of a block. */
  *entries(block: Uint8Array, count: number): Generator<BlockEntry> {
    this.source = new ByteSource(block);
    this.length = this.seconds = this.xattrs = 0;
    this.attributes.fill(0);
    for (let k = 0; k < count; k++) {
      const type = this.readEntry();
      yield { path: this.path.subarray(0, this.length), type, print: [this.a, this.b] };
    }
  }

  /** Reads the next entry and returns its type. */
  private readEntry(): number {
    const { source } = this;
    const head = source.byte();
    const type = head & HEAD.type;
    this.readPath();
    const extras = (head & HEAD.extras) === 0 ? 0 : source.byte();
    this.a = this.b = 0x811c9dc5 ^ type;
    if ((head & HEAD.attributes) !== 0) this.attributes[type] = this.readAttributes();
    this.mix(this.attributes[type] as number);
    if (type !== DIR) this.mixNumber(source.varint(2 ** 64));
    this.mixNumber(this.readSeconds(extras));
    if ((head & HEAD.nanoseconds) !== 0) this.mix(source.u32());
    if ((head & HEAD.hashed) !== 0) this.mixBytes(source.bytes(HASH_BYTES));
    if (type === SYMLINK) this.mixBytes(source.counted());
    if (type === CHAR || type === BLOCK) {
      this.mixNumber(source.varint(2 ** 32));
      this.mixNumber(source.varint(2 ** 32));
    }
    if (extras !== 0) this.readExtras(extras);
    return type;
  }

  private readPath(): void {
    const shared = this.source.varint(this.length);
    const rest = this.source.counted();
    const length = shared + rest.length;
    if (length > this.path.length) this.path = larger(this.path, length);
    this.path.set(rest, shared);
    this.length = length;
  }

  private readAttributes(): number {
    const { source } = this;
    let hash = 17;
    for (let k = 0; k < 3; k++) hash = Math.imul(hash ^ source.varint(2 ** 32), 0x01000193);
    return hash;
  }

  private readSeconds(extras: number): number {
    if ((extras & EXTRA.farTime) !== 0) return this.source.i64();
    this.seconds += this.source.signed();
    if (Math.abs(this.seconds) >= FAR_TIME) throw new Damage("an entry has an impossible time");
    return this.seconds;
  }

  private readExtras(extras: number): void {
    const { source } = this;
    this.mix(extras & (EXTRA.firstLink | EXTRA.laterLink | EXTRA.lost));
    if ((extras & EXTRA.lost) !== 0) this.mix(source.varint(0xffff));
    if ((extras & EXTRA.xattrs) !== 0) {
      const [a, b] = [this.a, this.b];
      this.a = this.b = 1;
      for (let left = source.varint(source.left); left > 0; left--) {
        this.mixBytes(source.counted());
        this.mixBytes(source.counted());
      }
      this.xattrs = this.a;
      [this.a, this.b] = [a, b];
    }
    if ((extras & (EXTRA.xattrs | EXTRA.sameXattrs)) !== 0) this.mix(this.xattrs);
    if ((extras & EXTRA.laterLink) === 0) return;
    this.mixNumber(source.varint(this.length));
    this.mixBytes(source.counted());
  }

  private mix(value: number): void {
    this.a = Math.imul(this.a ^ value, 0x01000193);
    this.b = Math.imul((this.b << 5 | this.b >>> 27) ^ value, 0x5bd1e995);
  }

  private mixNumber(value: number): void {
    this.mix(value | 0);
    this.mix(Math.floor(value / 2 ** 32) | 0);
  }

  private mixBytes(bytes: Uint8Array): void {
    for (let i = 0; i < bytes.length; i++) this.mix(bytes[i] as number);
  }
}
