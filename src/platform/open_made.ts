import { bytesOf } from "../model/bytes.ts";
import { JvsError, unlessThrown } from "../model/errors.ts";
import { isOpenToOthers } from "./make_own.ts";
import { openPlatform } from "./open_platform.ts";
import type { Folder } from "./platform.ts";
import { Stat } from "./stat.ts";
import { isSystemError, unlessFailed } from "./system_error.ts";

const CLOSED = 0o600;

/**
 * Opens a folder that the caller has just made, closed to others. Who may rename in its parent can have put another one there:
 * `E_PERMISSION` for one that is not the caller's, that others may write, or that is not empty. Asked by its descriptor, by which all that
 * follows is done.
 */
export function openMade(parent: Folder, name: Uint8Array): Folder {
  using opened = new DisposableStack();
  const made = opened.use(parent.openFolder(name));
  if (!isAsMade(parent, Stat.ofFolder(made)) || made.list().count > 0) throw putByAnother(made);
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

function isAsMade(parent: Folder, { mode, uid }: Stat): boolean {
  if (uid === openPlatform().host.uid && !isOpenToOthers(mode)) return true;
  // Some file systems keep no modes, or give what is made another owner: a file made there tells.
  const tried = tryFile(parent);
  if (tried === undefined || uid !== tried.uid) return false;
  return (tried.mode & 0o777) !== CLOSED || !isOpenToOthers(mode);
}

/** What becomes of a new closed file, by its descriptor; undefined if none can be made. */
function tryFile(folder: Folder): Stat | undefined {
  const name = bytesOf(`probe-${crypto.randomUUID()}`);
  using file = unlessThrown(isSystemError, () => folder.openFile(name, "create", CLOSED));
  if (file === undefined) return undefined;
  unlessFailed(["ENOENT"], () => folder.removeFile(name));
  unlessThrown(isSystemError, () => file.setMode(CLOSED));
  return Stat.ofFile(file);
}
