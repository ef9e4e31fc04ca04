import { equalBytes, ITSELF } from "../model/bytes.ts";
import { sameXattrs } from "../model/entry.ts";
import type { Folder } from "../platform/platform.ts";
import { Stat } from "../platform/stat.ts";
import { isSystemError } from "../platform/system_error.ts";
import { TimeSlice } from "../platform/time_slice.ts";
import { mergeTables } from "./merge_tables.ts";
import { OpenFolders } from "./open_folders.ts";
import { isCloneOf, isOfSameMake, isUnchangedBetween, isUnchangedSince } from "./same_entry.ts";
import { type TreeTable } from "./table.ts";
import { inodeOf } from "./entry_facts.ts";
import { at, type ColumnName } from "./columns.ts";

/**
 * Compares two scans of a tree. `match` has for each entry of the second scan the same, unchanged entry of the first,
 * or -1; its hash is copied. `steady` says that nothing changed. Entries in `missed` (of the first scan) do not count.
 */
export async function matchUnchanged(
  before: TreeTable,
  after: TreeTable,
  missed: ReadonlySet<number> = new Set(),
): Promise<{ match: Int32Array; steady: boolean }> {
  const match = new Int32Array(after.count).fill(-1);
  let steady = true;
  await mergeTables(before, after, (i, j) => {
    if (i !== -1 && j !== -1 && !missed.has(i) && isUnchangedBetween(before, i, after, j)) {
      match[j] = i;
      const hash = before.contentHash(i);
      if (hash !== undefined) after.setHash(j, hash);
    } else steady = false;
  });
  return { match, steady };
}

/**
 * Whether a clone, as a scan saw it, and its source, as a later scan saw that, hold the same entries: then the source did
 * not change in between. For clones that keep change times.
 */
export async function isCloneOfTree(clone: TreeTable, source: TreeTable): Promise<boolean> {
  let same = clone.count === source.count;
  if (same) await mergeTables(clone, source, (i, j) => !(same = i === j && isCloneOf(clone, i, source, j)));
  return same;
}

/**
 * Whether the system still reports for every entry what the scan saw. No folder is listed again: the times of a folder
 * show that a name came or went. SPEC 5, *quiesced*. With `inodes`, all others are known to be unchanged since. Those of `besides` do
 * not count.
 */
export async function isTreeUnchangedSince(
  root: Folder,
  table: TreeTable,
  signal: AbortSignal | undefined,
  inodes?: ReadonlySet<number>,
  besides?: ReadonlySet<number>,
): Promise<boolean> {
  const found = new Set<number>();
  const slice = new TimeSlice(signal);
  const stat = new Stat();
  using folders = new OpenFolders(root, table);
  try {
    if (!root.stat(ITSELF, stat) || !isUnchangedSince(table, 0, stat)) return false;
    if (inodes?.has(inodeOf(table, 0))) found.add(inodeOf(table, 0));
    for (let i = 1; i < table.count; i++) {
      if (inodes?.has(inodeOf(table, i))) found.add(inodeOf(table, i));
      else if (inodes !== undefined && table.clean[i] === 1) continue;
      if (besides?.has(i)) continue;
      const folder = folders.get(at(table.parent, i));
      if (!folder.stat(table.name(i), stat) || !isUnchangedSince(table, i, stat)) return false;
      if (slice.isOver()) await slice.yield();
    }
    return found.size === (inodes?.size ?? 0); // else something is new
  } catch (error) {
    if (isSystemError(error)) return false; // a folder disappeared: the next scan shows that
    throw error;
  }
}

/**
 * Copies the hashes of `made` to the entries of `table` with the same path, size and time. Only for entries that were just
 * made, where no other process can have written since: after a write by another process, size and time prove nothing.
 */
export async function copyHashes(table: TreeTable, made: TreeTable): Promise<void> {
  await mergeTables(made, table, (i, j) => {
    if (i === -1 || j === -1 || !isOfSameMake(made, i, table, j)) return;
    const hash = made.contentHash(i);
    if (hash !== undefined) table.setHash(j, hash);
  });
}

/** Columns that do not count: a manifest does not keep them. */
const NOT_IN_MANIFEST: ReadonlySet<string> = new Set<ColumnName>(
  ["ctimeSec", "ctimeNsec", "inoLo", "inoHi", "nlink", "clean", "listed", "nameStart"],
);

/** Whether the manifests of two trees list the same entries with the same aspects. */
export function sameTable(a: TreeTable, b: TreeTable): boolean {
  if (a.count !== b.count) return false;
  const columns = b.columns();
  return Object.entries(a.columns()).every(([name, column]) =>
    NOT_IN_MANIFEST.has(name) || equalBytes(rawBytes(column), rawBytes(columns[name as ColumnName]))
  ) &&
    sameValues(a.targets, b.targets, equalBytes) &&
    sameValues(a.xattrs, b.xattrs, sameXattrs) &&
    sameValues(a.devices, b.devices, (d, e) => d.major === e.major && d.minor === e.minor);
}

function rawBytes(column: ArrayBufferView): Uint8Array {
  return new Uint8Array(column.buffer, column.byteOffset, column.byteLength);
}

function sameValues<V>(a: ReadonlyMap<number, V>, b: ReadonlyMap<number, V>, same: (x: V, y: V) => boolean) {
  if (a.size !== b.size) return false;
  for (const [index, value] of a) {
    const other = b.get(index);
    if (other === undefined || !same(value, other)) return false;
  }
  return true;
}
