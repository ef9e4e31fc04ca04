import { ITSELF } from "../model/bytes.ts";
import { DIR } from "../model/entry.ts";
import type { Folder } from "../platform/platform.ts";
import { birthText, inodeText, Stat, tellsBirth } from "../platform/stat.ts";
import { unlessFailed } from "../platform/system_error.ts";
import { TimeSlice } from "../platform/time_slice.ts";
import { at } from "./columns.ts";
import { OpenFolders } from "./open_folders.ts";
import type { TreeTable } from "./table.ts";

const LINE = /^([0-9]+) ([0-9]+) (-?[0-9]+\.[0-9]+|-)$/;

/**
 * Folders that may be deleted. The number of an inode says which folder it is only as long as that is there: who removes one of them gives
 * its number to whatever somebody makes next. So the birth time is noted too, which nobody can set; where there is none, its owner tells.
 */
export class FolderList {
  /** By the inode: the owner, and the birth time or `-`. */
  readonly #known = new Map<string, string>();

  /** Those of a text that `toString` gave. Earlier versions wrote numbers alone: those prove nothing. */
  static from(text: string): FolderList {
    const list = new FolderList();
    for (const line of text.split("\n")) {
      const [, inode, owner, born] = LINE.exec(line) ?? [];
      if (inode !== undefined) list.#known.set(inode, `${owner} ${born}`);
    }
    return list;
  }

  add(stat: Stat): void {
    this.#known.set(inodeText(stat.inoHi, stat.inoLo), `${stat.uid} ${birthText(stat)}`);
  }

  /**
   * Whether a folder is one of them. Where its birth time is the one that was noted it is, whoever owns it: root makes it its own to close it,
   * and comes back to it after a kill.
   */
  has(stat: Stat): boolean {
    const [owner, born] = this.#known.get(inodeText(stat.inoHi, stat.inoLo))?.split(" ") ?? [];
    return born === birthText(stat) && (tellsBirth(stat) || owner === String(stat.uid));
  }

  toString(): string {
    return [...this.#known].map(([inode, known]) => `${inode} ${known}`).join("\n");
  }
}

/** Tells a folder from all others that were or will be, as far as the file system does. */
export function folderMark(stat: Stat): string {
  return `${inodeText(stat.inoHi, stat.inoLo)} ${stat.uid} ${birthText(stat)}`;
}

/** Notes the folders of a tree that was looked at, those that are still in their places: no table has birth times. */
export async function listFolders(root: Folder, seen: TreeTable, signal?: AbortSignal): Promise<FolderList> {
  const list = new FolderList();
  using folders = new OpenFolders(root, seen);
  const [slice, stat] = [new TimeSlice(signal), new Stat()];
  const look = (index: number) =>
    index === 0 ? root.stat(ITSELF, stat) : folders.get(at(seen.parent, index)).stat(seen.name(index), stat);
  for (let i = 0; i < seen.count; i++) {
    if (seen.type[i] !== DIR) continue;
    if (slice.isOver()) await slice.yield();
    const isThere = unlessFailed(["EACCES", "ENOENT", "ENOTDIR", "ELOOP"], () => look(i)) ?? false;
    if (isThere && wasSeen(seen, i, stat)) list.add(stat);
  }
  return list;
}

/** Whether a folder is the one that was seen: not one that got its number since. That was made after the other was last changed. */
function wasSeen(seen: TreeTable, index: number, stat: Stat): boolean {
  if (stat.type !== DIR || stat.uid !== seen.uid[index]) return false;
  if (stat.inoLo !== seen.inoLo[index] || stat.inoHi !== seen.inoHi[index]) return false;
  const [sec, nsec] = [at(seen.ctimeSec, index), at(seen.ctimeNsec, index)];
  if (stat.ctimeSec === sec && stat.ctimeNsec === nsec) return true;
  return stat.bornSec < sec || stat.bornSec === sec && stat.bornNsec <= nsec;
}
