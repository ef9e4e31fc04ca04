import { type Folder, type OpenFile, Stat } from "./platform.ts";

const OPEN_TO_GROUP = 0o2070;
const OTHERS_MAY_WRITE = 0o022;
const GROUP_MAY_READ = 0o040;
const GROUP_MAY_WRITE = 0o060;
const ITSELF = Uint8Array.of(0x2e);

/** Whether a folder with this mode is shared with its group on purpose. SPEC 2. */
export function isShared(mode: number): boolean {
  return (mode & OPEN_TO_GROUP) === OPEN_TO_GROUP;
}

/**
 * Makes a file of ours, empty and open. Its mode is what the umask leaves; in a folder that is shared with a group the
 * group may read it and only its owner may write it, so that its owner is who wrote it. Other members replace such a file,
 * and never write into it; `inPlace` is for the few that all write into. The umask is the user's, and stays. SPEC 2.
 */
export function makeOwnFile(folder: Folder, name: Uint8Array, inPlace = false): OpenFile {
  const file = folder.openFile(name, "create", 0o666);
  try {
    if (!isShared(modeOf(folder))) return file;
    const made = new Stat();
    file.stat(made);
    const mode = inPlace ? made.mode | GROUP_MAY_WRITE : (made.mode & ~OTHERS_MAY_WRITE) | GROUP_MAY_READ;
    if (mode !== made.mode) file.setMode(mode);
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
