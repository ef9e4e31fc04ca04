import { type Folder, Stat } from "../../platform/platform.ts";

/** The inode of what has this name, as the journal has it; null where nothing has. */
export function inodeAt(folder: Folder, name: Uint8Array): string | null {
  const stat = new Stat();
  return folder.stat(name, stat) ? `${stat.inoHi}:${stat.inoLo}` : null;
}
