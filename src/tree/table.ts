import { type BytePath, compareBytes } from "../model/bytes.ts";
import { DIR, type Xattr } from "../model/entry.ts";
import type { Stat } from "../platform/platform.ts";

/** No parent, no link group. */
export const NONE = 0xffffffff;

/** The bytes of a SHA-256. */
export const HASH_BYTES = 32;

/** A device number. */
export interface Device {
  readonly major: number;
  readonly minor: number;
}

/** The columns of a table, cut to what is in use: what a file of it consists of. */
export interface TreeColumns {
  readonly parent: Uint32Array;
  readonly type: Uint8Array;
  readonly mode: Uint16Array;
  readonly uid: Uint32Array;
  readonly gid: Uint32Array;
  readonly size: Float64Array;
  readonly mtimeSec: Float64Array;
  readonly mtimeNsec: Uint32Array;
  readonly hashed: Uint8Array;
  readonly hash: Uint8Array;
  readonly linkGroup: Uint32Array;
  readonly lost: Uint16Array;
  readonly ctimeSec: Float64Array;
  readonly ctimeNsec: Uint32Array;
  readonly inoLo: Uint32Array;
  readonly inoHi: Uint32Array;
  readonly nlink: Uint32Array;
  readonly clean: Uint8Array;
  readonly nameStart: Uint32Array;
  readonly nameLength: Uint16Array;
  /** The names' bytes. */
  readonly pool: Uint8Array;
}

/**
 * All entries of one tree, as columns of numbers in root-hash order (SPEC 4): the order of the full paths' raw bytes.
 * Entry 0 is the root; a folder's entry always stands before what is in it. A million entries take about 110 MB, where
 * objects would take three times that. Scans, manifests and the stat cache are all such tables; columns that one of
 * them does not know are zero.
 */
export class TreeTable {
  count = 0;
  /** Index of the folder that an entry is in; NONE for the root. */
  parent: Uint32Array;
  type: Uint8Array;
  mode: Uint16Array;
  uid: Uint32Array;
  gid: Uint32Array;
  size: Float64Array;
  mtimeSec: Float64Array;
  mtimeNsec: Uint32Array;
  /** Whether `hash` holds the content's SHA-256 (files and links). */
  hashed: Uint8Array;
  hash: Uint8Array;
  /** Index of the first entry, in this order, of the hard links to one file; NONE when it has no other name in here. */
  linkGroup: Uint32Array;
  /** Bits of `LOST`. */
  lost: Uint16Array;

  // Known to scans and the stat cache only: what tells whether a file was touched.
  ctimeSec: Float64Array;
  ctimeNsec: Uint32Array;
  inoLo: Uint32Array;
  inoHi: Uint32Array;
  nlink: Uint32Array;
  /** 1: mtime and ctime are old enough to be trusted (SPEC 5, *clean*). */
  clean: Uint8Array;

  /** Targets of symbolic links. */
  readonly targets: Map<number, Uint8Array> = new Map();
  readonly xattrs: Map<number, readonly Xattr[]> = new Map();
  readonly devices: Map<number, Device> = new Map();

  private nameStart: Uint32Array;
  private nameLength: Uint16Array;
  private pool: Uint8Array;
  private poolUsed = 0;

  constructor(capacity = 1024) {
    this.parent = new Uint32Array(capacity);
    this.type = new Uint8Array(capacity);
    this.mode = new Uint16Array(capacity);
    this.uid = new Uint32Array(capacity);
    this.gid = new Uint32Array(capacity);
    this.size = new Float64Array(capacity);
    this.mtimeSec = new Float64Array(capacity);
    this.mtimeNsec = new Uint32Array(capacity);
    this.hashed = new Uint8Array(capacity);
    this.hash = new Uint8Array(capacity * HASH_BYTES);
    this.linkGroup = new Uint32Array(capacity);
    this.lost = new Uint16Array(capacity);
    this.ctimeSec = new Float64Array(capacity);
    this.ctimeNsec = new Uint32Array(capacity);
    this.inoLo = new Uint32Array(capacity);
    this.inoHi = new Uint32Array(capacity);
    this.nlink = new Uint32Array(capacity);
    this.clean = new Uint8Array(capacity);
    this.nameStart = new Uint32Array(capacity);
    this.nameLength = new Uint16Array(capacity);
    this.pool = new Uint8Array(capacity * 16);
  }

  /** A table of these columns, which it takes over. */
  static fromColumns(columns: TreeColumns): TreeTable {
    const count = columns.parent.length;
    return Object.assign(new TreeTable(0), columns, { count, poolUsed: columns.pool.length });
  }

