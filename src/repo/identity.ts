import type { Identity } from "../model/records.ts";

const UNKNOWN = "unknown";

/** Whether two identities are one folder. */
export function sameIdentity(a: Identity, b: Identity): boolean {
  return sameFileSystem(a, b) && a.inode === b.inode;
}

/** Whether two identities may be of one file system; without FFI it is not known which one a folder lies on. */
export function sameFileSystem(a: Identity, b: Identity): boolean {
  return [a.file_system, b.file_system].includes(UNKNOWN) || a.file_system === b.file_system;
}
