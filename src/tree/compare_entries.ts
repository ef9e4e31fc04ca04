import { equalBytes } from "../model/bytes.ts";
import { DIR, FILE, SYMLINK } from "../model/entry.ts";
import { sameXattrs } from "../model/entry.ts";
import { at, HASH_BYTES, NONE, sameName, type TreeTable } from "./table.ts";

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

/** The name of an aspect that can differ. */
export type ChangedAspect = keyof typeof CHANGED;

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
