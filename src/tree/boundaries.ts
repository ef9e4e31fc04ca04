import { unlessThrown } from "../model/errors.ts";
import { bytesOf } from "../model/bytes.ts";
import { DIR, FILE } from "../model/entry.ts";
import { type Folder } from "../platform/platform.ts";
import { PLACEHOLDER_INODE, SUBVOLUME_INODE } from "../platform/file_system.ts";
import { Stat } from "../platform/stat.ts";
import { isSystemError } from "../platform/system_error.ts";

/** The sentence for degradations, for each kind of boundary. */
export const BOUNDARY_REASONS = {
  mount_point: "It is a mount point, and its content is not part of the worktree.",
  nested_repository: "It holds another repository, which is not part of this one.",
  nested_subvolume: "It is a separate subvolume, which is not part of the worktree.",
} as const;

/** Why an entry is listed but never entered, changed or removed. SPEC 2. */
export type Boundary = keyof typeof BOUNDARY_REASONS;

/** The folder in the root of each repository. */
export const CONTROL_FOLDER = bytesOf(".jvs");

const FORMAT_FILE = bytesOf("format_version");

/** The boundary that the stat of an entry shows, in a tree whose root is on this device. */
export function boundaryOf(stat: Stat, rootMajor: number, rootMinor: number): Boundary | undefined {
  if (stat.mountRoot) return "mount_point";
  // On overlayfs, files of one folder can be on different devices; folders cannot.
  if (stat.type !== DIR || (stat.devMajor === rootMajor && stat.devMinor === rootMinor)) return undefined;
  return stat.inoLo === SUBVOLUME_INODE && stat.inoHi === 0 ? "nested_subvolume" : "mount_point";
}

/**
 * Whether an entry looks like the empty folder that a btrfs snapshot has in place of a subvolume. Where the kernel does not
 * tell mount points, one can look the same; then it cannot be removed as an empty folder.
 */
export function isPlaceholder(stat: Stat, rootMajor: number, rootMinor: number): boolean {
  return boundaryOf(stat, rootMajor, rootMinor) === "mount_point" && !stat.mountRoot &&
    stat.inoLo === PLACEHOLDER_INODE && stat.inoHi === 0;
}

/** Whether a folder with a `.jvs` is a repository. If the system refuses to open it, it does not count as one. */
export function holdsRepository(folder: Folder): boolean {
  const stat = new Stat();
  // It may be no folder, gone or refused: the scan meets the same error later.
  return unlessThrown(isSystemError, () => {
    using control = folder.openFolder(CONTROL_FOLDER);
    return control.stat(FORMAT_FILE, stat) && stat.type === FILE;
  }) ?? false;
}
