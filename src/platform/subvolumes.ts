import type { Folder } from "./platform.ts";

/**
 * The subvolumes of btrfs: folders that are trees of their own, and can be cloned and removed by one call. Only an engine
 * needs them, so they are no part of `Platform`. A call that fails throws a `SystemError`.
 */
export interface Subvolumes {
  /** Whether an open folder is the root of a subvolume. */
  isRoot(folder: Folder): boolean;
  /** Makes an empty subvolume, with the mode of a new folder. EEXIST when the name exists. */
  make(folder: Folder, name: Uint8Array): void;
  /**
   * Makes a subvolume with the content of `source`, the root of another; EPERM if that belongs to another user. Atomic, and
   * durable when it returns. A subvolume inside comes out as an empty folder with the inode `PLACEHOLDER_INODE`, and a
   * folder where something is mounted as what is below that mount.
   */
  snapshot(source: Folder, folder: Folder, name: Uint8Array, how: { readonly readOnly: boolean }): void;
  /** Makes the tree of a subvolume, given by its open root, read-only or writable again. */
  setReadOnly(root: Folder, isReadOnly: boolean): void;
  /**
   * Removes a subvolume with its content: EPERM if the user may not, EROFS if it is read-only (but for root), ENOTEMPTY if
   * it holds another. What is mounted in it is unmounted, so ask `Platform.hasMountsBelow` first.
   */
  remove(folder: Folder, name: Uint8Array): void;
  /** What a subvolume, given by its open root, is and how often the file system has written it. Undefined if the kernel does not say. */
  state(root: Folder): SubvolumeState | undefined;
  /**
   * The inodes of a subvolume, given by its open root, that changed after a generation: each that has another stat, content or
   * attributes, and each folder that has other names. A removed inode is not in it. What programs wrote is in it only after
   * `Platform.syncFileSystem`. Undefined if more than `most` changed, or if the kernel does not say (only to root).
   */
  changedSince(root: Folder, generation: number, most: number): ReadonlySet<number> | undefined;
  /** How many bytes of files on the file system of a folder wait in memory to be written. Undefined if the kernel does not say. */
  waitingBytes(folder: Folder): number | undefined;
}

/** What a subvolume is, and how far its changes are on the disk. */
export interface SubvolumeState {
  /** No other subvolume has it, also no snapshot or copy of this one. */
  readonly uuid: string;
  /** The number of the transaction that wrote it last. */
  readonly generation: number;
}
