import { TemporaryFile } from "../platform/temporary_file.ts";
import type { Layout } from "./layout.ts";

/** Enough for an intent, a tombstone, an audit record and the blocks of folders, several times over. */
const BYTES = 512 * 1024;

/**
 * Sets a little room aside: on a full disk a garbage collection gives it up, writes what it must, and frees much more. Nothing is
 * said where that fails, because the disk may be full, or this user may not write here.
 */
export function setRoomAside({ reserve }: Layout): void {
  try {
    if (reserve.isThere()) return;
    using folder = reserve.parent.open();
    using file = new TemporaryFile(folder, reserve.name);
    file.write(new Uint8Array(BYTES).fill(0x2e)); // no zeros: they might be kept as a hole
    file.replace();
  } catch {
    // The next garbage collection tries again.
  }
}

/** Gives the room up; false if there was none. */
export function giveRoomUp({ reserve }: Layout): boolean {
  return reserve.remove();
}
