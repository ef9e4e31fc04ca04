import type { BytePath } from "../../model/bytes.ts";
import { DIR } from "../../model/entry.ts";
import type { Stat } from "../../platform/stat.ts";

const HIGH_WORD = 2 ** 32;
const SLASH = 0x2f;
/** So many inodes, with the extents of small files, are in one leaf of a btrfs tree. */
const INODES = 40;
/** A name takes twice in the size of a folder and 138 bytes in leaves, if it is as long as most. */
const ITEMS_OF_SIZE = 5.5;
const LEAF_BYTES = 13_000;
/** Numbers of leaves of folders are above those of inodes. */
const FOLDERS_FROM = 2 ** 40;
const PARTS = 4096;

/**
 * Which leaves of the tree of a subvolume a change copies. No call tells it to every user. The tree is in the order of inodes, and a
 * folder has its names beside its inode, in the order of their hashes and of their making.
 */
export class SubvolumeLeaves {
  /** A number for each. */
  readonly touched = new Set<number>();
  private readonly folders = new Map<string, { readonly inode: number; readonly parts: number }>();

  /** An entry is new, other or gone; its folder comes before it. */
  touch(path: BytePath, { type, inoHi, inoLo, size }: Stat): void {
    const inode = inoHi * HIGH_WORD + inoLo;
    const { touched } = this;
    touched.add(Math.floor(inode / INODES));
    const slash = path.lastIndexOf(SLASH);
    const folder = this.folders.get(keyOf(path.subarray(0, Math.max(0, slash))));
    if (type === DIR) {
      const parts = Math.ceil(size * ITEMS_OF_SIZE / LEAF_BYTES);
      this.folders.set(keyOf(path), { inode, parts });
    }
    if (folder === undefined || folder.parts < 2) return;
    const first = FOLDERS_FROM + folder.inode * PARTS;
    const half = Math.ceil(folder.parts / 2);
    touched.add(first + hashOf(path) % half);
    touched.add(first + half + inode % half);
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
