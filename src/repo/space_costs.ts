import { SYMLINK } from "../model/entry.ts";
import type { Extent } from "../platform/platform.ts";
import type { FileSystem } from "../platform/file_system.ts";
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
  /** What an inode takes where inodes are made and come free only in whole chunks of 64; else 0. */
  readonly inode: number;
  /** What a byte of content takes. */
  readonly perByte: number;
  /** A leaf of the tree of a subvolume; 0 where there are none. */
  readonly leaf: number;
}

/** The costs on a file system. */
export function costsOf({ kind, metadataCopies }: Pick<FileSystem, "kind" | "metadataCopies">): SpaceCosts {
  if (kind === "btrfs") return btrfsCosts(metadataCopies);
  if (kind === "fuse.juicefs") return juicefsCosts;
  return { ...blockCosts, inode: kind === "xfs" ? XFS_INODE : 0, sharesBlocks: !ALONE.includes(kind) };
}

/** Here no file shares blocks with another one. */
const ALONE = ["ext4", "tmpfs"];
/** With a little for the trees that find it. */
const XFS_INODE = 520;

const blockCosts: SpaceCosts = {
  sharesBlocks: true,
  wholeExtents: false,
  file: ({ blocks }, _name, extents) => Math.max(0, blocks * BLOCK - lengthOf(extents)),
  other: ({ blocks }) => blocks * BLOCK,
  name: () => 0,
  inode: 0,
  perByte: 1,
  leaf: 0,
};

/** What the service counts: everything in pieces of 4 KB. */
const JUICEFS_PIECE = 4096;

const juicefsCosts: SpaceCosts = {
  sharesBlocks: false,
  wholeExtents: false,
  file: ({ size }) => Math.max(1, Math.ceil(size / JUICEFS_PIECE)) * JUICEFS_PIECE,
  other: () => JUICEFS_PIECE,
  name: () => 0,
  inode: 0,
  perByte: 1,
  leaf: 0,
};

/** The sizes of btrfs items, each with its head of 25 bytes: what stands in its trees. */
const ITEM = { inode: 185, reference: 35, link: 10, name: 55, content: 46, extent: 78 + 78 };
const LEAF = 16 * 1024;
/** How full leaves are. */
const FULL = { inodes: 0.76, names: 0.93, checksums: 0.9 };
/** The checksum of a block is a part of it. */
const CHECKSUM = 4 / 4096;

function btrfsCosts(copies: number): SpaceCosts {
  const inode = (name: number) => ITEM.inode + ITEM.reference + name;
  return {
    sharesBlocks: true,
    wholeExtents: true,
    file({ blocks, size }, name, extents) {
      if (extents === undefined) return blocks * BLOCK + (inode(name) + ITEM.extent) / FULL.inodes * copies;
      const isInline = extents.length === 0 && blocks > 0;
      const content = isInline ? ITEM.content + size : extents.length * ITEM.extent;
      return (inode(name) + content) / FULL.inodes * copies;
    },
    other: ({ size, type }, name) =>
      (inode(name) + (type === SYMLINK ? ITEM.content + size : 0)) / FULL.inodes * copies,
    name: (name) => (2 * (ITEM.name + name) + ITEM.link + name) / FULL.names * copies,
    inode: 0,
    perByte: 1 + CHECKSUM / FULL.checksums * copies,
    leaf: LEAF * copies,
  };
}

function lengthOf(extents: readonly Extent[] | undefined): number {
  return extents?.reduce((sum, { length }) => sum + length, 0) ?? 0;
}
