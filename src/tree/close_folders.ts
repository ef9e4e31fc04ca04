import { ITSELF } from "../model/bytes.ts";
import { DIR } from "../model/entry.ts";
import { isOpenToOthers } from "../platform/folder_rights.ts";
import type { Folder } from "../platform/platform.ts";
import { Stat } from "../platform/stat.ts";
import { TimeSlice } from "../platform/time_slice.ts";
import { isSystemError, unlessFailed } from "../platform/system_error.ts";
import { at } from "./columns.ts";
import { FolderList } from "./folder_list.ts";
import { OpenFolders } from "./open_folders.ts";
import { TreeTable } from "./table.ts";

const ALONE = 0o700;

/**
 * Lets nobody but the caller put anything into an open folder any more, also not through a descriptor that was opened before. Root makes it
 * its own first. Returns whether that is so now: a folder of another user stays as it is, because its owner could open it again.
 */
export function closeFolder(folder: Folder, caller: number): boolean {
  const { gid, mode, uid } = Stat.ofFolder(folder);
  if (uid === caller && !isOpenToOthers(mode)) return true;
  try {
    if (uid !== caller && caller === 0) folder.setOwner(ITSELF, caller, gid);
    folder.setMode(ITSELF, ALONE);
    return true;
  } catch (error) {
    if (!isSystemError(error, "EROFS", "EPERM")) throw error;
    return error.errno === "EROFS"; // a read-only subvolume: nobody can write there
  }
}

/** Closes every folder of a tree, each before it is listed, and gives all that there were. What cannot be entered is not among them. */
export async function closeFolders(root: Folder, caller: number, signal?: AbortSignal): Promise<FolderList> {
  const table = new TreeTable();
  table.addStat(0, new Uint8Array(), Stat.ofFolder(root));
  using folders = new OpenFolders(root, table);
  const closed = new FolderList();
  const [slice, stat] = [new TimeSlice(signal), new Stat()];
  for (let index = 0; index < table.count; index++) {
    const folder = openOwn(folders, table, index);
    if (folder === undefined) continue;
    closeFolder(folder, caller);
    closed.add(Stat.ofFolder(folder));
    const names = folder.list();
    for (let i = 0; i < names.count; i++) {
      if (slice.isOver()) await slice.yield();
      const name = names.name(i);
      if (folder.stat(name, stat) && stat.type === DIR) table.add(index, name, DIR);
    }
  }
  return closed;
}

/** Opens a folder, also one that its owner may not list. */
function openOwn(folders: OpenFolders, table: TreeTable, index: number): Folder | undefined {
  const open = () => unlessFailed(["EACCES", "ENOENT", "ENOTDIR", "ELOOP"], () => folders.get(index));
  const folder = open();
  if (folder !== undefined || index === 0) return folder;
  const parent = folders.get(at(table.parent, index));
  unlessFailed(["EPERM", "ENOENT", "EROFS"], () => parent.setMode(table.name(index), ALONE));
  return open();
}
