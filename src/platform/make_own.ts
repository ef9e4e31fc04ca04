import { ITSELF } from "../model/bytes.ts";
import { type Folder, type OpenFile, Stat } from "./platform.ts";
import { unlessFailed } from "./system_error.ts";

const OPEN_TO_GROUP = 0o2070;
const OTHERS_MAY_WRITE = 0o022;
const OTHERS_MAY_READ = 0o044;
const GROUP_MAY_READ = 0o040;
const GROUP_MAY_WRITE = 0o060;
const ALONE = 0o700;
const CLOSED = 0o600;
/** The rights of a shared folder that one for a single user has too. */
const READERS = 0o2055;
/** Set-uid means nothing for a folder. No snapshot and no fork of another member's gives it to one (docs/design/control-plane.md). */
const MADE_BY_JVS = 0o4000;

/** Whether the mode of a folder says that it is shared with its group on purpose. SPEC 2. */
export function isShared(mode: number): boolean {
  return (mode & OPEN_TO_GROUP) === OPEN_TO_GROUP;
}

/** Whether users other than its owner may write into a folder of this mode. Where it has an access list, the mode says so too. */
export function isOpenToOthers(mode: number): boolean {
  return (mode & OTHERS_MAY_WRITE) !== 0;
}

/** Whether the mode of a folder says that JVS made it for its owner alone to write. */
export function isForOwnerAlone(mode: number): boolean {
  return (mode & MADE_BY_JVS) !== 0 && !isOpenToOthers(mode);
}

/**
 * Makes a file of JVS, empty and open. Its mode follows the umask. But in a folder that is shared with a group, the group may
 * read the file, and only its owner may write it. Other members replace such a file. In a folder for its owner alone, those
 * who may read the folder may read the file. `inPlace` is for the few files that all members write into. The umask of the
 * process stays as it is. SPEC 2.
 */
export function makeOwnFile(folder: Folder, name: Uint8Array, inPlace = false): OpenFile {
  const like = modeOf(folder);
  const followsFolder = isShared(like) || isForOwnerAlone(like);
  // Closed at first: who could open it for writing before its mode is set could write into it ever after.
  const file = folder.openFile(name, "create", followsFolder ? CLOSED : 0o666);
  try {
    if (!followsFolder) return file;
    const made = Stat.ofFile(file).mode;
    const readers = isShared(like) ? GROUP_MAY_READ : like & OTHERS_MAY_READ;
    const mode = inPlace ? made | GROUP_MAY_WRITE : (made & ~OTHERS_MAY_WRITE) | readers;
    if (mode !== made) file.setMode(mode);
    return file;
  } catch (error) {
    file[Symbol.dispose]();
    throw error;
  }
}

/**
 * Makes a folder of JVS by the same rule; EEXIST when the name is taken. `like` is the mode that it follows, by default that
 * of the folder it is in. `make` makes it, by default as a plain folder.
 */
export function makeOwnFolder(
  folder: Folder,
  name: Uint8Array,
  like = modeOf(folder),
  // In one user's own folder closed at first, as in `makeOwnFile`.
  make: (folder: Folder, name: Uint8Array) => void = (folder, name) =>
    folder.makeFolder(name, isForOwnerAlone(like) ? ALONE : undefined),
): void {
  make(folder, name);
  if (!isShared(like) && !isForOwnerAlone(like)) return;
  using made = folder.openFolder(name);
  const now = modeOf(made);
  const mode = isShared(like) ? now | OPEN_TO_GROUP : like;
  if (now !== mode) made.setMode(ITSELF, mode);
}

/**
 * Makes a folder that only the caller may write, if it is missing; those may read it who may use a folder of the mode `like`.
 * False if there is something else, which is not changed: a folder that has content and was not made here could have been
 * moved there by a user who once could write into it.
 */
export function makeForCallerAlone(folder: Folder, name: Uint8Array, caller: number, like: number): boolean {
  unlessFailed(["EEXIST"], () => folder.makeFolder(name, ALONE)); // in no mode in which others could move it
  using made = folder.openFolder(name);
  const { uid, mode } = Stat.ofFolder(made);
  if (uid !== caller || isOpenToOthers(mode)) return false;
  if (isForOwnerAlone(mode)) return true;
  if (made.list().count > 0) return false;
  made.setMode(ITSELF, MADE_BY_JVS | ALONE | (like & READERS));
  made.sync();
  folder.sync();
  return isForOwnerAlone(modeOf(made));
}

function modeOf(folder: Folder): number {
  return Stat.ofFolder(folder).mode;
}
