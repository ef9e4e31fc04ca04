import type { OpenEntry } from "./open_entry.ts";
import type { Folder } from "./platform.ts";
import { Stat } from "./stat.ts";
import { isSystemError, unlessFailed } from "./system_error.ts";

/**
 * Sets owner and group of an entry (`.` for the folder itself). A user may not give a file away: then it gets the group alone,
 * if the user is in it, so that its members may go on reading what they could read. The refusal is thrown all the same.
 */
export function setOwner(folder: Folder, name: Uint8Array, uid: number, gid: number): void {
  setOrGroup(
    { setOwner: (uid, gid) => folder.setOwner(name, uid, gid), stat: (into) => folder.stat(name, into) },
    uid,
    gid,
  );
}

/** The same for an open entry. */
export function setOwnerOf(entry: OpenEntry, uid: number, gid: number): void {
  const stat = (into: Stat) => {
    entry.stat(into);
    return true;
  };
  setOrGroup({ setOwner: (uid, gid) => entry.setOwner(uid, gid), stat }, uid, gid);
}

interface Owned {
  setOwner(uid: number, gid: number): void;
  stat(into: Stat): boolean;
}

function setOrGroup(entry: Owned, uid: number, gid: number): void {
  try {
    entry.setOwner(uid, gid);
  } catch (error) {
    const stat = new Stat();
    if (isSystemError(error, "EPERM") && entry.stat(stat) && stat.gid !== gid) {
      unlessFailed(["EPERM"], () => entry.setOwner(stat.uid, gid));
    }
    throw error;
  }
}
