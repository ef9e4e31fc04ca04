import { bytesOf, textOf } from "../model/bytes.ts";
import type { Xattr } from "../model/entry.ts";
import { decodePath, encodePath } from "../model/path_text.ts";
import type { Folder, OpenFile } from "../platform/platform.ts";
import { readWhole } from "../platform/read_whole.ts";
import { TemporaryFile } from "../platform/temporary_file.ts";
import { ByteSink } from "./byte_sink.ts";
import { ByteSource } from "./byte_source.ts";
import { at, HASH_BYTES, type TreeColumns, TreeTable } from "./table.ts";

/** A scan that is kept from one run to the next, so that what is unchanged need not be read again. SPEC 5. */
export interface StatCache {
  /** What the cache is for: file system, inode of the payload root. For anything else it is worthless. */
  readonly key: string;
  /** The snapshot whose manifest has exactly what the table lists; null where none is known to. */
  readonly snapshotId: string | null;
  readonly table: TreeTable;
}

/*
 * The file, in the machine's own byte order, as it never leaves its host. Each part begins at a multiple of 8:
 *   magic, format, count of entries, bytes of names, bytes of the pack, zero (32 bits each)
 *   the columns in the order of LAYOUT
 *   the pack: key, snapshot, link targets, extended attributes, device numbers
 *   the checksum of all before it (64 bits)
 */
const MAGIC = 0x4a565343;
const FORMAT = 2;
const HEADER_WORDS = 6;
const ALIGNMENT = 8;

type Column = Uint8Array | Uint16Array | Uint32Array | Float64Array;
type ColumnKind = {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBuffer, offset: number, length: number): Column;
};

const LAYOUT: readonly (readonly [keyof TreeColumns, ColumnKind])[] = [
  ["parent", Uint32Array],
  ["type", Uint8Array],
  ["mode", Uint16Array],
  ["uid", Uint32Array],
  ["gid", Uint32Array],
  ["size", Float64Array],
  ["mtimeSec", Float64Array],
  ["mtimeNsec", Uint32Array],
  ["hashed", Uint8Array],
  ["hash", Uint8Array],
  ["linkGroup", Uint32Array],
  ["lost", Uint16Array],
  ["ctimeSec", Float64Array],
  ["ctimeNsec", Uint32Array],
  ["inoLo", Uint32Array],
  ["inoHi", Uint32Array],
  ["nlink", Uint32Array],
  ["clean", Uint8Array],
  ["nameStart", Uint32Array],
  ["nameLength", Uint16Array],
  ["pool", Uint8Array],
];

/** Writes the cache whole, but not durably: it is only a cache. A `SystemError` where it cannot be written. */
export function saveStatCache(folder: Folder, name: string, cache: StatCache): void {
  using file = new TemporaryFile(folder, name);
  const sum = new Checksum();
  for (const part of parts(cache)) {
    const padded = new Uint8Array(Math.ceil(part.byteLength / ALIGNMENT) * ALIGNMENT);
    padded.set(new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
    sum.add(padded);
    file.write(padded);
  }
  file.write(new Uint8Array(sum.value().buffer));
  file.replace();
}

/** Whether a file is a cache, of any tree, and whole. */
export function isStatCache(file: OpenFile): boolean {
  return readCache(file) !== undefined;
}

/** The cache in a file; nothing if it is damaged, of another format, or has another key. */
export function loadStatCache(file: OpenFile, key: string): StatCache | undefined {
  const cache = readCache(file);
  return cache?.key === key ? cache : undefined;
}

function readCache(file: OpenFile): StatCache | undefined {
  try {
    return decode(readWhole(file));
  } catch {
    return undefined; // damaged beyond what the checksum sees: then everything is looked at anew
  }
}

function* parts(cache: StatCache): Generator<Column> {
  const columns = cache.table.columns();
  const pack = packOf(cache);
  yield Uint32Array.of(MAGIC, FORMAT, cache.table.count, columns.pool.length, pack.length, 0);
  for (const [name] of LAYOUT) yield columns[name];
  yield pack;
}

function decode(file: Uint8Array<ArrayBuffer>): StatCache | undefined {
  const { buffer, length } = file;
  if (length < (HEADER_WORDS + 2) * 4 || length % ALIGNMENT !== 0) return undefined;
  const [magic, format, count = 0, poolBytes = 0, packBytes = 0] = new Uint32Array(buffer, 0, HEADER_WORDS);
  if (magic !== MAGIC || format !== FORMAT) return undefined;
  const sum = new Checksum();
  sum.add(file.subarray(0, length - ALIGNMENT));
  const written = new Uint32Array(buffer, length - ALIGNMENT, 2);
  if (sum.value().some((word, i) => word !== written[i])) return undefined;
  let offset = HEADER_WORDS * 4;
  const take = (Kind: ColumnKind, elements: number): Column => {
    const column = new Kind(buffer, offset, elements);
    offset += Math.ceil(column.byteLength / ALIGNMENT) * ALIGNMENT;
    return column;
  };
  const columns = LAYOUT.map(([name, Kind]) => {
    const elements = name === "pool" ? poolBytes : name === "hash" ? count * HASH_BYTES : count;
    return [name, take(Kind, elements)];
  });
  // LAYOUT names every column, each with its kind.
  const table = TreeTable.fromColumns(Object.fromEntries(columns) as TreeColumns);
  return unpack(take(Uint8Array, packBytes) as Uint8Array, table);
}

function packOf({ key, snapshotId, table }: StatCache): Uint8Array {
  const pack = new ByteSink();
  pack.counted(bytesOf(key));
  pack.counted(bytesOf(snapshotId ?? ""));
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
  return { key, snapshotId, table };
}

/** FNV over words, mixed, in two lanes as that is twice as fast: against torn and rotten files, not against anybody. */
class Checksum {
  private even = 0x811c9dc5;
  private odd = 0x01000193;

  /** Adds bytes, a multiple of 8 from a multiple of 8. */
  add(bytes: Uint8Array<ArrayBuffer>): void {
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
