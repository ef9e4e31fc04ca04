import { type Folder, type OpenFile, Stat } from "./platform.ts";

const OPEN_TO_GROUP = 0o2070;
const FILE_FOR_GROUP = 0o660;
const ITSELF = Uint8Array.of(0x2e);

/** Whether a folder with this mode is shared with its group on purpose. SPEC 2. */
export function isShared(mode: number): boolean {
  return (mode & OPEN_TO_GROUP) === OPEN_TO_GROUP;
}

/**
 * Makes a file of ours, empty and open. Its mode is what the umask leaves; in a folder that is shared with a group the
 * group may write it whatever the umask says, which is the user's and stays as it is. SPEC 2.
 */
export function makeOwnFile(folder: Folder, name: Uint8Array): OpenFile {
  const file = folder.openFile(name, "create", 0o666);
  try {
    if (!isShared(modeOf(folder))) return file;
    const made = new Stat();
    file.stat(made);
    if ((made.mode & FILE_FOR_GROUP) !== FILE_FOR_GROUP) file.setMode(made.mode | FILE_FOR_GROUP);
    return file;
  } catch (error) {
    file[Symbol.dispose]();
    throw error;
  }
}

/** Makes a folder of ours, by the same rule; EEXIST when something of that name is there. */
export function makeOwnFolder(folder: Folder, name: Uint8Array, shared = isShared(modeOf(folder))): void {
  folder.makeFolder(name);
  if (!shared) return;
  using made = folder.openFolder(name);
  const mode = modeOf(made);
  if (!isShared(mode)) made.setMode(ITSELF, mode | OPEN_TO_GROUP);
}

/** The same for a folder that only its owner, or the group that all is shared with, may look into. */
export function makePrivateFolder(folder: Folder, name: Uint8Array): void {
  folder.makeFolder(name, isShared(modeOf(folder)) ? OPEN_TO_GROUP | 0o700 : 0o700);
}

function modeOf(folder: Folder): number {
  const stat = new Stat();
  folder.stat(ITSELF, stat);
  return stat.mode;
}
