import { ITSELF } from "../model/bytes.ts";
import { subvolumesOf } from "./open_subvolumes.ts";
import type { Folder, Platform } from "./platform.ts";
import { Stat } from "./stat.ts";
import { isSystemError } from "./system_error.ts";

const OWNER_MAY_WRITE = 0o200;

/** A folder and the name of an entry in it. */
export interface NamedIn {
  readonly folder: Folder;
  readonly name: Uint8Array;
}

/**
 * Moves a folder to a new name in another folder and leaves it as it is: to move it its owner must be able to write in it, and a
 * subvolume must not be read-only.
 */
export function moveFolder(platform: Platform, from: NamedIn, to: NamedIn): void {
  using root = from.folder.openFolder(from.name);
  const move = () => from.folder.rename(from.name, to.folder, to.name, "fresh");
  try {
    whileWritable(root, move);
  } catch (error) {
    const subvolumes = subvolumesOf(platform);
    if (subvolumes === undefined || !isSystemError(error, "EROFS") || !subvolumes.isRoot(root)) throw error;
    subvolumes.setReadOnly(root, false);
    try {
      whileWritable(root, move);
    } finally {
      subvolumes.setReadOnly(root, true);
    }
  }
}

function whileWritable(folder: Folder, act: () => void): void {
  const { mode } = Stat.ofFolder(folder);
  if ((mode & OWNER_MAY_WRITE) !== 0) return act();
  folder.setMode(ITSELF, mode | OWNER_MAY_WRITE);
  try {
    act();
  } finally {
    folder.setMode(ITSELF, mode);
  }
}