  /** The table's columns: views that are good until the next entry is added. */
  columns(): TreeColumns {
    const { count } = this;
    return {
      parent: this.parent.subarray(0, count),
      type: this.type.subarray(0, count),
      mode: this.mode.subarray(0, count),
      uid: this.uid.subarray(0, count),
      gid: this.gid.subarray(0, count),
      size: this.size.subarray(0, count),
      mtimeSec: this.mtimeSec.subarray(0, count),
      mtimeNsec: this.mtimeNsec.subarray(0, count),
      hashed: this.hashed.subarray(0, count),
      hash: this.hash.subarray(0, count * HASH_BYTES),
      linkGroup: this.linkGroup.subarray(0, count),
      lost: this.lost.subarray(0, count),
      ctimeSec: this.ctimeSec.subarray(0, count),
      ctimeNsec: this.ctimeNsec.subarray(0, count),
      inoLo: this.inoLo.subarray(0, count),
      inoHi: this.inoHi.subarray(0, count),
      nlink: this.nlink.subarray(0, count),
      clean: this.clean.subarray(0, count),
      nameStart: this.nameStart.subarray(0, count),
      nameLength: this.nameLength.subarray(0, count),
      pool: this.pool.subarray(0, this.poolUsed),
    };
  }

  /** Adds an entry behind the last one and gives its index; the name is copied. The root's name is empty. */
  add(parent: number, name: Uint8Array, type: number): number {
    const index = this.count;
    if (index === this.parent.length) this.grow();
    if (this.poolUsed + name.length > this.pool.length) {
      this.pool = larger(this.pool, this.poolUsed + name.length);
    }
    this.pool.set(name, this.poolUsed);
    this.nameStart[index] = this.poolUsed;
    this.nameLength[index] = name.length;
    this.poolUsed += name.length;
    this.parent[index] = parent;
    this.type[index] = type;
    this.linkGroup[index] = NONE;
    this.count = index + 1;
    return index;
  }

  /** Adds an entry with what the system says of it. */
  addStat(parent: number, name: Uint8Array, stat: Stat): number {
    const index = this.add(parent, name, stat.type);
    this.setStat(index, stat);
    return index;
  }

  /** Sets all that the system says of an entry, its type excepted. */
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

  /** The content's SHA-256, a view, or nothing where it is not known. */
  contentHash(index: number): Uint8Array | undefined {
    if (this.hashed[index] !== 1) return undefined;
    return this.hash.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES);
  }

  /** Sets the content's SHA-256. */
  setHash(index: number, hash: Uint8Array): void {
    this.hash.set(hash, index * HASH_BYTES);
    this.hashed[index] = 1;
  }

  /** The whole path of an entry, copied; empty for the root. */
  path(index: number): BytePath {
    let length = 0;
    for (let i = index; i !== 0; i = at(this.parent, i)) length += at(this.nameLength, i) + 1;
    const path = new Uint8Array(Math.max(0, length - 1));
    let end = path.length;
    for (let i = index; i !== 0; i = at(this.parent, i)) {
      const name = this.name(i);
      path.set(name, end - name.length);
      end -= name.length + 1;
      if (end >= 0) path[end] = SLASH;
    }
    return path;
  }

  /** The index of the entry with this path, or -1: a binary search, as the order is that of the paths. */
  find(path: BytePath): number {
    let low = 0;
    let high = this.count - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const order = compareBytes(this.path(middle), path);
      if (order === 0) return middle;
      if (order < 0) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }

  private grow(): void {
    const capacity = this.parent.length * 2;
    this.parent = larger(this.parent, capacity);
    this.type = larger(this.type, capacity);
    this.mode = larger(this.mode, capacity);
    this.uid = larger(this.uid, capacity);
    this.gid = larger(this.gid, capacity);
    this.size = larger(this.size, capacity);
    this.mtimeSec = larger(this.mtimeSec, capacity);
    this.mtimeNsec = larger(this.mtimeNsec, capacity);
    this.hashed = larger(this.hashed, capacity);
    this.hash = larger(this.hash, capacity * HASH_BYTES);
    this.linkGroup = larger(this.linkGroup, capacity);
    this.lost = larger(this.lost, capacity);
    this.ctimeSec = larger(this.ctimeSec, capacity);
    this.ctimeNsec = larger(this.ctimeNsec, capacity);
    this.inoLo = larger(this.inoLo, capacity);
    this.inoHi = larger(this.inoHi, capacity);
    this.nlink = larger(this.nlink, capacity);
    this.clean = larger(this.clean, capacity);
    this.nameStart = larger(this.nameStart, capacity);
    this.nameLength = larger(this.nameLength, capacity);
  }
}

const SLASH = 0x2f;

interface Column extends ArrayLike<number> {
  set(from: ArrayLike<number>): void;
}

/** A copy of a column with at least this much room, and at least double what it had. */
export function larger<C extends Column>(column: C, atLeast: number): C {
  const Kind = column.constructor as new (length: number) => C;
  const grown = new Kind(Math.max(atLeast, column.length * 2));
  grown.set(column);
  return grown;
}

/** A column's value at an index that is known to be there. */
export function at(column: ArrayLike<number>, index: number): number {
  return column[index] as number;
}

/** Whether two entries, of one or two tables, have the same name. */
export function sameName(a: TreeTable, i: number, b: TreeTable, j: number): boolean {
  const x = a.name(i);
  const y = b.name(j);
  return x.length === y.length && compareBytes(x, y) === 0;
}
