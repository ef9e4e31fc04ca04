import type { BytePath } from "../../model/bytes.ts";
import { DIR } from "../../model/entry.ts";
import type { Stat } from "../../platform/stat.ts";

const HIGH_WORD = 2 ** 32;
const SLASH = 0x2f;
/** So many inodes, with the extents of small files, are in one leaf of a btrfs tree. */
const INODES = 40;
/** A name takes twice in the size of a folder and 138 bytes in leaves, if it is as long as most. */
const ITEMS_OF_SIZE = 5.5;
const LEAF_BYTES = 15_000;
/** Numbers of leaves of folders are above those of inodes. */
const FOLDERS_FROM = 2 ** 40;
const PARTS = 4096;

/** A folder, and how many leaves its names take. */
interface Names {
  readonly inode: number;
  readonly parts: number;
}

/**
 * Which leaves of the tree of a subvolume a change copies. No call tells it to every user. The tree is in the order of inodes, and a
 * folder has its names beside its inode, in the order of their hashes and of their making.
 */
export class SubvolumeLeaves {
  /** A number for each. */
  readonly touched = new Set<number>();
  private readonly folders = new Map<string, Names>();

  /** An entry is new, other or gone; its folder comes before it. */
  touch(path: BytePath, { type, inoHi, inoLo, size }: Stat): void {
    const inode = inoHi * HIGH_WORD + inoLo;
    const slash = path.lastIndexOf(SLASH);
    const parts = type === DIR ? Math.round(size * ITEMS_OF_SIZE / LEAF_BYTES) : 0;
    if (parts === 0) this.touched.add(Math.floor(inode / INODES));
    else this.touchPart({ inode, parts }, 0); // its names are beside it, so it shares its leaf with no other inode
    if (type === DIR) this.folders.set(keyOf(path), { inode, parts });
    const folder = this.folders.get(keyOf(path.subarray(0, Math.max(0, slash))));
    if (path.length === 0 || folder === undefined || folder.parts === 0) return;
    const half = Math.ceil(folder.parts / 2);
    this.touchPart(folder, hashOf(path) % half);
    if (folder.parts > 1) this.touchPart(folder, half + inode % Math.max(1, folder.parts - half));
  }

  private touchPart({ inode }: Names, part: number): void {
    this.touched.add(FOLDERS_FROM + inode * PARTS + part % PARTS);
  }
}

function keyOf(path: BytePath): string {
  return String.fromCharCode(...path);
}

function hashOf(path: BytePath): number {
  let hash = 0x811c9dc5;
  for (const byte of path) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}
