/** The bytes of a SHA-256. */
export const HASH_BYTES = 32;

/** The columns of a table and the kind of their numbers, in the order in which the stat cache stores them. */
export const COLUMN_KINDS = {
  parent: Uint32Array,
  type: Uint8Array,
  mode: Uint16Array,
  uid: Uint32Array,
  gid: Uint32Array,
  size: Float64Array,
  mtimeSec: Float64Array,
  mtimeNsec: Uint32Array,
  hashed: Uint8Array,
  hash: Uint8Array,
  linkGroup: Uint32Array,
  lost: Uint16Array,
  ctimeSec: Float64Array,
  ctimeNsec: Uint32Array,
  inoLo: Uint32Array,
  inoHi: Uint32Array,
  nlink: Uint32Array,
  clean: Uint8Array,
  listed: Uint8Array,
  nameStart: Uint32Array,
  nameLength: Uint16Array,
  /** The bytes of all names. */
  pool: Uint8Array,
} as const;

/** The name of a column. */
export type ColumnName = keyof typeof COLUMN_KINDS;

/** The names of all columns. */
export const COLUMN_NAMES = Object.keys(COLUMN_KINDS) as ColumnName[];

/** A column of numbers. */
export type Column = TreeColumns[ColumnName];

/** The columns of a table, each exactly as long as its content. */
export type TreeColumns = { readonly [N in ColumnName]: (typeof COLUMN_KINDS)[N]["prototype"] };

/** How many numbers a column has in a table with so many entries and bytes of names. */
export function columnLength(name: ColumnName, entries: number, nameBytes: number): number {
  if (name === "pool") return nameBytes;
  return name === "hash" ? entries * HASH_BYTES : entries;
}

/** A copy of a column with at least this length, and at least twice its old length. */
export function larger<C extends Column>(column: C, atLeast: number): C {
  const Kind = column.constructor as new (length: number) => C;
  const grown = new Kind(Math.max(atLeast, column.length * 2));
  grown.set(column);
  return grown;
}

/** The value of a column at an index that exists. A fifth kind of array here would make every call slow: V8 tells four apart. */
export function at(column: Column, index: number): number {
  return column[index] as number;
}
