import { bytesOf } from "../model/bytes.ts";
import { DIR } from "../model/entry.ts";
import { makeOwnFile } from "../platform/make_own.ts";
import { Stat } from "../platform/stat.ts";
import { unlessFailed } from "../platform/system_error.ts";
import { TemporaryFile } from "../platform/temporary_file.ts";
import type { Layout } from "./layout.ts";

/** Holds the blocks. */
const BLOCKS = "blocks";
/** Enough for an intent, a tombstone, an audit record and the blocks of folders, several times over. */
const BYTES = 512 * 1024;
/** Empty files, each of which holds an inode: a disk may have blocks left and no inode, as ext4 gets all of them when it is made. */
const INODES = Array.from({ length: 32 }, (_, i) => `inode-${i + 1}`);

/**
 * Sets a little room aside: on a full disk a garbage collection gives it up, writes what it must, and frees much more. Nothing is
 * said where that fails, because the disk may be full, or this user may not write here.
 */
export function setRoomAside({ reserve }: Layout): void {
  try {
    if (isOneFile(reserve)) reserve.remove();
    reserve.ensure();
    const there = new Set(reserve.names());
    const missing = INODES.filter((name) => !there.has(name));
    if (there.has(BLOCKS) && missing.length === 0) return;
    using folder = reserve.open();
    for (const name of missing) makeOwnFile(folder, bytesOf(name))[Symbol.dispose]();
    if (there.has(BLOCKS)) return;
    using file = new TemporaryFile(folder, BLOCKS);
    file.write(new Uint8Array(BYTES).fill(0x2e)); // no zeros: they might be kept as a hole
    file.replace();
  } catch {
    // The next garbage collection tries again.
  }
}

/** Gives the room up. What cannot be removed, as its folder is another user's, gives none. */
export function giveRoomUp({ reserve }: Layout): void {
  if (isOneFile(reserve)) return void reserve.remove();
  if (!reserve.isThere()) return;
  using folder = reserve.open();
  for (const name of reserve.names()) unlessFailed(["ENOENT"], () => folder.removeFile(bytesOf(name)));
  folder.sync();
}

/** Repositories of earlier versions have the blocks alone, in a file of this name. */
function isOneFile(reserve: Layout["reserve"]): boolean {
  const stat = new Stat();
  return reserve.stat(stat) && stat.type !== DIR;
}
