import { bytesOf } from "../model/bytes.ts";
import { JvsError } from "../model/errors.ts";
import { attempt } from "./deno_call.ts";
import { isSystemError, SystemError } from "./system_error.ts";
import { TemporaryFile, writeAll } from "./temporary_file.ts";

export { isTemporaryName } from "./temporary_file.ts";

/** How a control file or folder is made. */
export interface DurableOptions {
  /** Exactly this mode (default: what the umask leaves of 0666, of 0777 for a folder). */
  mode?: number;
}

// A file that is replaced again and again may be gone between listing and opening, but not so often.
const MOST_LOOKS = 100;

/** Writes a file whole: whoever reads it sees the old or the new text, also after a power cut. SPEC 2. */
export function writeDurable(path: string, content: string | Uint8Array, options: DurableOptions = {}): void {
  const folder = parentOf(path);
  using temporary = fill(path, content, options);
  temporary.replace();
  syncFolder(folder);
}

/** As `writeDurable`, for a file that must not be there yet: `E_ALREADY_EXISTS`, also for one of two at once. */
export function createDurable(
  path: string,
  content: string | Uint8Array,
  options: DurableOptions = {},
): void {
  const folder = parentOf(path);
  using temporary = fill(path, content, options);
  try {
    takeName(temporary.path, path);
  } catch (error) {
    if (!isSystemError(error, "EEXIST")) throw error;
    throw new JvsError(
      "E_ALREADY_EXISTS",
      `Cannot create "${path}": something of that name is there already`,
      {
        details: { path, errno: "EEXIST" },
        cause: error,
      },
    );
  }
  syncFolder(folder);
}

/** Removes a file; whether it was there. */
export function removeDurable(path: string): boolean {
  try {
    attempt("remove", path, () => Deno.removeSync(path));
  } catch (error) {
    if (isSystemError(error, "ENOENT")) return false;
    throw error;
  }
  syncFolder(parentOf(path));
  return true;
}

/** Makes a folder; false when a folder of that name was there. */
export function makeFolderDurable(path: string, options: DurableOptions = {}): boolean {
  const { mode } = options;
  try {
    attempt("create", path, () => Deno.mkdirSync(path, mode === undefined ? {} : { mode: mode & 0o777 }));
  } catch (error) {
    if (isSystemError(error, "EEXIST") && Deno.lstatSync(path).isDirectory) return false;
    throw error;
  }
  if (mode !== undefined) attempt("set the mode of", path, () => Deno.chmodSync(path, mode));
  syncFolder(parentOf(path));
  return true;
}

/**
 * The text of a control file that others replace; nothing when it is not there. Its folder is listed first, because
 * the kernel of a second JuiceFS host otherwise goes on giving the replaced one. SPEC 2.
 */
export function readFresh(path: string): string | undefined {
  const name = path.slice(path.lastIndexOf("/") + 1);
  for (let look = 1;; look++) {
    try {
      if (!folderHas(parentOf(path), name)) return undefined;
      return attempt("read", path, () => Deno.readTextFileSync(path));
    } catch (error) {
      // Replaced between the two calls: the old one is gone, and listing again finds the new one.
      if (!isSystemError(error, "ENOENT", "ESTALE") || look === MOST_LOOKS) throw error;
    }
  }
}

/** Writes at a file's end and makes it durable; makes the file where there is none. */
export function appendDurable(path: string, text: string): void {
  try {
    appendTo(path, text, { append: true });
  } catch (error) {
    if (!isSystemError(error, "ENOENT")) throw error;
    appendTo(path, text, { append: true, create: true });
    syncFolder(parentOf(path));
  }
}

/** Makes the names in a folder durable. */
export function syncFolder(path: string): void {
  attempt("make durable", path, () => {
    using folder = Deno.openSync(path, { read: true });
    folder.syncSync();
  });
}

/**
 * Begins to make what was written around a folder durable while other work goes on, so that the sync which counts finds
 * little left to do. Proves nothing, and so fails at nothing.
 */
export async function beginSync(path: string): Promise<void> {
  try {
    using folder = await Deno.open(path, { read: true });
    await folder.sync();
  } catch {
    // Whatever is wrong is told by the sync that counts.
  }
}

function appendTo(path: string, text: string, how: Deno.OpenOptions): void {
  attempt("write", path, () => {
    using file = Deno.openSync(path, how);
    writeAll(file, bytesOf(text));
    file.syncSync();
  });
}

/** The content beside its place, durable. */
function fill(path: string, content: string | Uint8Array, options: DurableOptions): TemporaryFile {
  const temporary = new TemporaryFile(path);
  try {
    temporary.write(typeof content === "string" ? bytesOf(content) : content);
    temporary.sync(options.mode);
    return temporary;
  } catch (error) {
    temporary[Symbol.dispose]();
    throw error;
  }
}

/** Gives a file a name that must be free. */
function takeName(temporary: string, path: string): void {
  try {
    attempt("create", path, () => Deno.linkSync(temporary, path));
  } catch (error) {
    if (!isSystemError(error, "EPERM", "EOPNOTSUPP", "ENOSYS", "EMLINK")) throw error;
    // No hard links here: an empty file takes the name first, so that of two only one goes on.
    attempt("create", path, () => Deno.openSync(path, { write: true, createNew: true }).close());
    attempt("create", path, () => Deno.renameSync(temporary, path));
  }
}

function folderHas(folder: string, name: string): boolean {
  try {
    // To the end: it is the listing that makes the kernel ask again.
    return attempt("list", folder, () => Array.from(Deno.readDirSync(folder), (entry) => entry.name))
      .includes(name);
  } catch (error) {
    if (isSystemError(error, "ENOENT", "ENOTDIR")) return false;
    throw error;
  }
}

function parentOf(path: string): string {
  const cut = path.lastIndexOf("/");
  if (cut < 0) throw new SystemError("find the folder of", path, "EINVAL");
  return cut === 0 ? "/" : path.slice(0, cut);
}
