import { indexesWhere, NONE, TreeTable } from "./table.ts";
import { at, COLUMN_NAMES, HASH_BYTES } from "./columns.ts";

/** A table with some entries of another table. */
export interface Selection {
  readonly table: TreeTable;
  /** For each entry of the selection its index in the original table. */
  readonly origin: Uint32Array;
}

/**
 * A new table with the entries for which `wanted` is true and the folders above them. A hard-link group keeps the
 * members that are selected.
 */
export function selectEntries(from: TreeTable, wanted: (index: number) => boolean): Selection {
  const included = withFoldersAbove(from, wanted);
  const origin = indexesWhere(from, (i) => included[i] === 1);
  if (origin.length === from.count) return { table: from.copy(), origin };
  const place = new Uint32Array(from.count).fill(NONE);
  const table = new TreeTable(Math.max(16, origin.length));
  for (const i of origin) {
    const parent = at(from.parent, i);
    const index = table.add(i === 0 ? NONE : at(place, parent), from.name(i), at(from.type, i));
    place[i] = index;
    copyValues(from, i, table, index);
  }
  copyColumns(from, table, origin);
  regroup(from, table, origin);
  return { table, origin };
}

function withFoldersAbove(from: TreeTable, wanted: (index: number) => boolean): Uint8Array {
  const included = new Uint8Array(from.count);
  included[0] = 1;
  for (let i = 1; i < from.count; i++) {
    if (!wanted(i)) continue;
    for (let above = i; included[above] !== 1; above = at(from.parent, above)) included[above] = 1;
  }
  return included;
}

/** All columns but hashes, those of the place, name, type and link group of an entry, and what a folder lists. */
const COPIED = COLUMN_NAMES.filter((name) =>
  !/^(hash|hashed|parent|nameStart|nameLength|pool|type|linkGroup|listed)$/.test(name)
);

function copyColumns(from: TreeTable, to: TreeTable, origin: Uint32Array): void {
  const [source, target] = [from.columns(), to.columns()];
  for (const name of COPIED) {
    const [read, written] = [source[name], target[name]];
    for (let j = 0; j < origin.length; j++) written[j] = at(read, at(origin, j));
  }
}

/** Copies what is no number. */
function copyValues(from: TreeTable, i: number, to: TreeTable, j: number): void {
  if (from.hashed[i] === 1) to.setHash(j, from.hash.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES));
  const target = from.targets.get(i);
  if (target !== undefined) to.targets.set(j, target);
  const xattrs = from.xattrs.get(i);
  if (xattrs !== undefined) to.xattrs.set(j, xattrs);
  const device = from.devices.get(i);
  if (device !== undefined) to.devices.set(j, device);
}

function regroup(from: TreeTable, to: TreeTable, origin: Uint32Array): void {
  const firsts = new Map<number, number>();
  origin.forEach((i, index) => {
    const group = at(from.linkGroup, i);
    const first = firsts.get(group);
    if (group === NONE) return;
    if (first === undefined) return void firsts.set(group, index); // a single name is no group
    to.linkGroup[first] = first;
    to.linkGroup[index] = first;
  });
}

/** The entries of a selection below which the original table has more. */
export function gapsOf(from: TreeTable, { table, origin }: Selection): Set<number> {
  const gaps = new Set<number>();
  if (table.count === from.count) return gaps;
  const place = new Uint32Array(from.count).fill(NONE);
  for (let j = 0; j < table.count; j++) place[at(origin, j)] = j;
  for (let i = 1; i < from.count; i++) {
    const parent = at(place, at(from.parent, i));
    if (place[i] === NONE && parent !== NONE) gaps.add(parent);
  }
  return gaps;
}
