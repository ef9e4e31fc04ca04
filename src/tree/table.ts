import { type BytePath, compareBytes } from "../model/bytes.ts";
import { DIR, type Xattr } from "../model/entry.ts";
import { collectGarbage } from "../platform/collect_garbage.ts";
import type { Stat } from "../platform/stat.ts";
import {
  at,
  type Column,
  COLUMN_NAMES,
  columnLength,
  type ColumnName,
  HASH_BYTES,
  larger,
  type TreeColumns,
} from "./columns.ts";

/** No parent, no link group. */
export const NONE = 0xffffffff;

/** Entries of a table that takes more than 10 MB. */
const LARGE = 100_000;

/** A device number. */
export interface Device {
  readonly major: number;
  readonly minor: number;
}

/**
 * All entries of one tree, as columns of numbers. The order is that of the root hash (SPEC 4): by the raw bytes of the
 * full path. Entry 0 is the root, and a folder comes before its content. A million entries take about 110 MB; objects
 * would take three times as much. A scan, a manifest and the stat cache are all such tables. A column that one of them
 * does not fill is zero.
 */
export class TreeTable {
  count = 0;
  /** Index of the folder that holds the entry; NONE for the root. */
  parent: Uint32Array = new Uint32Array();
  type: Uint8Array = new Uint8Array();
  mode: Uint16Array = new Uint16Array();
  uid: Uint32Array = new Uint32Array();
  gid: Uint32Array = new Uint32Array();
  size: Float64Array = new Float64Array();
  mtimeSec: Float64Array = new Float64Array();
  mtimeNsec: Uint32Array = new Uint32Array();
  /** 1: `hash` holds the SHA-256 of the content (files and links). */
  hashed: Uint8Array = new Uint8Array();
  hash: Uint8Array = new Uint8Array();
  /** Index of the first of the hard links to one file; NONE when the file has one name in this table. */
  linkGroup: Uint32Array = new Uint32Array();
  /** Bits of `LOST`. */
  lost: Uint16Array = new Uint16Array();

  // Only scans and the stat cache fill these. They show whether a file was touched.
  ctimeSec: Float64Array = new Float64Array();
  ctimeNsec: Uint32Array = new Uint32Array();
  inoLo: Uint32Array = new Uint32Array();
  inoHi: Uint32Array = new Uint32Array();
  nlink: Uint32Array = new Uint32Array();
  /** 1: mtime and ctime are old enough to be trusted (SPEC 5, *clean*). See `cleanOf`. */
  clean: Uint8Array = new Uint8Array();
  /** 1 for a folder: the table lists all its names, and the folder's times show when a name comes or goes. */
  listed: Uint8Array = new Uint8Array();

  /** Targets of symbolic links. */
  readonly targets: Map<number, Uint8Array> = new Map();
  readonly xattrs: Map<number, readonly Xattr[]> = new Map();
  readonly devices: Map<number, Device> = new Map();

  private nameStart: Uint32Array = new Uint32Array();
  private nameLength: Uint16Array = new Uint16Array();
  private pool: Uint8Array = new Uint8Array();
  private poolUsed = 0;

  constructor(capacity = 1024) {
    this.reserve(capacity, capacity * 16);
  }

  /** Makes a table of these columns and takes them over. */
  static fromColumns(columns: TreeColumns): TreeTable {
    const count = columns.parent.length;
    return Object.assign(new TreeTable(0), columns, { count, poolUsed: columns.pool.length });
  }

  /** The table's columns: views that are valid until the next entry is added. */
  columns(): TreeColumns {
    return this.mapColumns((column, name) =>
      column.subarray(0, columnLength(name, this.count, this.poolUsed))
    );
  }

  /** A copy, to change it. */
  copy(): TreeTable {
    if (this.count >= LARGE) collectGarbage(); // as below
    const columns = Object.entries(this.columns()).map(([name, column]) => [name, column.slice()]);
    const copy = TreeTable.fromColumns(Object.fromEntries(columns));
    const { targets, xattrs, devices } = this;
    return Object.assign(copy, {
      targets: new Map(targets),
      xattrs: new Map(xattrs),
      devices: new Map(devices),
    });
  }

