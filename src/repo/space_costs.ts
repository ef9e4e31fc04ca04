import { SYMLINK } from "../model/entry.ts";
import type { Extent, FileSystem } from "../platform/platform.ts";
import type { Stat } from "../platform/stat.ts";

const BLOCK = 512;

/** What a file system gives back, beside the extents of files. Measured: docs/design/space-of-snapshots.md. */
export interface SpaceCosts {
  /** Files may share blocks: their extents count, where the file system tells them. */
  readonly sharesBlocks: boolean;
  /** Only whole extents come free. */
  readonly wholeExtents: boolean;
  /** A file, without its name. */
  file(stat: Stat, nameBytes: number, extents: readonly Extent[] | undefined): number;
  /** A folder, a symbolic link or a special file, without its name. */
  other(stat: Stat, nameBytes: number): number;
  /** A name in a folder, beside the blocks of the folder. */
  name(nameBytes: number): number;
  /** A leaf of the tree of a subvolume; 0 where there are none. */
  readonly leaf: number;
}

/** The costs on a file system. */
export function costsOf({ kind, metadataCopies }: Pick<FileSystem, "kind" | "metadataCopies">): SpaceCosts {
  if (kind === "btrfs") return btrfsCosts(metadataCopies);
  if (kind === "fuse.juicefs") return juicefsCosts;
  return blockCosts(kind === "xfs" ? XFS_INODE : 0, kind !== "ext4" && kind !== "tmpfs");
}

/** XFS makes inodes of 512 bytes as they are needed, 64 at once, with a little for the trees that find them. */
const XFS_INODE = 520;

function blockCosts(inode: number, sharesBlocks: boolean): SpaceCosts {
  return {
    sharesBlocks,
    wholeExtents: false,
    file: ({ blocks }, _name, extents) => inode + Math.max(0, blocks * BLOCK - lengthOf(extents)),
    other: ({ blocks }) => inode + blocks * BLOCK,
    name: () => 0,
    leaf: 0,
  };
}

/** What the service counts: everything in pieces of 4 KB. */
const JUICEFS_PIECE = 4096;

const juicefsCosts: SpaceCosts = {
  sharesBlocks: false,
  wholeExtents: false,
  file: ({ size }) => Math.max(1, Math.ceil(size / JUICEFS_PIECE)) * JUICEFS_PIECE,
  other: () => JUICEFS_PIECE,
  name: () => 0,
  leaf: 0,
};

/** The sizes of btrfs items, each with its head of 25 bytes: what stands in its trees. */
const ITEM = { inode: 185, reference: 35, name: 55, content: 46, extent: 78 + 78 };
const LEAF = 16 * 1024;
/** How full leaves are of which whole ranges go, and of which every second item goes: names of files that stay. */
const FULL = { whole: 0.76, names: 0.96 };
/** The checksums of a block. */
const CHECKSUM_PART = 4 / 4096;

function btrfsCosts(copies: number): SpaceCosts {
  const inode = (name: number) => ITEM.inode + ITEM.reference + name;
  return {
    sharesBlocks: true,
    wholeExtents: true,
    file({ blocks, size }, name, extents) {
      if (extents === undefined) return blocks * BLOCK + (inode(name) + ITEM.extent) / FULL.whole * copies;
      const isInline = extents.length === 0 && blocks > 0;
      const content = isInline
        ? ITEM.content + size
        : extents.length * ITEM.extent + lengthOf(extents) * CHECKSUM_PART;
      return (inode(name) + content) / FULL.whole * copies;
    },
    other: ({ size, type }, name) =>
      (inode(name) + (type === SYMLINK ? ITEM.content + size : 0)) / FULL.whole * copies,
    name: (name) => 2 * (ITEM.name + name) / FULL.names * copies,
    leaf: LEAF * copies,
  };
}

function lengthOf(extents: readonly Extent[] | undefined): number {
  return extents?.reduce((sum, { length }) => sum + length, 0) ?? 0;
}
