import { DIR } from "../model/entry.ts";
import type { Folder } from "./platform.ts";
import { Stat } from "./stat.ts";
import { unlessFailed } from "./system_error.ts";

const OWNER_MAY_WRITE = 0o200;

/** Makes a folder in a folder writable for its owner, if there is one: only then it can move to another folder. */
export function makeWritable(folder: Folder, name: Uint8Array): void {
  const stat = new Stat();
  if (!folder.stat(name, stat) || stat.type !== DIR || (stat.mode & OWNER_MAY_WRITE) !== 0) return;
  // EPERM: it is another user's; EROFS: a read-only subvolume. Then the move says so.
  unlessFailed(["ENOENT", "EPERM", "EROFS"], () => folder.setMode(name, stat.mode | OWNER_MAY_WRITE));
}