  /** The same entries without hashes, to hash them again. It shares all other columns, which must not be changed. */
  withoutHashes(): TreeTable {
    const hash = new Uint8Array(this.count * HASH_BYTES);
    return TreeTable.fromColumns({ ...this.columns(), hash, hashed: new Uint8Array(this.count) });
  }

  /** Adds all entries of another table to this one, which is empty. */
  addAll(from: TreeTable): void {
    const { count, poolUsed } = from;
    if (count > this.capacity || poolUsed > this.pool.length) this.reserve(count, poolUsed);
    const columns = from.columns();
    this.mapColumns((column, name) => {
      column.set(columns[name]);
      return column;
    });
    Object.assign(this, { count, poolUsed });
    for (const [index, target] of from.targets) this.targets.set(index, target);
    for (const [index, xattrs] of from.xattrs) this.xattrs.set(index, xattrs);
    for (const [index, device] of from.devices) this.devices.set(index, device);
  }

  /** Removes all entries but the first so many. */
  cut(count: number): void {
    const last = count - 1;
    this.poolUsed = count === 0 ? 0 : at(this.nameStart, last) + at(this.nameLength, last);
    for (const column of [this.hashed, this.lost, this.clean, this.listed]) column.fill(0, count, this.count); // `add` does not write these
    for (const values of [this.targets, this.xattrs, this.devices]) {
      for (const index of values.keys()) if (index >= count) values.delete(index);
    }
    this.count = count;
  }

  /** Puts another entry of the same path in the place of one: with the facts that the system reports, and nothing else. */
  replace(index: number, stat: Stat): void {
    this.type[index] = stat.type;
    this.linkGroup[index] = NONE;
    for (const column of [this.hashed, this.lost, this.clean, this.listed]) column[index] = 0;
    for (const values of [this.targets, this.xattrs, this.devices]) values.delete(index);
    this.setStat(index, stat);
  }

  /** How many entries there is room for. */
  get capacity(): number {
    return this.parent.length;
  }

  /** Adds an entry at the end and returns its index. The name is copied; the root's name is empty. */
  add(parent: number, name: Uint8Array, type: number): number {
    const index = this.count;
    const nameEnd = this.poolUsed + name.length;
    if (index === this.parent.length || nameEnd > this.pool.length) this.reserve(index + 1, nameEnd);
    this.pool.set(name, this.poolUsed);
    this.nameStart[index] = this.poolUsed;
    this.nameLength[index] = name.length;
    this.poolUsed = nameEnd;
    this.parent[index] = parent;
    this.type[index] = type;
    this.linkGroup[index] = NONE;
    this.count = index + 1;
    return index;
  }

  /** Adds an entry with the facts that the system reports. */
  addStat(parent: number, name: Uint8Array, stat: Stat): number {
    const index = this.add(parent, name, stat.type);
    this.setStat(index, stat);
    return index;
  }

  /** Sets the facts that the system reports, except the type. */
  setStat(index: number, stat: Stat): void {
    this.mode[index] = stat.mode;
    this.uid[index] = stat.uid;
    this.gid[index] = stat.gid;
    this.size[index] = stat.type === DIR ? 0 : stat.size;
    this.mtimeSec[index] = stat.mtimeSec;
    this.mtimeNsec[index] = stat.mtimeNsec;
    this.ctimeSec[index] = stat.ctimeSec;
    this.ctimeNsec[index] = stat.ctimeNsec;
    this.inoLo[index] = stat.inoLo;
    this.inoHi[index] = stat.inoHi;
    this.nlink[index] = stat.nlink;
    if (stat.rdevMajor !== 0 || stat.rdevMinor !== 0) {
      this.devices.set(index, { major: stat.rdevMajor, minor: stat.rdevMinor });
    }
  }

  /** The last part of an entry's path: a view that must not be changed. */
  name(index: number): Uint8Array {
    const start = at(this.nameStart, index);
    return this.pool.subarray(start, start + at(this.nameLength, index));
  }

