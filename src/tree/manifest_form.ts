/**
 * The numbers of a manifest's form, which docs/format.md says in words: both change together, and whatever an older
 * program would misunderstand gets a new version.
 */

/** What this program reads and writes. */
export const VERSION = 1;

/** The first bytes of an index. */
export const INDEX_MAGIC = "JVSINDEX";

/** The first bytes of a pack. */
export const PACK_MAGIC = "JVSPACK\n";

/** Where a pack's first block begins: behind the magic and the version. */
export const PACK_HEADER = PACK_MAGIC.length + 1;

/** The most entries of a block. */
export const MOST_ENTRIES = 512;

/** No entry takes fewer bytes, so that a number of entries can be believed before they are read. */
export const LEAST_ENTRY_BYTES = 5;

/** An entry's first byte: the type in the lower three bits, and what follows. */
export const HEAD = { type: 7, attributes: 8, hashed: 16, nanoseconds: 32, extras: 64 } as const;

/** The byte of extras, where `HEAD.extras` says that there is one. */
export const EXTRA = { xattrs: 1, sameXattrs: 2, firstLink: 4, laterLink: 8, lost: 16, farTime: 32 } as const;

/** Seconds from here on, either way, are written whole: differences of such would not be exact. */
export const FAR_TIME = 2 ** 51;

/** How many bytes a path has in common with the path before it, which fills `length` bytes of a buffer. */
export function sharedLength(before: Uint8Array, length: number, path: Uint8Array): number {
  const most = Math.min(length, path.length);
  let shared = 0;
  while (shared < most && before[shared] === path[shared]) shared++;
  return shared;
}
