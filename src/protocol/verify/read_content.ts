import { equalBytes } from "../../model/bytes.ts";
import { FILE } from "../../model/entry.ts";
import type { Folder } from "../../platform/platform.ts";
import { hashFiles } from "../../tree/hash.ts";
import { mergeTables } from "../../tree/merge_tables.ts";
import { indexesWhere, type TreeTable } from "../../tree/table.ts";
import { at } from "../../tree/columns.ts";
import type { RepositoryContext } from "../context.ts";
import type { ReadInodes } from "./read_inodes.ts";
import type { Remembered } from "./remembered.ts";

/** A payload as it was saved, and as it was found. */
interface Trees {
  readonly payload: Folder;
  readonly manifest: TreeTable;
  readonly found: TreeTable;
  /** What is read in any case, because it was found damaged before. */
  readonly again: Pick<ReadonlySet<number>, "has">;
}

/** Which files to read. */
export interface ReadingOptions {
  /** For a run over several snapshots. */
  readonly read?: ReadInodes | undefined;
  /** What was read before and need not be read again. */
  readonly remembered?: Remembered | undefined;
  /** Whether to read a file's content; by default every file is read. */
  readonly isRead?: ((path: Uint8Array) => boolean) | undefined;
  /** End where a file is not as it was saved. */
  readonly failFast?: boolean;
  /** Read no content: only what shows without it. */
  readonly lookOnly?: boolean;
}

/** What was read, as indexes of what was found. */
export interface ReadContent {
  /** Files that were not read. */
  readonly unread: Pick<ReadonlySet<number>, "has">;
  /** Those of them that are closed to the user. */
  readonly refused: readonly number[];
  /** Files that the disk does not give. */
  readonly failed: ReadonlySet<number>;
  /** Files that were read before and are not read again. */
  readonly before: ReadonlySet<number>;
  /** Since when that is so of all of them. */
  readonly oldest: number;
}

/** Where nothing is read. */
export const NOTHING_READ: ReadContent = {
  unread: { has: () => true },
  refused: [],
  failed: new Set(),
  before: new Set(),
  oldest: Infinity,
};

/** Hashes the files of a payload: each inode once in a run, and nothing that was read before and counts. */
export async function readContent(
  context: RepositoryContext,
  trees: Trees,
  { read, remembered, isRead, failFast = false }: ReadingOptions,
): Promise<ReadContent> {
  const { payload, found, again } = trees;
  const known = remembered?.counts ? await readBefore(trees, remembered) : NOTHING_READ;
  const skipped = new Set<number>();
  const hashes = read?.of(payload);
  const wanted = indexesWhere(found, (j) => {
    if (found.type[j] !== FILE || known.before.has(j)) return false;
    const hash = hashes?.get(at(found.inoHi, j), at(found.inoLo, j));
    if (hash !== undefined) found.setHash(j, hash);
    else if (!again.has(j) && isRead?.(found.path(j)) === false) skipped.add(j);
    else return true;
    return false;
  });
  const hashed = await (failFast ? hashUntilWrong : hashAll)(context, trees, wanted);
  for (const j of hashed.left) skipped.add(j);
  for (const j of hashes === undefined ? [] : wanted) {
    const hash = found.contentHash(j);
    // A file with one name is in no other snapshot.
    if (hash !== undefined && at(found.nlink, j) > 1) {
      hashes?.set(at(found.inoHi, j), at(found.inoLo, j), hash);
    }
  }
  const unread = { has: (j: number) => skipped.has(j) || known.before.has(j) };
  return { ...known, unread, refused: hashed.refused, failed: hashed.failed };
}

/** How files were hashed. `left` are all that have no hash without a failure of the disk: `refused`, and those that were not tried. */
interface Hashed {
  readonly failed: ReadonlySet<number>;
  readonly refused: readonly number[];
  readonly left: readonly number[];
}

async function hashAll(
  { reporter, signal, workers }: RepositoryContext,
  { payload, found }: Trees,
  wanted: Uint32Array,
): Promise<Hashed> {
  const failed = new Set<number>();
  const onFailure = (j: number) => void failed.add(j);
  const options = { flush: false, isStill: true, onFailure, reporter, signal, workers } as const;
  const { unreadable } = await hashFiles(payload, found, wanted, options);
  return { failed, refused: unreadable, left: unreadable };
}

/** So much is hashed at once, by all threads, before it is looked at. */
const PART_BYTES = 1e9;
const PART_FILES = 10_000;

/** Hashes part by part, and ends after one in which something is wrong. */
async function hashUntilWrong(
  context: RepositoryContext,
  trees: Trees,
  wanted: Uint32Array,
): Promise<Hashed> {
  const twins = await twinsOf(trees);
  const refused: number[] = [];
  for (let from = 0, to = 0; from < wanted.length; from = to) {
    for (let bytes = 0; to < wanted.length && to - from < PART_FILES && bytes < PART_BYTES; to++) {
      bytes += at(trees.found.size, at(wanted, to));
    }
    const part = wanted.subarray(from, to);
    const hashed = await hashAll(context, trees, part);
    for (const j of hashed.refused) refused.push(j);
    if (hashed.failed.size > 0 || part.some((j) => isOther(trees, twins[j] ?? -1, j))) {
      return { failed: hashed.failed, refused, left: [...refused, ...wanted.subarray(to)] };
    }
  }
  return { failed: new Set(), refused, left: refused };
}

/** Whether the content that was read is not what was saved. */
function isOther({ manifest, found }: Trees, i: number, j: number): boolean {
  const hash = found.contentHash(j);
  const expected = i === -1 ? undefined : manifest.contentHash(i);
  return hash !== undefined && expected !== undefined && !equalBytes(hash, expected);
}

async function readBefore(trees: Trees, remembered: Remembered): Promise<ReadContent> {
  const { manifest, found, again } = trees;
  const before = new Set<number>();
  let oldest = Infinity;
  await mergeTables(manifest, found, (i, j) => {
    if (i === -1 || j === -1 || found.type[j] !== FILE || again.has(j)) return;
    const expected = manifest.contentHash(i);
    const time = expected && remembered.file(found, j, expected);
    if (time === undefined) return;
    before.add(j);
    oldest = Math.min(oldest, time);
  });
  return { ...NOTHING_READ, before, oldest };
}

/** For each entry that was found the one that was saved under its path; -1 if there is none. */
async function twinsOf({ manifest, found }: Trees): Promise<Int32Array> {
  const twins = new Int32Array(found.count).fill(-1);
  await mergeTables(manifest, found, (i, j) => {
    if (j !== -1) twins[j] = i;
  });
  return twins;
}
