import { ITSELF } from "../model/bytes.ts";
import { type Folder, type OpenFile, Stat } from "./platform.ts";

const OPEN_TO_GROUP = 0o2070;
const OTHERS_MAY_WRITE = 0o022;
const GROUP_MAY_READ = 0o040;
const GROUP_MAY_WRITE = 0o060;

/** Whether the mode of a folder says that it is shared with its group on purpose. SPEC 2. */
export function isShared(mode: number): boolean {
  return (mode & OPEN_TO_GROUP) === OPEN_TO_GROUP;
}

/**
 * Makes a file of JVS, empty and open. Its mode follows the umask. In a folder that is shared with a group, the group may
 * read the file, and only its owner may write it: so its owner is the user who wrote it. Other members replace such a
 * file. `inPlace` is for the few files that all members write into. The umask of the process stays as it is. SPEC 2.
 */
export function makeOwnFile(folder: Folder, name: Uint8Array, inPlace = false): OpenFile {
  const file = folder.openFile(name, "create", 0o666);
  try {
    if (!isShared(modeOf(folder))) return file;
    const made = Stat.ofFile(file).mode;
    const mode = inPlace ? made | GROUP_MAY_WRITE : (made & ~OTHERS_MAY_WRITE) | GROUP_MAY_READ;
    if (mode !== made) file.setMode(mode);
    return file;
  } catch (error) {
    file[Symbol.dispose]();
    throw error;
  }
}

/** Makes a folder of JVS by the same rule; EEXIST when the name is taken. `make` makes it, by default as a plain folder. */
export function makeOwnFolder(
  folder: Folder,
  name: Uint8Array,
  shared = isShared(modeOf(folder)),
  make: (folder: Folder, name: Uint8Array) => void = (folder, name) => folder.makeFolder(name),
): void {
  make(folder, name);
  if (!shared) return;
  using made = folder.openFolder(name);
  const mode = modeOf(made);
  if (!isShared(mode)) made.setMode(ITSELF, mode | OPEN_TO_GROUP);
}

function modeOf(folder: Folder): number {
  return Stat.ofFolder(folder).mode;
}
