import { bytesOf, equalBytes, textOf } from "../model/bytes.ts";
import { DIR } from "../model/entry.ts";
import { JvsError } from "../model/errors.ts";
import { makeOwnFolder } from "./make_own.ts";
import { type Folder, readWhole } from "./platform.ts";
import { Stat } from "./stat.ts";
import { isSystemError, unlessFailed } from "./system_error.ts";
import { TemporaryFile } from "./temporary_file.ts";

// A file that is replaced often may be gone between the listing and the opening, but not so many times in a row.
const MOST_LOOKS = 100;

/** Writes a whole file: a reader sees the old or the new text, even after a power cut. SPEC 2. */
export function writeDurable(folder: Folder, name: string, content: string | Uint8Array): void {
  putDurable(folder, name, content, "replace");
}

/** Writes a new file like `writeDurable`. `E_ALREADY_EXISTS` if it exists, also when two processes create it at once. */
export function createDurable(folder: Folder, name: string, content: string | Uint8Array): void {
  try {
    putDurable(folder, name, content, "take");
  } catch (error) {
    if (!isSystemError(error, "EEXIST")) throw error;
    const { path, errno } = error.details;
    throw new JvsError("E_ALREADY_EXISTS", error.message, { details: { path, errno }, cause: error });
  }
}

/** Writes a whole file that can be made again: a reader sees the old or the new text, but a power cut may leave any part of it. */
export function writeWhole(folder: Folder, name: string, content: string): void {
  using temporary = new TemporaryFile(folder, name);
  temporary.write(bytesOf(content));
  temporary.replace();
}

/** The file is durable before the name leads to it, and then the name. */
function putDurable(
  folder: Folder,
  name: string,
  content: string | Uint8Array,
  how: "replace" | "take",
): void {
  using temporary = new TemporaryFile(folder, name);
  temporary.write(typeof content === "string" ? bytesOf(content) : content);
  temporary.sync();
  temporary[how]();
  folder.sync();
}

/** Removes a file, durably; false if it did not exist. */
export function removeDurable(folder: Folder, name: string): boolean {
  const isRemoved = unlessFailed(["ENOENT"], () => {
    folder.removeFile(bytesOf(name));
    return true;
  });
  if (isRemoved) folder.sync();
  return isRemoved ?? false;
}

/** Makes a folder, durably; false if it existed. */
export function makeFolderDurable(folder: Folder, name: string): boolean {
  const bytes = bytesOf(name);
  try {
    makeOwnFolder(folder, bytes);
  } catch (error) {
    const there = new Stat();
    if (isSystemError(error, "EEXIST") && folder.stat(bytes, there) && there.type === DIR) return false;
    throw error;
  }
  folder.sync();
  return true;
}

/** Opens a file and reads all of it, for callers that check it first. */
export type ReadFile = (folder: Folder, name: Uint8Array) => Uint8Array;

/**
 * The text of a control file that other processes replace; nothing when it does not exist. Lists the folder first:
 * otherwise the kernel of a second JuiceFS host keeps giving the old file. SPEC 2.
 */
export function readFresh(folder: Folder, name: string, read: ReadFile = readFile): string | undefined {
  const bytes = bytesOf(name);
  for (let look = 1;; look++) {
    try {
      return folderHas(folder, bytes) ? textOf(read(folder, bytes)) : undefined;
    } catch (error) {
      // Replaced in between: the old file is gone, and the next listing finds the new one. JuiceFS says EBADF to who has it open.
      if (!isSystemError(error, "ENOENT", "ESTALE", "EBADF") || look === MOST_LOOKS) throw error;
    }
  }
}

function readFile(folder: Folder, name: Uint8Array): Uint8Array {
  using file = folder.openFile(name, "read");
  return readWhole(file);
}

function folderHas(folder: Folder, name: Uint8Array): boolean {
  // The whole folder is listed: this makes the kernel ask the file system again.
  const listing = folder.list();
  for (let i = 0; i < listing.count; i++) if (equalBytes(listing.name(i), name)) return true;
  return false;
}
