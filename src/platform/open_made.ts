import { JvsError } from "../model/errors.ts";
import { isOpenToOthers } from "./folder_rights.ts";
import { isClosed, triedFile } from "./kept_modes.ts";
import { openPlatform } from "./open_platform.ts";
import type { Folder } from "./platform.ts";
import { Stat } from "./stat.ts";

/**
 * Opens a folder that the caller has just made, closed to others. Who may rename in its parent can have put another one there:
 * `E_PERMISSION` for one that is not new, or that others may write. Asked by its descriptor, by which all that follows is done.
 */
export function openMade(parent: Folder, name: Uint8Array): Folder {
  using opened = new DisposableStack();
  const made = opened.use(parent.openFolder(name));
  if (!isNew(made, parent) || isOpen(made, parent)) throw putByAnother(made);
  opened.move();
  return made;
}

/** The error for a folder with a name of ours that the caller did not make. */
export function putByAnother(folder: Folder): JvsError {
  const { uid } = Stat.ofFolder(folder);
  return new JvsError("E_PERMISSION", `Cannot use "${folder.path}": another user put it there`, {
    hint: "Ask its owner what it is; JVS did not make it for you. Nothing was changed.",
    details: { path: folder.path, owner: uid },
  });
}

/** Whether others than the caller may give names to what is in a folder: its owner too, if that is another. */
export function mayOthersWrite(folder: Folder): boolean {
  const { mode, uid } = Stat.ofFolder(folder);
  return isOpenToOthers(mode) || uid !== openPlatform().host.uid;
}

/** Whether a folder can be one that the caller has just made: it is empty, and belongs to whom a new file of the caller belongs. */
export function isNew(made: Folder, parent: Folder): boolean {
  const { uid } = Stat.ofFolder(made);
  if (made.list().count > 0) return false;
  return uid === openPlatform().host.uid || uid === tried(parent)?.uid;
}

/** Whether others may write in it, although it was made closed. Some file systems keep no modes: a file made there tells. */
function isOpen(made: Folder, parent: Folder): boolean {
  if (!isOpenToOthers(Stat.ofFolder(made).mode)) return false;
  const file = tried(parent);
  return file === undefined || isClosed(file);
}

function tried(folder: Folder): Stat | undefined {
  using file = triedFile(folder);
  return file === undefined ? undefined : Stat.ofFile(file);
}