  /** Whether the last part of its path ends in these bytes, and has more. */
  nameEndsWith(index: number, suffix: Uint8Array): boolean {
    const length = at(this.nameLength, index);
    const end = at(this.nameStart, index) + length;
    if (length <= suffix.length) return false;
    for (let k = 1; k <= suffix.length; k++) {
      if (this.pool[end - k] !== suffix[suffix.length - k]) return false;
    }
    return true;
  }

  /** The SHA-256 of the content as a view; undefined if it is not known. */
  contentHash(index: number): Uint8Array | undefined {
    if (this.hashed[index] !== 1) return undefined;
    return this.hash.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES);
  }

  /** Sets the SHA-256 of the content. */
  setHash(index: number, hash: Uint8Array): void {
    this.hash.set(hash, index * HASH_BYTES);
    this.hashed[index] = 1;
  }

  /** The full path of an entry as a copy; empty for the root. */
  path(index: number): BytePath {
    let length = 0;
    for (let i = index; i !== 0; i = at(this.parent, i)) length += at(this.nameLength, i) + 1;
    const path = new Uint8Array(Math.max(0, length - 1));
    const { pool } = this;
    let end = path.length;
    for (let i = index; i !== 0; i = at(this.parent, i)) {
      // Byte by byte: names are short, and a view of each takes several times as long.
      const start = at(this.nameStart, i);
      for (let k = start + at(this.nameLength, i) - 1; k >= start; k--) path[--end] = pool[k] as number;
      if (end > 0) path[--end] = SLASH;
    }
    return path;
  }

  /** Negative, zero or positive: the order of an entry's name and one of another table, as `compareBytes`. */
  compareName(index: number, other: TreeTable, otherIndex: number): number {
    const [pool, otherPool] = [this.pool, other.pool];
    const [start, otherStart] = [at(this.nameStart, index), at(other.nameStart, otherIndex)];
    const [length, otherLength] = [at(this.nameLength, index), at(other.nameLength, otherIndex)];
    const shorter = Math.min(length, otherLength);
    for (let k = 0; k < shorter; k++) {
      const difference = (pool[start + k] as number) - (otherPool[otherStart + k] as number);
      if (difference !== 0) return difference;
    }
    return length - otherLength;
  }

  /** The index of the entry with this path, or -1. The search is binary, because entries are sorted by path. */
  find(path: BytePath): number {
    return findSorted(0, this.count, (index) => compareBytes(this.path(index), path));
  }

  /** Makes room for so many entries and bytes of names. */
  private reserve(entries: number, nameBytes: number): void {
    if (entries >= LARGE) collectGarbage(); // an earlier table may be garbage
    const columns = this.mapColumns((column, name) => {
      const length = columnLength(name, entries, nameBytes);
      return length > column.length ? larger(column, length) : column;
    });
    Object.assign(this, columns);
  }

  private mapColumns(map: (column: Column, name: ColumnName) => Column): TreeColumns {
    const own = this as unknown as TreeColumns;
    return Object.fromEntries(COLUMN_NAMES.map((name) => [name, map(own[name], name)])) as TreeColumns;
  }
}

const SLASH = 0x2f;

/** The indexes of the entries that `keep` chooses. An array of a million numbers that grows takes six times as much. */
export function indexesWhere(table: TreeTable, keep: (index: number) => boolean): Uint32Array {
  const indexes = new Uint32Array(table.count);
  let count = 0;
  for (let i = 0; i < table.count; i++) if (keep(i)) indexes[count++] = i;
  return indexes.subarray(0, count);
}

/** The index, from `from` to before `to`, whose `order` is 0; -1 if there is none. Before it the order is negative. */
export function findSorted(from: number, to: number, order: (index: number) => number): number {
  let [low, high] = [from, to];
  while (low < high) {
    const middle = (low + high) >> 1;
    const found = order(middle);
    if (found === 0) return middle;
    if (found < 0) low = middle + 1;
    else high = middle;
  }
  return -1;
}

/** Whether other threads can see a table without a copy of it. */
export function isShared(table: TreeTable): boolean {
  return Object.values(table.columns()).every((column) => column.buffer instanceof SharedArrayBuffer);
}
