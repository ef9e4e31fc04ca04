import { bytesOf, textOf } from "../model/bytes.ts";
import type { Xattr } from "../model/entry.ts";
import { decodePath, encodePath } from "../model/path_text.ts";
import { type Folder, type OpenFile, readInto } from "../platform/platform.ts";
import { Stat } from "../platform/stat.ts";
import { TemporaryFile } from "../platform/temporary_file.ts";
import { ByteSink, ByteSource } from "./byte_stream.ts";
import { TreeTable } from "./table.ts";
import { at, type Column, COLUMN_KINDS, COLUMN_NAMES, columnLength, type TreeColumns } from "./columns.ts";

/** A scan that is kept between two runs, so that the next run need not read unchanged files. SPEC 5. */
export interface StatCache {
  /** The tree that the cache describes: file system and inode of the payload root. */
  readonly key: string;
  /** The snapshot whose manifest lists exactly the same as the table; null if none is known. */
  readonly snapshotId: string | null;
  /** The snapshot from which the table differs in times at most; null if none is known. */
  readonly savedAs: string | null;
  readonly table: TreeTable;
  /** From where the file system can tell what changed since; null if it cannot. */
  readonly since?: string | null;
  /** Tells the content of the file that this was read from, from another content. */
  readonly mark?: string | undefined;
}

/*
 * The form of the file. Numbers are in the byte order of the machine, because the file never leaves its host. Each part
 * begins at a multiple of 8:
 *   magic, format, count of entries, bytes of names, bytes of the pack, zero (32 bits each)
 *   the columns in the order of COLUMN_KINDS
 *   the pack: key, both snapshots, since, link targets, extended attributes, device numbers
 *   the checksum of everything before it (64 bits)
 */
const MAGIC = 0x4a565343;
const FORMAT = 4;
const HEADER_WORDS = 6;
const ALIGNMENT = 8;

/** Writes the whole cache, not durably, because it is only a cache. Throws a `SystemError` if that fails. */
export function saveStatCache(folder: Folder, name: string, cache: StatCache): void {
  using file = new TemporaryFile(folder, name);
  const sum = new Checksum();
  for (const part of parts(cache)) {
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
  file.replace();
}

/** Smaller tables are for one thread: some 100,000 entries. */
const LEAST_SHARED = 10e6;

/**
 * The cache in a file; undefined if it is damaged or has another format, or another key than the given one. With `share` other
 * threads can see a large table.
 */
export function loadStatCache(file: OpenFile, key?: string, share = false): StatCache | undefined {
  try {
    const { size } = Stat.ofFile(file);
    const Memory = share && size > LEAST_SHARED ? SharedArrayBuffer : ArrayBuffer;
    const cache = decode(readInto<ArrayBufferLike>(file, new Uint8Array(new Memory(size))));
    return key === undefined || cache?.key === key ? cache : undefined;
  } catch {
    return undefined; // damage that the checksum does not show: the next scan reads everything again
  }
}

function* parts(cache: StatCache): Generator<ArrayBufferView> {
  const columns = cache.table.columns();
  const pack = packOf(cache);
  yield Uint32Array.of(MAGIC, FORMAT, cache.table.count, columns.pool.length, pack.length, 0);
  yield* Object.values(columns);
  yield pack;
}

function decode(file: Uint8Array): StatCache | undefined {
  const { buffer, length } = file;
  if (length < (HEADER_WORDS + 2) * 4 || length % ALIGNMENT !== 0) return undefined;
  const [magic, format, count = 0, poolBytes = 0, packBytes = 0] = new Uint32Array(buffer, 0, HEADER_WORDS);
  if (magic !== MAGIC || format !== FORMAT) return undefined;
  const sum = new Checksum();
  sum.add(file.subarray(0, length - ALIGNMENT));
  const written = new Uint32Array(buffer, length - ALIGNMENT, 2);
  if (sum.value().some((word, i) => word !== written[i])) return undefined;
  let offset = HEADER_WORDS * 4;
  const columns = COLUMN_NAMES.map((name) => {
    const Kind = COLUMN_KINDS[name] as new (buffer: ArrayBufferLike, from: number, length: number) => Column;
    const column = new Kind(buffer, offset, columnLength(name, count, poolBytes));
    offset += Math.ceil(column.byteLength / ALIGNMENT) * ALIGNMENT;
    return [name, column];
  });
  const table = TreeTable.fromColumns(Object.fromEntries(columns) as TreeColumns);
  return { ...unpack(new Uint8Array(buffer, offset, packBytes), table), mark: written.join() };
}

function packOf({ key, savedAs, since, snapshotId, table }: StatCache): Uint8Array {
  const pack = new ByteSink();
  pack.counted(bytesOf(key));
  pack.counted(bytesOf(snapshotId ?? ""));
  pack.counted(bytesOf(savedAs ?? ""));
  pack.counted(bytesOf(since ?? ""));
  pack.u32(table.targets.size);
  for (const [index, target] of table.targets) {
    pack.u32(index);
    pack.counted(target);
  }
  pack.u32(table.xattrs.size);
  for (const [index, xattrs] of table.xattrs) {
    pack.u32(index);
    pack.u32(xattrs.length);
    for (const { name, value } of xattrs) {
      pack.counted(decodePath(name));
      pack.counted(value);
    }
  }
  pack.u32(table.devices.size);
  for (const [index, { major, minor }] of table.devices) {
    pack.u32(index);
    pack.u32(major);
    pack.u32(minor);
  }
  return pack.from(0);
}

function unpack(bytes: Uint8Array, table: TreeTable): StatCache {
  const pack = new ByteSource(bytes);
  const key = textOf(pack.counted());
  const snapshotId = textOf(pack.counted()) || null;
  const savedAs = textOf(pack.counted()) || null;
  const since = textOf(pack.counted()) || null;
  for (let n = pack.u32(); n > 0; n--) table.targets.set(pack.u32(), pack.counted());
  for (let n = pack.u32(); n > 0; n--) {
    const index = pack.u32();
    const xattrs: Xattr[] = [];
    for (let m = pack.u32(); m > 0; m--) {
      xattrs.push({ name: encodePath(pack.counted()), value: pack.counted() });
    }
    table.xattrs.set(index, xattrs);
  }
  for (let n = pack.u32(); n > 0; n--) {
    table.devices.set(pack.u32(), { major: pack.u32(), minor: pack.u32() });
  }
  return { key, savedAs, since, snapshotId, table };
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
