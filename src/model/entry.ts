import { equalBytes } from "./bytes.ts";

/** The types of entries. Columns and manifests hold an index into this list. SPEC 4. */
export const ENTRY_TYPES = ["file", "dir", "symlink", "fifo", "socket", "char", "block"] as const;

/** The name of an entry's type. */
export type EntryType = typeof ENTRY_TYPES[number];

/** Type numbers, as columns hold them. */
export const FILE = 0;
export const DIR = 1;
export const SYMLINK = 2;
export const FIFO = 3;
export const SOCKET = 4;
export const CHAR = 5;
export const BLOCK = 6;

/** The name for a type number. */
export function entryTypeName(type: number): EntryType {
  return ENTRY_TYPES[type] ?? "file";
}

/** One extended attribute; ACLs and capabilities are attributes too. */
export interface Xattr {
  /** Encoded by `encodePath`: names are bytes, and each has a different text. */
  readonly name: string;
  readonly value: Uint8Array;
}

/** The aspects that a payload may fail to hold, as bits of the `lost` column. SPEC 4. */
export const LOST = { owner: 1, xattr: 2, acl: 4, hardlink: 8, mode: 16, type: 32, times: 64 } as const;

/** The name of an aspect that can be lost. */
export type LostAspect = keyof typeof LOST;

/** Aspects named by the bits of a `lost` column. */
export function lostAspects(bits: number): LostAspect[] {
  return (Object.keys(LOST) as LostAspect[]).filter((aspect) => (bits & LOST[aspect]) !== 0);
}

/** The kinds of what could not be kept. SPEC 5. */
export const DEGRADATION_KINDS = [
  ...Object.keys(LOST) as LostAspect[],
  "holes",
  "inode_flags",
  "unreadable",
  "mount_point",
  "nested_repository",
  "nested_subvolume",
  "changed_during_capture",
] as const;

/** The kind of a degradation. */
export type DegradationKind = typeof DEGRADATION_KINDS[number];

/** Whether two lists of attributes are the same. Both are sorted by name, as the platform returns them. */
export function sameXattrs(a: readonly Xattr[], b: readonly Xattr[]): boolean {
  if (a === b) return true;
  return a.length === b.length && a.every((xattr, i) => {
    const other = b[i] as Xattr;
    return xattr.name === other.name && equalBytes(xattr.value, other.value);
  });
}

/** The bits of a mode that could give rights of its owner or group away. Set-gid of a folder only says whose group its files get. */
export function setIdsOf(type: number): number {
  return type === DIR ? 0 : 0o6000;
}

/** A mode without these bits. */
export function withoutSetIds(type: number, mode: number): number {
  return mode & ~setIdsOf(type);
}
