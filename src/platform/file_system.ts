/** A file system. Its id stays the same when it is mounted again, so it is never st_dev. */
export interface FileSystem {
  /** `xfs`, `btrfs`, `ext4`, `tmpfs`, `overlay`, `fuse.juicefs`, … ; `unknown` when the system does not say. */
  readonly kind: string;
  /** The UUID, the JuiceFS volume, or the btrfs UUID and subvolume; else `<kind>:<f_fsid>`, or `unknown`. */
  readonly id: string;
  readonly readOnly: boolean;
  readonly freeBytes: number;
  /** How many bytes of free space it takes to write one byte of metadata: 2 on btrfs where that writes all of it twice. */
  readonly metadataCopies: number;
  readonly freeInodes: number;
  /** The smallest difference, in nanoseconds, by which one time is surely later than another. */
  readonly granularityNs: number;
  /** Whether each change leaves a change time (ctime) that no program can set; true where the system does not know. */
  readonly changeTimes: boolean;
}

/** Whether an id of a file system is the same after it is mounted again; not where nothing tells one from another. */
export function outlivesMount(id: string): boolean {
  return !/:\d+:\d+:[0-9a-f-]{36}$/.test(id);
}

/** Whether two ids are of one file system, of which each btrfs subvolume has an id of its own (`btrfs:<UUID>:<subvolume>`). */
export function areOneFileSystem(a: string, b: string): boolean {
  const withoutSubvolume = (id: string) => id.replace(/^(btrfs:[^:]+):.*$/, "$1");
  return withoutSubvolume(a) === withoutSubvolume(b);
}

/** The inode of the root of each btrfs subvolume. Other folders may have it too. */
export const SUBVOLUME_INODE = 256;

/** The inode of the empty folder that a btrfs snapshot has in place of a subvolume. It can only be removed. */
export const PLACEHOLDER_INODE = 2;
