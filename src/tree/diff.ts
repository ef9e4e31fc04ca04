import { type BytePath, keyOf } from "../model/bytes.ts";
import { type EntryType, entryTypeName, FILE, LOST } from "../model/entry.ts";
import { encodePath } from "../model/path_text.ts";
import { CHANGED, type ChangedAspect, compareEntries, type CompareOptions } from "./compare_entries.ts";
import { mergeTables } from "./merge_tables.ts";
import { at, type TreeTable } from "./table.ts";

export { CHANGED, type ChangedAspect, compareEntries, type CompareOptions, mergeTables };

/** One path that differs between two trees. */
export interface Difference {
  readonly kind: "added" | "removed" | "modified" | "renamed";
  readonly path: BytePath;
  /** The former path of a renamed entry. */
  readonly old_path: BytePath | null;
  /** The type now; for a removed entry, the former type. */
  readonly type: EntryType;
  /** What differs, if both sides have the path. `unknown`: the content is not hashed on both sides. */
  readonly aspects: readonly ChangedAspect[];
  /** Null if that side has no regular file. */
  readonly size_before: number | null;
  readonly size_after: number | null;
}

/** How many paths differ, by kind. */
export type DifferenceCounts = Record<Difference["kind"], number>;

/**
 * All differences from `a` to `b`, in the order of paths. A removed and an added file with the same content are one
 * renamed file. Times and extended attributes count only with `metadata`.
 */
export async function diffTables(
  a: TreeTable,
  b: TreeTable,
  options: CompareOptions = {},
): Promise<Difference[]> {
  const pairs: Pair[] = [];
  const removed: number[] = [];
  const added: number[] = [];
  await mergeTables(a, b, (i, j) => {
    if (i === -1) added.push(j);
    else if (j === -1) removed.push(i);
    else if (compareEntries(a, i, b, j, options) === 0) return;
    pairs.push({ i, j, moved: false });
  });
  const oldOf = matchRenamed(a, removed, b, added);
  const moved = new Set(oldOf.values());
  return pairs.filter(({ i, j }) => j !== -1 || !moved.has(i)).map((pair) => {
    const old = pair.i === -1 ? oldOf.get(pair.j) : undefined;
    return describe(a, b, old === undefined ? pair : { i: old, j: pair.j, moved: true }, options);
  });
}

/** The indexes of one entry in both trees; -1 if the tree does not have it. */
interface Pair {
  readonly i: number;
  readonly j: number;
  /** The entry has a new path. */
  readonly moved: boolean;
}

/** A difference as programs get it: paths are encoded as in the payload root hash. */
export function toRecord(difference: Difference): DifferenceText {
  const { path, old_path } = difference;
  return { ...difference, path: encodePath(path), old_path: old_path === null ? null : encodePath(old_path) };
}

/** A difference with its paths as text. */
export type DifferenceText = Omit<Difference, "path" | "old_path"> & {
  readonly path: string;
  readonly old_path: string | null;
};

/** Counts the differences of each kind. */
export function summarise(differences: readonly Difference[]): DifferenceCounts {
  const counts: DifferenceCounts = { added: 0, removed: 0, modified: 0, renamed: 0 };
  for (const { kind } of differences) counts[kind]++;
  return counts;
}

/** Whether two trees differ in more than times: that is unsaved work (SPEC 7). Unknown content counts as different. */
export async function differsInSubstance(a: TreeTable, b: TreeTable): Promise<boolean> {
  let differs = false;
  await mergeTables(a, b, (i, j) => {
    differs = i === -1 || j === -1 ||
      (compareEntries(a, i, b, j, { metadata: true }) & ~CHANGED.times) !== 0;
    return differs;
  });
  return differs;
}

/**
 * The files of `b`, in order, whose hash is needed to compare `b` with `a`: files with the same path and size, and
 * files that may be renamed files of `a`.
 */
export async function needsHash(a: TreeTable, b: TreeTable): Promise<number[]> {
  const needed: number[] = [];
  const added: number[] = [];
  const removedSizes = new Set<number>();
  await mergeTables(a, b, (i, j) => {
    if (j === -1) {
      if (mayMove(a, i) && isReadable(a, i)) removedSizes.add(at(a.size, i));
    } else if (b.hashed[j] === 1) return;
    else if (i === -1) {
      if (mayMove(b, j)) added.push(j);
    } else if (compareEntries(a, i, b, j) & CHANGED.unknown && isReadable(a, i)) needed.push(j);
  });
  const moved = added.filter((j) => removedSizes.has(at(b.size, j)));
  return moved.length === 0 ? needed : [...needed, ...moved].sort((x, y) => x - y);
}

/** Whether the hash is known or can be. If the snapshot could not read the content, another hash would decide nothing. */
function isReadable(table: TreeTable, index: number): boolean {
  return table.hashed[index] === 1 || (at(table.lost, index) & LOST.type) === 0;
}

/** Whether the content can identify a file. Empty files are all the same. */
function mayMove(table: TreeTable, index: number): boolean {
  return table.type[index] === FILE && at(table.size, index) > 0;
}

/** Finds the removed file that an added file was: first by the same name, then in the order of paths. */
function matchRenamed(
  a: TreeTable,
  removed: readonly number[],
  b: TreeTable,
  added: readonly number[],
): Map<number, number> {
  const oldOf = new Map<number, number>();
  const taken = new Set<number>();
  const match = (key: (table: TreeTable, index: number) => string) => {
    const waiting = new Map<string, number[]>();
    for (const i of removed.toReversed()) {
      if (taken.has(i) || a.hashed[i] !== 1 || !mayMove(a, i)) continue;
      const same = waiting.get(key(a, i));
      if (same === undefined) waiting.set(key(a, i), [i]);
      else same.push(i);
    }
    for (const j of waiting.size === 0 ? [] : added) {
      if (oldOf.has(j) || b.hashed[j] !== 1 || !mayMove(b, j)) continue;
      const i = waiting.get(key(b, j))?.pop();
      if (i === undefined) continue;
      oldOf.set(j, i);
      taken.add(i);
    }
  };
  match((table, index) => hashKey(table, index) + keyOf(table.name(index)));
  match(hashKey);
  return oldOf;
}

function hashKey(table: TreeTable, index: number): string {
  return keyOf(table.contentHash(index) ?? new Uint8Array());
}

function describe(a: TreeTable, b: TreeTable, { i, j, moved }: Pair, options: CompareOptions): Difference {
  const [table, index] = j === -1 ? [a, i] : [b, j];
  const changed = i === -1 || j === -1 ? 0 : compareEntries(a, i, b, j, options);
  // A rename can change which name of a link group comes first. That is no change of this file.
  const told = moved ? changed & ~CHANGED.hardlink : changed;
  return {
    kind: i === -1 ? "added" : j === -1 ? "removed" : moved ? "renamed" : "modified",
    path: table.path(index),
    old_path: moved ? a.path(i) : null,
    type: entryTypeName(at(table.type, index)),
    aspects: ASPECTS.filter((aspect) => (told & CHANGED[aspect]) !== 0),
    size_before: sizeOf(a, i),
    size_after: sizeOf(b, j),
  };
}

const ASPECTS = Object.keys(CHANGED) as ChangedAspect[];

function sizeOf(table: TreeTable, index: number): number | null {
  return index !== -1 && table.type[index] === FILE ? at(table.size, index) : null;
}
