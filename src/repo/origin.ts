import { bytesOf } from "../model/bytes.ts";
import { DIR } from "../model/entry.ts";
import { unlessThrown } from "../model/errors.ts";
import { isForOwnerAlone, isOpenToOthers, makeForCallerAlone } from "../platform/make_own.ts";
import type { Folder } from "../platform/platform.ts";
import { Stat } from "../platform/stat.ts";
import { isSystemError, unlessFailed } from "../platform/system_error.ts";

// What shows that JVS made a `.jvs` that only its owner may write. SPEC 2, docs/design/control-plane.md.

/** An empty folder in `.jvs` with the mark: it was closed to others ever since JVS made it. */
const ORIGIN = bytesOf("origin");
const [MAKERS, RUNTIME, USERS] = [bytesOf("makers"), bytesOf("runtime"), bytesOf("users")];

/**
 * Puts it into the caller's own closed `.jvs`; false for any other, and where the file system, or what surrounds the process, does not
 * allow the mark.
 */
export function makeOrigin(control: Folder, caller: number): boolean {
  const { mode, uid } = Stat.ofFolder(control);
  if (uid !== caller || isOpenToOthers(mode)) return false;
  return unlessThrown(isSystemError, () => makeForCallerAlone(control, ORIGIN, caller, mode)) ?? false;
}

/** Takes it away where others may write: whoever closes `.jvs` later must not find that it was closed all the time. */
export function removeOrigin(control: Folder): void {
  unlessThrown(isSystemError, () => control.removeFolder(ORIGIN));
}

/** Whether a group shared this `.jvs`: then its owner alone does not answer for what is in it. */
export function hasMembers(control: Folder): boolean {
  const stat = new Stat();
  if (control.stat(MAKERS, stat)) return true;
  using runtime = unlessFailed(["ENOENT", "ENOTDIR", "ELOOP"], () => control.openFolder(RUNTIME));
  return runtime?.stat(USERS, stat) ?? false;
}

/** Whether `.jvs` has what shows that JVS made it for this user. Nobody else can put that there, because it cannot be moved. */
export function hasOrigin(control: Folder, user: number): boolean {
  const stat = new Stat();
  return control.stat(ORIGIN, stat) && stat.type === DIR && stat.uid === user && isForOwnerAlone(stat);
}
