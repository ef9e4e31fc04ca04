import { ITSELF } from "../model/bytes.ts";
import {
  type FolderRights,
  isForOwnerAlone,
  isOpenToOthers,
  isShared,
  MADE_BY_JVS,
  OPEN_TO_GROUP,
  OTHERS_MAY_WRITE,
} from "./folder_rights.ts";
import { isNew, mayOthersWrite } from "./open_made.ts";
import { openPlatform } from "./open_platform.ts";
import type { Folder, OpenFile } from "./platform.ts";
import { Stat } from "./stat.ts";
import { SystemError, unlessFailed } from "./system_error.ts";

const OTHERS_MAY_READ = 0o044;
const GROUP_MAY_READ = 0o040;
const GROUP_MAY_WRITE = 0o060;
const ALONE = 0o700;
const CLOSED = 0o600;
/** The rights of a shared folder that one for a single user has too. */
const READERS = 0o2055;
type Owned = Pick<Stat, "uid" | "gid" | "mode" | "marked">;

/**
 * Makes a file of JVS, empty and open. Its mode follows the umask, but others may not write it where they may not write the folder:
 * somebody may open that for readers later. In a folder that is shared with a group, the group may
 * read the file, and only its owner may write it. Other members replace such a file. In a folder for its owner alone, those
 * who may read the folder may read the file. `inPlace` is for the few files that all members write into. The umask of the
 * process stays as it is. SPEC 2.
 */
export function makeOwnFile(folder: Folder, name: Uint8Array, inPlace = false): OpenFile {
  const like = Stat.ofFolder(folder);
  const followsFolder = isShared(like.mode) || isForOwnerAlone(like);
  // Closed at first: who could open it for writing before its mode is set could write into it ever after.
  const file = folder.openFile(
    name,
    "create",
    followsFolder ? CLOSED : isOpenToOthers(like.mode) ? 0o666 : 0o644,
  );
  try {
    const owner = ownerInstead(like);
    if (owner !== undefined) file.setOwner(owner.uid, owner.gid);
    if (!followsFolder) return file;
    const made = Stat.ofFile(file).mode;
    const readers = isShared(like.mode) ? GROUP_MAY_READ : like.mode & OTHERS_MAY_READ;
    const mode = inPlace ? made | GROUP_MAY_WRITE : (made & ~OTHERS_MAY_WRITE) | readers;
    if (mode !== made) file.setMode(mode);
    return file;
  } catch (error) {
    file[Symbol.dispose]();
    throw error;
  }
}

/**
 * Makes a folder of JVS by the same rule; EEXIST when the name is taken. `like` has the rights that it follows, by default those
 * of the folder it is in. `make` makes it, by default as a plain folder.
 */
export function makeOwnFolder(
  folder: Folder,
  name: Uint8Array,
  like: FolderRights = Stat.ofFolder(folder),
  // In one user's own folder closed at first, as in `makeOwnFile`.
  make: (folder: Folder, name: Uint8Array) => void = (folder, name) =>
    folder.makeFolder(name, isForOwnerAlone(like) ? ALONE : undefined),
): void {
  make(folder, name);
  using made = folder.openFolder(name);
  requireNew(made, folder);
  giveToOwner(made, folder);
  const { mode } = Stat.ofFolder(made);
  if (isForOwnerAlone(like)) made.setMode(ITSELF, MADE_BY_JVS | like.mode);
  else if (isShared(like.mode) && !isShared(mode)) made.setMode(ITSELF, mode | OPEN_TO_GROUP);
  else if (!isOpenToOthers(like.mode) && isOpenToOthers(mode)) made.setMode(ITSELF, mode & ~OTHERS_MAY_WRITE);
}

/** Who may write in a folder can give the name of a new one to another: one that is not the caller's, or not empty, was there before. */
function requireNew(made: Folder, folder: Folder): void {
  if (mayOthersWrite(folder) && !isNew(made, folder)) throw new SystemError("create", made.path, "EEXIST");
}

/**
 * What root makes in a folder that only one user may write belongs to that user, who could not use it otherwise. To whom it
 * belongs instead of root; nothing if it is not so. A marked folder says who wrote what is in it. Without the C library that is
 * done by the path, where the user could have put a link.
 */
function ownerInstead({ uid, gid, mode, marked }: Owned): Pick<Stat, "uid" | "gid"> | undefined {
  if (uid === 0 || marked || isOpenToOthers(mode)) return undefined;
  const { abilities, host } = openPlatform();
  return host.uid === 0 && abilities.byteNames ? { uid, gid } : undefined;
}

/** Gives a folder that root has just made, and that is empty, to the user in whose folder it is. */
export function giveToOwner(made: Folder, folder: Folder): void {
  const owner = ownerInstead(Stat.ofFolder(folder));
  // That user may have put another folder there, which root does not give away.
  if (owner === undefined || Stat.ofFolder(made).uid !== 0 || made.list().count > 0) return;
  made.setOwner(ITSELF, owner.uid, owner.gid);
}

/**
 * Makes a folder that only the caller may write, if it is missing; those may read it who may use a folder of the mode `like`.
 * False if there is something else, which is not changed: a folder that has content and was not made here could have been
 * moved there by a user who once could write into it.
 */
export function makeForCallerAlone(folder: Folder, name: Uint8Array, caller: number, like: number): boolean {
  unlessFailed(["EEXIST"], () => folder.makeFolder(name, ALONE)); // in no mode in which others could move it
  using made = folder.openFolder(name);
  const found = Stat.ofFolder(made);
  if (found.uid !== caller || isOpenToOthers(found.mode)) return false;
  if (isForOwnerAlone(found)) return true;
  if (made.list().count > 0) return false;
  made.setMode(ITSELF, MADE_BY_JVS | ALONE | (like & READERS));
  made.sync();
  folder.sync();
  return isForOwnerAlone(Stat.ofFolder(made));
}
