import { bytesOf } from "../model/bytes.ts";
import { DIR, FILE } from "../model/entry.ts";
import { type Folder, Stat } from "../platform/platform.ts";
import { isSystemError } from "../platform/system_error.ts";

/** Why an entry is listed but never entered, changed or removed. SPEC 2. */
export type Boundary = "mount_point" | "nested_repository" | "nested_subvolume";

/** For degradations: a sentence for each kind of boundary. */
export const BOUNDARY_REASONS: Record<Boundary, string> = {
  mount_point: "It is a mount point: what is mounted there is not part of the worktree.",
  nested_repository: "It holds a repository of its own, which is not part of this one.",
  nested_subvolume: "It is a subvolume of its own, which is not part of this one.",
};

/** The folder that makes a folder a repository. */
export const CONTROL_FOLDER = bytesOf(".jvs");

const FORMAT_FILE = bytesOf("format_version");
/** The root of every btrfs subvolume has this inode. */
const SUBVOLUME_INODE = 256;

/** The boundary that an entry's stat shows, below a root on this device. */
export function boundaryOf(stat: Stat, rootMajor: number, rootMinor: number): Boundary | undefined {
  if (stat.mountRoot) return "mount_point";
  // On overlayfs even the files of one folder differ in their device; folders do not.
  if (stat.type !== DIR || (stat.devMajor === rootMajor && stat.devMinor === rootMinor)) return undefined;
  return stat.inoLo === SUBVOLUME_INODE && stat.inoHi === 0 ? "nested_subvolume" : "mount_point";
}

/** Whether a folder that has a `.jvs` is a repository; one that may not be looked into counts as none. */
export function holdsRepository(folder: Folder): boolean {
  const stat = new Stat();
  try {
    using control = folder.openFolder(CONTROL_FOLDER);
    return control.stat(FORMAT_FILE, stat) && stat.type === FILE;
  } catch (error) {
    if (isSystemError(error)) return false; // no folder, gone or refused: the scan meets that again by itself
    throw error;
  }
}
