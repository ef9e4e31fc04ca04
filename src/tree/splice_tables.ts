import { DIR } from "../model/entry.ts";
import { NONE } from "./table.ts";
import { at, type Column, COLUMN_KINDS, COLUMN_NAMES, columnLength, type ColumnName } from "./columns.ts";
import { TreeTable } from "./table.ts";
import { inodeOf } from "./entry_facts.ts";
import { HASH_BYTES, type TreeColumns } from "./columns.ts";

/** Entries that follow each other in one of the two tables and in the spliced one. */
interface Run {
  readonly from: "known" | "part";
  /** The first of them in that table, and in the spliced one. */
  readonly first: number;
  readonly to: number;
  length: number;
}

/** Where the entries of two tables are in the spliced one. */
export interface Splice {
  readonly table: TreeTable;
  /** For each entry of `known` and of `part` its index in the spliced table; NONE if it is not in it. */
  readonly known: Uint32Array;
  readonly part: Uint32Array;
}

/** Which entries of `known` stay, and where those of `part` belong between them. */
export interface SplicePlan {
  /** For each entry of `part` the entry of `known` with the same path, which it replaces; else NONE. */
  readonly replaces: Uint32Array;
  /** For each entry of `part` the entry of `known` before which it comes; never falling. */
  readonly before: Uint32Array;
  /** 1: this entry of `known` is not there any more. */
  readonly gone: Uint8Array;
}

/**
 * Puts the entries of `part` between those of `known`, in root-hash order. Whole runs of columns are copied, so that a few
 * entries cost little in a large table, and many that follow each other too. Both tables have the bytes of their names in the order of their entries. Link groups
 * are made again, because a change of one name changes them all.
 */
export function spliceTables(known: TreeTable, part: TreeTable, plan: SplicePlan): Splice {
  const tables = { known, part };
  const { count, runs } = runsOf(known, part, plan);
  const indexes = { known: new Uint32Array(known.count).fill(NONE), part: new Uint32Array(part.count) };
  for (const { from, first, to, length } of runs) {
    for (let i = 0; i < length; i++) indexes[from][first + i] = to + i;
  }
  for (let j = 0; j < part.count; j++) {
    const i = at(plan.replaces, j);
    if (i !== NONE) indexes.known[i] = at(indexes.part, j);
  }
  const table = TreeTable.fromColumns(columnsOf(tables, runs, count, indexes));
  for (const run of runs) if (run.from === "part") copyValues(part, table, run);
  copyKnownValues(known, table, indexes.known, new Set(plan.replaces));
  table.lost.fill(0); // as in any scan
  regroup(table);
  return { table, ...indexes };
}

function runsOf(known: TreeTable, part: TreeTable, { before, gone, replaces }: SplicePlan) {
  const runs: Run[] = [];
  let count = 0;
  const add = (from: Run["from"], first: number, length: number) => {
    const last = runs.at(-1);
    if (last?.from === from && last.first + last.length === first) last.length += length;
    else if (length > 0) runs.push({ from, first, to: count, length });
    count += length;
  };
  let next = 0;
  const addKnown = (end: number) => {
    for (let first = next; next < end; first = ++next) {
      while (next < end && gone[next] !== 1) next++;
      add("known", first, next - first);
    }
    next = Math.max(next, end);
  };
  for (let j = 0; j < part.count; j++) {
    addKnown(at(before, j));
    next = at(before, j);
    if (replaces[j] !== NONE) next++;
    add("part", j, 1);
  }
  addKnown(known.count);
  return { runs, count };
}

type Tables = Readonly<Record<Run["from"], TreeTable>>;

function columnsOf(
  tables: Tables,
  runs: readonly Run[],
  count: number,
  indexes: Record<Run["from"], Uint32Array>,
) {
  const sources = { known: tables.known.columns(), part: tables.part.columns() };
  const nameBytes = namesOf(sources, runs);
  const made = Object.fromEntries(COLUMN_NAMES.map((name) => {
    return [name, new COLUMN_KINDS[name](columnLength(name, count, nameBytes))];
  })) as unknown as TreeColumns;
  for (const name of COLUMN_NAMES) {
    if (name !== "pool") copyRuns(name, runs, sources, made[name]);
  }
  let used = 0;
  for (const { from, first, to, length } of runs) {
    const { nameStart, pool } = sources[from];
    const start = at(nameStart, first);
    const bytes = pool.subarray(start, nameEnd(sources[from], first + length - 1));
    made.pool.set(bytes, used);
    for (let i = to; i < to + length; i++) {
      made.nameStart[i] = at(made.nameStart, i) - start + used;
      if (i > 0) made.parent[i] = at(indexes[from], at(made.parent, i));
    }
    used += bytes.length;
  }
  return made;
}

function copyRuns(
  name: ColumnName,
  runs: readonly Run[],
  sources: Record<Run["from"], TreeColumns>,
  made: Column,
) {
  const width = name === "hash" ? HASH_BYTES : 1;
  for (const { from, first, to, length } of runs) {
    made.set(sources[from][name].subarray(first * width, (first + length) * width), to * width);
  }
}

function namesOf(sources: Record<Run["from"], TreeColumns>, runs: readonly Run[]): number {
  let bytes = 0;
  for (const { from, first, length } of runs) {
    bytes += nameEnd(sources[from], first + length - 1) - at(sources[from].nameStart, first);
  }
  return bytes;
}

function nameEnd({ nameStart, nameLength }: TreeColumns, index: number): number {
  return at(nameStart, index) + at(nameLength, index);
}

/** Copies what is no number. */
function copyValues(from: TreeTable, table: TreeTable, { first, to, length }: Run): void {
  for (let i = 0; i < length; i++) {
    const target = from.targets.get(first + i);
    if (target !== undefined) table.targets.set(to + i, target);
    const xattrs = from.xattrs.get(first + i);
    if (xattrs !== undefined) table.xattrs.set(to + i, xattrs);
    const device = from.devices.get(first + i);
    if (device !== undefined) table.devices.set(to + i, device);
  }
}

function copyKnownValues(
  known: TreeTable,
  table: TreeTable,
  place: Uint32Array,
  replaced: ReadonlySet<number>,
) {
  const copy = <V>(from: ReadonlyMap<number, V>, to: Map<number, V>) => {
    for (const [i, value] of from) {
      const index = at(place, i);
      if (index !== NONE && !replaced.has(i)) to.set(index, value);
    }
  };
  copy(known.targets, table.targets);
  copy(known.xattrs, table.xattrs);
  copy(known.devices, table.devices);
}

function regroup(table: TreeTable): void {
  table.linkGroup.fill(NONE);
  const firstLinks = new Map<number, number>();
  for (let i = 0; i < table.count; i++) {
    if (at(table.nlink, i) < 2 || table.type[i] === DIR) continue;
    const inode = inodeOf(table, i);
    const first = firstLinks.get(inode);
    if (first === undefined) firstLinks.set(inode, i);
    else table.linkGroup[first] = table.linkGroup[i] = first;
  }
}
