import { bytesOf, textOf } from "../model/bytes.ts";
import type { Xattr } from "../model/entry.ts";
import { decodePath, encodePath } from "../model/path_text.ts";
import { type Folder, type OpenFile, readWhole } from "../platform/platform.ts";
import { TemporaryFile } from "../platform/temporary_file.ts";
import { ByteSink, ByteSource } from "./byte_stream.ts";
import { ColumnReader, writeColumns } from "./column_file.ts";
import {
  type Column,
  COLUMN_KINDS,
  COLUMN_NAMES,
  columnLength,
  type TreeColumns,
  TreeTable,
} from "./table.ts";

/** A scan that is kept between two runs, so that the next run need not read unchanged files. SPEC 5. */
export interface StatCache {
  /** The tree that the cache describes: file system and inode of the payload root. */
  readonly key: string;
  /** The snapshot whose manifest lists exactly the same as the table; null if none is known. */
  readonly snapshotId: string | null;
  readonly table: TreeTable;
  /** Tells the content of the file that this was read from, from another content. */
  readonly mark?: string | undefined;
}

/*
 * The parts of the file (`column_file.ts`):
 *   magic, format, count of entries, bytes of names, bytes of the pack, zero (32 bits each)
 *   the columns in the order of COLUMN_KINDS
 *   the pack: key, snapshot, link targets, extended attributes, device numbers
 */
const MAGIC = 0x4a565343;
const FORMAT = 2;
const HEADER_WORDS = 6;

/** Writes the whole cache, not durably, because it is only a cache. Throws a `SystemError` if that fails. */
export function saveStatCache(folder: Folder, name: string, cache: StatCache): void {
  using file = new TemporaryFile(folder, name);
  writeColumns(file, parts(cache));
  file.replace();
}

/** The cache in a file; undefined if it is damaged or has another format, or another key than the given one. */
export function loadStatCache(file: OpenFile, key?: string): StatCache | undefined {
  try {
    const cache = decode(readWhole(file));
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

function decode(file: Uint8Array<ArrayBuffer>): StatCache | undefined {
  const reader = ColumnReader.of(file);
  if (reader === undefined) return undefined;
  const [magic, format, count = 0, poolBytes = 0, packBytes = 0] = reader.take(Uint32Array, HEADER_WORDS);
  if (magic !== MAGIC || format !== FORMAT) return undefined;
  const columns = COLUMN_NAMES.map((name) => {
    const Kind: new (buffer: ArrayBuffer, offset: number, length: number) => Column = COLUMN_KINDS[name];
    return [name, reader.take(Kind, columnLength(name, count, poolBytes))];
  });
  const table = TreeTable.fromColumns(Object.fromEntries(columns) as TreeColumns);
  return { ...unpack(reader.take(Uint8Array, packBytes), table), mark: reader.checksum.join() };
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
