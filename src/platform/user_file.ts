import { bytesOf, textOf } from "../model/bytes.ts";
import { FILE } from "../model/entry.ts";
import { JvsError, unlessThrown } from "../model/errors.ts";
import { quoted } from "../model/path_text.ts";
import { callDeno } from "./deno_call.ts";
import { openPlatform } from "./open_platform.ts";
import { type Folder, readWhole } from "./platform.ts";
import { Stat } from "./stat.ts";
import { unlessFailed } from "./system_error.ts";
import { TemporaryFile } from "./temporary_file.ts";

/**
 * Writes a file that the user named, as a whole or not at all. It may replace a file of the same user, and nothing else: no
 * link, which somebody may have planted, no file of another user, no device. It is made under another name and renamed, so
 * it never writes into what is there.
 */
export function writeUserFile(path: string, text: string): void {
  using folder = folderToMakeIn(path);
  const name = nameIn(path);
  const there = new Stat();
  if (name === "" || folder.stat(bytesOf(name), there)) {
    const why = name === "" || there.type !== FILE
      ? "what has this name is no file"
      : there.uid !== openPlatform().host.uid
      ? "it belongs to another user"
      : undefined;
    if (why !== undefined) {
      throw new JvsError("E_PERMISSION", `Cannot replace "${path}": ${why}`, {
        hint: "Name a file that does not exist yet.",
        details: { path },
      });
    }
  }
  using file = new TemporaryFile(folder, name);
  file.write(bytesOf(text));
  file.replace();
}

/**
 * The text of a file that the user named and that only the user or root can have written; nothing if it does not exist. A link, a
 * FIFO and what else is no file is refused, and never waited for; so is a file of which others have one of the rights `closed`.
 */
export function readUserFile(path: string, mostBytes: number, closed = 0): string | undefined {
  const refused = (why: string, hint = "Name a file of your own.") =>
    new JvsError("E_PERMISSION", `Cannot read "${path}": ${why}`, { hint, details: { path } });
  return unlessFailed(["ENOENT", "ENOTDIR"], () => {
    using folder = folderAbove(path);
    const name = bytesOf(nameIn(path));
    const there = new Stat();
    if (name.length > 0 && !folder.stat(name, there)) return undefined;
    if (name.length === 0 || there.type !== FILE) throw refused("it is no file; links do not count");
    using file = folder.openFile(name, "read");
    file.stat(there);
    if (there.uid !== 0 && there.uid !== openPlatform().host.uid) throw refused("it belongs to another user");
    if ((there.mode & closed) !== 0) {
      const mode = (there.mode & ~closed).toString(8).padStart(4, "0");
      throw refused(
        `its mode is ${there.mode.toString(8).padStart(4, "0")}`,
        `Close it to others: \`chmod ${mode} "${path}"\`.`,
      );
    }
    const isLong = there.size > mostBytes;
    if (isLong) throw new JvsError("E_USAGE", `Cannot read "${path}": it has more than ${mostBytes} bytes`);
    return textOf(readWhole(file));
  });
}

/** Whether there is something of that name, where the user may look: a cheap question. What it is, reading it tells. */
export function isUserFile(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch (error) {
    const { NotADirectory, NotFound, PermissionDenied } = Deno.errors;
    return ![NotADirectory, NotFound, PermissionDenied].some((kind) => error instanceof kind);
  }
}

/** The path of a file or folder that the user named, and that exists, with all links on the way resolved. */
export function withoutLinks(path: string): string {
  return callDeno("find", path, () => Deno.realPathSync(path));
}

/** The names in a folder of the user's; none if there is no such folder. */
export function namesInUserFolder(path: string): string[] {
  const names = () => [...callDeno("list", path, () => Deno.readDirSync(path))].map(({ name }) => name);
  return unlessFailed(["ENOENT", "ENOTDIR"], names) ?? [];
}

/** Makes a file that only the user can read; false if there is something of that name. */
export function createUserFile(path: string, text: string): boolean {
  using folder = folderToMakeIn(path);
  const name = bytesOf(nameIn(path));
  const file = name.length === 0
    ? undefined
    : unlessFailed(["EEXIST"], () => folder.openFile(name, "create", 0o600));
  if (file === undefined) return false;
  using _file = file;
  try {
    file.write(bytesOf(text));
  } catch (error) {
    folder.removeFile(name);
    throw error;
  }
  return true;
}

function nameIn(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function folderToMakeIn(path: string): Folder {
  const folder = unlessFailed(["ENOENT", "ENOTDIR"], () => folderAbove(path));
  if (folder !== undefined) return folder;
  throw new JvsError(
    "E_NOT_FOUND",
    `Cannot make ${quoted(path)}: the folder that it would be in is not there`,
    {
      hint: "Make that folder first, or name another file. Nothing was changed.",
      details: { path },
    },
  );
}

/** On the way to the folder the user may have links. */
function folderAbove(path: string): Folder {
  const above = path.slice(0, path.lastIndexOf("/")) || "/";
  return openPlatform().openFolder(unlessThrown(isNoFolder, () => Deno.realPathSync(above)) ?? above);
}

function isNoFolder(error: unknown): boolean {
  const { NotCapable, NotADirectory, NotFound, PermissionDenied } = Deno.errors;
  return [NotCapable, NotADirectory, NotFound, PermissionDenied].some((kind) => error instanceof kind);
}
