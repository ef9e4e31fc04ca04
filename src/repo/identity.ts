import type { Identity } from "../model/records.ts";
import { areOneFileSystem, outlivesMount } from "../platform/file_system.ts";

/**
 * Whether two identities are one folder. Where no id outlives the mount, inode numbers need not either (exFAT by FUSE makes
 * them up): then any folder there counts as the same, and the stat cache finds out by each entry.
 */
export function sameIdentity(a: Identity, b: Identity): boolean {
  const kindOf = ({ file_system: id }: Identity) => outlivesMount(id) ? undefined : id.split(":")[0];
  if (kindOf(a) !== undefined && kindOf(a) === kindOf(b)) return true;
  return (isUnknown(a, b) || a.file_system === b.file_system) && a.inode === b.inode;
}

/** Whether two identities may be of one file system: a folder may replace a subvolume. */
export function sameFileSystem(a: Identity, b: Identity): boolean {
  return isUnknown(a, b) || areOneFileSystem(a.file_system, b.file_system);
}

/** Without FFI the file system of a folder is unknown. */
function isUnknown(a: Identity, b: Identity): boolean {
  return [a.file_system, b.file_system].includes("unknown");
}
