import { bytesOf } from "../model/bytes.ts";
import { unlessThrown } from "../model/errors.ts";
import { MADE_BY_JVS } from "./folder_rights.ts";
import type { Folder, OpenFile } from "./platform.ts";
import { Stat } from "./stat.ts";
import { isSystemError, unlessFailed } from "./system_error.ts";

const CLOSED = 0o600;

/** Whether what is made in a folder has the mode that it is made with, and can have the mark. */
export interface KeptModes {
  readonly modes: boolean;
  readonly marks: boolean;
}

const KEEPS_NOTHING: KeptModes = { modes: false, marks: false };

/** Where no file can be made, these are believed to keep no modes: most mounts of them do not. */
const WITHOUT_MODES = ["vfat", "msdos", "exfat", "ntfs", "ntfs3", "fuseblk", "fuse.exfat"];

/**
 * Asks the file system, of this kind, by a file, through its descriptor, so that no other user can answer. Where none can be made
 * that is mostly not known, and it is better to believe less.
 */
export function keptModes(folder: Folder, kind: string): KeptModes {
  using file = triedFile(folder);
  if (file === undefined) return WITHOUT_MODES.includes(kind) ? KEEPS_NOTHING : { modes: true, marks: true };
  if (!isClosed(Stat.ofFile(file))) return KEEPS_NOTHING;
  unlessThrown(isSystemError, () => file.setMode(MADE_BY_JVS | CLOSED));
  return { modes: true, marks: (Stat.ofFile(file).mode & MADE_BY_JVS) !== 0 };
}

/** What becomes of a new file that only the caller may open, by its descriptor; nothing if none can be made. */
export function triedFile(folder: Folder): OpenFile | undefined {
  const name = bytesOf(`probe-${crypto.randomUUID()}`);
  using opened = new DisposableStack();
  const file = opened.use(unlessThrown(isSystemError, () => folder.openFile(name, "create", CLOSED)));
  if (file === undefined) return undefined;
  unlessFailed(["ENOENT"], () => folder.removeFile(name));
  // A default access list of the folder gives a new file another mode than it is made with.
  unlessThrown(isSystemError, () => file.setMode(CLOSED));
  opened.move();
  return file;
}

/** Whether it has the mode that `triedFile` gave it. */
export function isClosed({ mode }: Stat): boolean {
  return (mode & 0o777) === CLOSED;
}
