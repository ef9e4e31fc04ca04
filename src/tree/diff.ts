import { type BytePath, equalBytes } from "../model/bytes.ts";
import { DIR, type EntryType, entryTypeName, FILE, LOST, sameXattrs, SYMLINK } from "../model/entry.ts";
import { mergeTables } from "./merge_tables.ts";
import { matchRenamed, mayMove } from "./renames.ts";
import { NONE, type TreeTable } from "./table.ts";
import { sameName } from "./entry_facts.ts";
import { at, HASH_BYTES } from "./columns.ts";

/** What can differ between two entries, as bits. */
export const CHANGED = {
  type: 1,
  content: 2,
  mode: 4,
  owner: 8,
  target: 16,
  device: 32,
  xattrs: 64,
  hardlink: 128,
  times: 256,
  /** The sizes are the same, but not both files are hashed, so the content may differ. */
  unknown: 512,
} as const;

/** Which aspects are compared. */
export interface CompareOptions {
  /** Compare times and extended attributes too; false by default. */
  metadata?: boolean;
}

const NO_BYTES = new Uint8Array();

/** How two entries differ, as bits of `CHANGED`. If the types differ, nothing else is compared. */
export function compareEntries(
  a: TreeTable,
  i: number,
  b: TreeTable,
  j: number,
  options: CompareOptions = {},
): number {
  const type = at(a.type, i);
  if (type !== b.type[j]) return CHANGED.type;
  let changed = compareContent(a, i, b, j, type);
  // The mode of a symbolic link means nothing, and some systems cannot set it.
  if (type !== SYMLINK && a.mode[i] !== b.mode[j]) changed |= CHANGED.mode;
  if (a.uid[i] !== b.uid[j] || a.gid[i] !== b.gid[j]) changed |= CHANGED.owner;
  if (type !== DIR && linksDiffer(a, i, b, j)) changed |= CHANGED.hardlink;
  if (!options.metadata) return changed;
  if (a.mtimeSec[i] !== b.mtimeSec[j] || a.mtimeNsec[i] !== b.mtimeNsec[j]) changed |= CHANGED.times;
  if (xattrsDiffer(a, i, b, j)) changed |= CHANGED.xattrs;
  return changed;
}

function compareContent(a: TreeTable, i: number, b: TreeTable, j: number, type: number): number {
  if (type === DIR) return 0;
  if (type === FILE) {
    if (a.size[i] !== b.size[j]) return CHANGED.content;
    if (a.size[i] === 0) return 0;
    if (a.hashed[i] !== 1 || b.hashed[j] !== 1) return CHANGED.unknown;
    return sameHash(a, i, b, j) ? 0 : CHANGED.content;
  }
  if (type === SYMLINK) {
    return equalBytes(a.targets.get(i) ?? NO_BYTES, b.targets.get(j) ?? NO_BYTES) ? 0 : CHANGED.target;
  }
  const device = a.devices.get(i);
  const other = b.devices.get(j);
  const same = (device?.major ?? 0) === (other?.major ?? 0) && (device?.minor ?? 0) === (other?.minor ?? 0);
  return same ? 0 : CHANGED.device;
}

function sameHash(a: TreeTable, i: number, b: TreeTable, j: number): boolean {
  // No views here, because this is the inner loop of every comparison.
  const [x, y] = [i * HASH_BYTES, j * HASH_BYTES];
  for (let k = 0; k < HASH_BYTES; k++) if (a.hash[x + k] !== b.hash[y + k]) return false;
  return true;
}

/**
 * Whether an entry is a hard link to an earlier entry on one side only, or to different entries. The first name of a
 * group counts as a separate file. So a new link is one added entry, and the other names are unchanged.
 */
function linksDiffer(a: TreeTable, i: number, b: TreeTable, j: number): boolean {
  const first = at(a.linkGroup, i);
  const other = at(b.linkGroup, j);
  if (first === NONE && other === NONE) return false;
  const later = first !== NONE && first !== i;
  const otherLater = other !== NONE && other !== j;
  return later !== otherLater || (later && !samePath(a, first, b, other));
}

