/**
 * The numbers of the form of a manifest. docs/format.md describes the form in words: change both together. A change that
 * an older program would misread needs a new version.
 */

/** The version that this program reads and writes. */
export const VERSION = 1;

/** The first bytes of an index. */
export const INDEX_MAGIC = "JVSINDEX";

/** The first bytes of a pack. */
export const PACK_MAGIC = "JVSPACK\n";

/** The offset of the first block of a pack, behind the magic and the version. */
export const PACK_HEADER = PACK_MAGIC.length + 1;

/** The largest number of entries of a block. */
export const MOST_ENTRIES = 512;

/** Each entry takes at least so many bytes. So a reader can check a count before it reads the entries. */
export const LEAST_ENTRY_BYTES = 5;

/** The first byte of an entry: the type in the lower three bits, then flags for what follows. */
export const HEAD = { type: 7, attributes: 8, hashed: 16, nanoseconds: 32, extras: 64 } as const;

/** The byte of extras, which is there if `HEAD.extras` is set. */
export const EXTRA = { xattrs: 1, sameXattrs: 2, firstLink: 4, laterLink: 8, lost: 16, farTime: 32 } as const;

/** Seconds of at least this size, positive or negative, are written whole, because a difference would not be exact. */
export const FAR_TIME = 2 ** 51;

/** How many bytes a path shares with the path before it, which is the first `length` bytes of `before`. */
export function sharedLength(before: Uint8Array, length: number, path: Uint8Array): number {
  const most = Math.min(length, path.length);
  let shared = 0;
  while (shared < most && before[shared] === path[shared]) shared++;
  return shared;
}
