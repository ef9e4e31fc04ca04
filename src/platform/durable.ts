import { bytesOf, equalBytes, textOf } from "../model/bytes.ts";
import { DIR } from "../model/entry.ts";
import { JvsError } from "../model/errors.ts";
import { makeOwnFolder } from "./make_own.ts";
import { joinPath } from "./lazy_path.ts";
import { type Folder, Stat } from "./platform.ts";
import { readWhole } from "./read_whole.ts";
import { isSystemError } from "./system_error.ts";
import { TemporaryFile } from "./temporary_file.ts";

export { isTemporaryName } from "./temporary_file.ts";

// A file that is replaced again and again may be gone between listing and opening, but not so often.
const MOST_LOOKS = 100;

/** Writes a file whole: a reader sees the old or the new text, also after a power cut. SPEC 2. */
export function writeDurable(folder: Folder, name: string, content: string | Uint8Array): void {
  using temporary = filled(folder, name, content);
  temporary.replace();
  folder.sync();
}

/** As `writeDurable`, for a file that must not be there yet: `E_ALREADY_EXISTS`, also for one of two at once. */
export function createDurable(folder: Folder, name: string, content: string | Uint8Array): void {
  using temporary = filled(folder, name, content);
  try {
    temporary.take();
  } catch (error) {
    if (!isSystemError(error, "EEXIST")) throw error;
    const path = joinPath(folder.path, bytesOf(name));
    throw new JvsError(
      "E_ALREADY_EXISTS",
      `Cannot create "${path}": something of that name is there already`,
      {
        details: { path, errno: "EEXIST" },
        cause: error,
      },
    );
  }
  folder.sync();
}

/** Removes a file; whether it was there. */
export function removeDurable(folder: Folder, name: string): boolean {
  try {
    folder.removeFile(bytesOf(name));
  } catch (error) {
    if (isSystemError(error, "ENOENT")) return false;
    throw error;
  }
  folder.sync();
  return true;
}

/** Makes a folder; false when a folder of that name was there. */
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

/** How a file is opened and read whole, where a plain opening is not enough. */
export type ReadFile = (folder: Folder, name: Uint8Array) => Uint8Array;

/**
 * The text of a control file that others replace; nothing when it is not there. Its folder is listed first, because
 * the kernel of a second JuiceFS host otherwise goes on giving the replaced one. SPEC 2.
 */
export function readFresh(folder: Folder, name: string, read: ReadFile = readFile): string | undefined {
  const bytes = bytesOf(name);
  for (let look = 1;; look++) {
    try {
      return folderHas(folder, bytes) ? textOf(read(folder, bytes)) : undefined;
    } catch (error) {
      // Replaced between the two calls: the old one is gone, and listing again finds the new one.
      if (!isSystemError(error, "ENOENT", "ESTALE") || look === MOST_LOOKS) throw error;
    }
  }
}

function readFile(folder: Folder, name: Uint8Array): Uint8Array {
  using file = folder.openFile(name, "read");
  return readWhole(file);
}

/** The content beside its place, durable. */
function filled(folder: Folder, name: string, content: string | Uint8Array): TemporaryFile {
  const temporary = new TemporaryFile(folder, name);
  try {
    temporary.write(typeof content === "string" ? bytesOf(content) : content);
    temporary.sync();
    return temporary;
  } catch (error) {
    temporary[Symbol.dispose]();
    throw error;
  }
}

function folderHas(folder: Folder, name: Uint8Array): boolean {
  // To the end: it is the listing that makes the kernel ask again.
  const listing = folder.list();
  for (let i = 0; i < listing.count; i++) if (equalBytes(listing.name(i), name)) return true;
  return false;
}