function samePath(a: TreeTable, i: number, b: TreeTable, j: number): boolean {
  let [x, y] = [i, j];
  for (; x !== 0 && y !== 0; x = at(a.parent, x), y = at(b.parent, y)) {
    if (!sameName(a, x, b, y)) return false;
  }
  return x === y;
}

function xattrsDiffer(a: TreeTable, i: number, b: TreeTable, j: number): boolean {
  if (a.xattrs.size === 0 && b.xattrs.size === 0) return false;
  return !sameXattrs(a.xattrs.get(i) ?? [], b.xattrs.get(j) ?? []);
}

/** One path that differs between two trees. */
export interface Difference {
  readonly kind: "added" | "removed" | "modified" | "renamed";
  readonly path: BytePath;
  /** The former path of a renamed entry. */
  readonly old_path: BytePath | null;
  /** The type now; for a removed entry, the former type. */
  readonly type: EntryType;
  /** What differs, if both sides have the path. `unknown`: the content is not hashed on both sides. */
  readonly aspects: readonly (keyof typeof CHANGED)[];
  /** Null if that side has no regular file. */
  readonly size_before: number | null;
  readonly size_after: number | null;
}

/**
 * All differences from `a` to `b`, in the order of paths. A removed and an added file with the same content are one
 * renamed file. Times and extended attributes count only with `metadata`. Each difference is made when it is its turn: 200,000
 * of them as objects take 100 MB.
 */
export async function diffTables(
  a: TreeTable,
  b: TreeTable,
  options: CompareOptions = {},
): Promise<Iterable<Difference>> {
  // The indexes of each pair that differs; -1 where one tree does not have the path.
  const [before, after]: [number[], number[]] = [[], []];
  const removed: number[] = [];
  const added: number[] = [];
  await mergeTables(a, b, (i, j) => {
    if (i === -1) added.push(j);
    else if (j === -1) removed.push(i);
    else if (compareEntries(a, i, b, j, options) === 0) return;
    before.push(i);
    after.push(j);
  });
  const oldOf = matchRenamed(a, removed, b, added);
  const moved = new Uint8Array(removed.length);
  for (const place of oldOf) if (place !== -1) moved[place] = 1;
  return { [Symbol.iterator]: each };

  function* each(): Generator<Difference> {
    // Removed and added entries come in the order in which they were found.
    let [removals, additions] = [0, 0];
    for (let pair = 0; pair < before.length; pair++) {
      const [i, j] = [before[pair] as number, after[pair] as number];
      if (j === -1 && moved[removals++] === 1) continue;
      const place = i === -1 ? oldOf[additions++] as number : -1;
      const old = place === -1 ? i : removed[place] as number;
      yield describe(a, b, { i: old, j, moved: place !== -1 }, options);
    }
  }
}

/** The indexes of one entry in both trees; -1 if the tree does not have it. */
interface Pair {
  readonly i: number;
  readonly j: number;
  /** The entry has a new path. */
  readonly moved: boolean;
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
    aspects: aspectsOf(told),
    size_before: sizeOf(a, i),
    size_after: sizeOf(b, j),
  };
}

/** The names of these bits; one list for all differences that have the same. */
function aspectsOf(changed: number): readonly (keyof typeof CHANGED)[] {
  let named = namedAspects.get(changed);
  if (named === undefined) {
    named = Object.freeze(ASPECTS.filter((aspect) => (changed & CHANGED[aspect]) !== 0));
    namedAspects.set(changed, named);
  }
  return named;
}

const namedAspects = new Map<number, readonly (keyof typeof CHANGED)[]>();

const ASPECTS = Object.keys(CHANGED) as (keyof typeof CHANGED)[];

function sizeOf(table: TreeTable, index: number): number | null {
  return index !== -1 && table.type[index] === FILE ? at(table.size, index) : null;
}
