import { bytesOf, ITSELF } from "../model/bytes.ts";
import { unlessThrown } from "../model/errors.ts";
import type { Folder, OpenFile } from "./platform.ts";
import { Stat } from "./stat.ts";
import { isSystemError, unlessFailed } from "./system_error.ts";

const PROBE = "probe-";
const OPEN_TO_GROUP = 0o2070;
const OTHERS_MAY_WRITE = 0o022;
const OTHERS_MAY_READ = 0o044;
const GROUP_MAY_READ = 0o040;
const GROUP_MAY_WRITE = 0o060;
const ALONE = 0o700;
const CLOSED = 0o600;
/** The rights of a shared folder that one for a single user has too. */
const READERS = 0o2055;
/** Set-uid means nothing for a folder, and no copy that JVS makes of one has it: `Stat.marked` (docs/design/control-plane.md). */
const MADE_BY_JVS = 0o4000;
/** What the folder `.jvs` has besides: what is made in it does not follow its mode. */
const STICKY = 0o1000;

/** What tells whose a folder is. */
export type FolderRights = Pick<Stat, "mode" | "marked">;

/** Whether the mode of a folder says that it is shared with its group on purpose. SPEC 2. */
export function isShared(mode: number): boolean {
  return (mode & OPEN_TO_GROUP) === OPEN_TO_GROUP;
}

/** Whether users other than its owner may write into a folder of this mode. Where it has an access list, the mode says so too. */
export function isOpenToOthers(mode: number): boolean {
  return (mode & OTHERS_MAY_WRITE) !== 0;
}

/** Whether the rights of a folder say that JVS made it for its owner alone to write, empty. */
export function isForOwnerAlone({ marked, mode }: FolderRights): boolean {
  return marked && !isOpenToOthers(mode);
}

/** Whether what is made in a folder of one user's own, which is not `.jvs` itself, is that user's own too. */
function passesOn(folder: FolderRights): boolean {
  return isForOwnerAlone(folder) && (folder.mode & STICKY) === 0;
}

/**
 * Makes a file of JVS, empty and open. Its mode follows the umask. But in a folder that is shared with a group, the group may
 * read the file, and only its owner may write it. Other members replace such a file. In a folder for its owner alone, those
 * who may read the folder may read the file. `inPlace` is for the few files that all members write into. The umask of the
 * process stays as it is. SPEC 2.
 */
export function makeOwnFile(folder: Folder, name: Uint8Array, inPlace = false): OpenFile {
  const like = Stat.ofFolder(folder);
  const followsFolder = isShared(like.mode) || passesOn(like);
  // Closed at first: who could open it for writing before its mode is set could write into it ever after.
  const file = folder.openFile(name, "create", followsFolder ? CLOSED : 0o666);
  try {
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
    folder.makeFolder(name, passesOn(like) ? ALONE : undefined),
): void {
  make(folder, name);
  if (!isShared(like.mode) && !passesOn(like)) return;
  using made = folder.openFolder(name);
  const { mode } = Stat.ofFolder(made);
  if (passesOn(like)) made.setMode(ITSELF, MADE_BY_JVS | like.mode);
  else if (!isShared(mode)) made.setMode(ITSELF, mode | OPEN_TO_GROUP);
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

/** Makes the folder `.jvs` for the caller alone, empty; EEXIST when there is one. */
export function makeControl(root: Folder, name: Uint8Array): void {
  root.makeFolder(name, ALONE);
  using made = root.openFolder(name);
  markControl(made);
}

/** Gives `.jvs` the mark, where the file system and the surroundings of the process allow it: see `keepsMarks`. */
export function markControl(control: Folder): void {
  const { mode } = Stat.ofFolder(control);
  unlessFailed(
    ["EPERM", "ENOTSUP", "EOPNOTSUPP", "EINVAL"],
    () => control.setMode(ITSELF, MADE_BY_JVS | STICKY | mode),
  );
}

/** Whether what is made in a folder has the mode that it is made with, and can have the mark. */
export interface KeptModes {
  readonly modes: boolean;
  readonly marks: boolean;
}

/**
 * Asks the file system by a file, through its descriptor, so that no other user can answer. Where none can be made that is not
 * known, and it is better to believe less.
 */
export function keptModes(folder: Folder): KeptModes {
  const name = bytesOf(`${PROBE}${crypto.randomUUID()}`);
  using file = unlessThrown(isSystemError, () => folder.openFile(name, "create", CLOSED));
  if (file === undefined) return { modes: true, marks: true };
  unlessFailed(["ENOENT"], () => folder.removeFile(name));
  if ((Stat.ofFile(file).mode & 0o777) !== CLOSED) return { modes: false, marks: false };
  unlessThrown(isSystemError, () => file.setMode(MADE_BY_JVS | CLOSED));
  return { modes: true, marks: (Stat.ofFile(file).mode & MADE_BY_JVS) !== 0 };
}
