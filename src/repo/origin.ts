import { bytesOf, textOf } from "../model/bytes.ts";
import { DIR } from "../model/entry.ts";
import { unlessThrown } from "../model/errors.ts";
import { isForOwnerAlone, isOpenToOthers } from "../platform/folder_rights.ts";
import { makeForCallerAlone } from "../platform/make_own.ts";
import type { Folder } from "../platform/platform.ts";
import { Stat } from "../platform/stat.ts";
import { isSystemError, unlessFailed } from "../platform/system_error.ts";

// What shows that JVS made a `.jvs` that only its owner may write. SPEC 2, docs/design/control-plane.md.

/** An empty folder in `.jvs` with the mark: it was closed to others ever since JVS made it. */
const ORIGIN = bytesOf("origin");
/** The name of root's folder among those of users. */
const ROOT = "0";
const [MAKERS, RUNTIME, USERS] = [bytesOf("makers"), bytesOf("runtime"), bytesOf("users")];

/**
 * Puts it into the caller's own closed `.jvs`; false for any other, and where the file system, or what surrounds the process, does not
 * allow the mark.
 */
export function makeOrigin(control: Folder, caller: number): boolean {
  const { mode, uid } = Stat.ofFolder(control);
  if (uid !== caller || isOpenToOthers(mode)) return false;
  // On a full disk it is a failure like any other: without the mark the repository would look like one that somebody made up.
  const isRefused = (error: unknown) => isSystemError(error) && error.code !== "E_NO_SPACE";
  return unlessThrown(isRefused, () => makeForCallerAlone(control, ORIGIN, caller, mode)) ?? false;
}

/** Takes it away where others may write: whoever closes `.jvs` later must not find that it was closed all the time. */
export function removeOrigin(control: Folder): void {
  unlessThrown(isSystemError, () => control.removeFolder(ORIGIN));
}

/** Whether a group shared this `.jvs`: then its owner alone does not answer for what is in it. */
export function hasMembers(control: Folder): boolean {
  using runtime = openIfFolder(control, RUNTIME);
  return isOfMembers(control, MAKERS) || runtime !== undefined && isOfMembers(runtime, USERS);
}

/** Whether the folder with a folder for each user was made for a group: in the repository of one user there is at most root's. */
function isOfMembers(parent: Folder, name: Uint8Array): boolean {
  if (!parent.stat(name, new Stat())) return false;
  using folder = openIfFolder(parent, name);
  if (folder === undefined || isOpenToOthers(Stat.ofFolder(folder).mode)) return true;
  const names = folder.list();
  return names.count !== 1 || textOf(names.name(0)) !== ROOT;
}

function openIfFolder(parent: Folder, name: Uint8Array): Folder | undefined {
  return unlessFailed(["ENOENT", "ENOTDIR", "ELOOP"], () => parent.openFolder(name));
}

/** Whether `.jvs` has what shows that JVS made it for this user. Nobody else can put that there, because it cannot be moved. */
export function hasOrigin(control: Folder, user: number): boolean {
  const stat = new Stat();
  return control.stat(ORIGIN, stat) && stat.type === DIR && stat.uid === user && isForOwnerAlone(stat);
}
