import { ITSELF } from "../model/bytes.ts";
import { type Folder, type OpenFile, Stat } from "./platform.ts";

const OPEN_TO_GROUP = 0o2070;
const FILE_FOR_GROUP = 0o660;

/** Whether the mode of a folder says that it is shared with its group on purpose. SPEC 2. */
export function isShared(mode: number): boolean {
  return (mode & OPEN_TO_GROUP) === OPEN_TO_GROUP;
}

/**
 * Makes a file of JVS, empty and open. Its mode follows the umask. In a folder that is shared with a group, the group
 * may write the file whatever the umask is; the umask of the process stays as it is. SPEC 2.
 */
export function makeOwnFile(folder: Folder, name: Uint8Array): OpenFile {
  const file = folder.openFile(name, "create", 0o666);
  try {
    if (!isShared(modeOf(folder))) return file;
    const { mode } = Stat.ofFile(file);
    if ((mode & FILE_FOR_GROUP) !== FILE_FOR_GROUP) file.setMode(mode | FILE_FOR_GROUP);
    return file;
  } catch (error) {
    file[Symbol.dispose]();
    throw error;
  }
}

/** Makes a folder of JVS by the same rule; EEXIST when the name is taken. */
export function makeOwnFolder(folder: Folder, name: Uint8Array, shared = isShared(modeOf(folder))): void {
  folder.makeFolder(name);
  if (!shared) return;
  using made = folder.openFolder(name);
  const mode = modeOf(made);
  if (!isShared(mode)) made.setMode(ITSELF, mode | OPEN_TO_GROUP);
}

function modeOf(folder: Folder): number {
  return Stat.ofFolder(folder).mode;
}
