import { bytesOf, textOf } from "../model/bytes.ts";
import { FILE, SYMLINK } from "../model/entry.ts";
import { JvsError } from "../model/errors.ts";
import { quoted } from "../model/path_text.ts";
import { nowIso } from "./clock.ts";
import { callDeno } from "./deno_call.ts";
import { removeDurable } from "./durable.ts";
import { userNameOf } from "./host_names.ts";
import { acquireLock, type AcquireLockOptions, type FileLock } from "./locks.ts";
import { isOpenToOthers } from "./folder_rights.ts";
import { whoMayReplace } from "./places_of_others.ts";
import { openPlatform } from "./open_platform.ts";
import type { Folder } from "./platform.ts";
import { Stat } from "./stat.ts";
import { isSystemError, unlessFailed } from "./system_error.ts";
import { isTemporaryOf, TemporaryFile } from "./temporary_file.ts";

const ALONE = 0o700;
const CLOSED = 0o600;
const RIGHTS = 0o777;
const LOCK = ".lock";
/** Nothing that a user decides is nearly as large. */
const MOST_BYTES = 4 * 1024 * 1024;
const NOT_OURS = ["EACCES", "EPERM", "ENOTDIR", "ELOOP", "EISDIR"];

/** What a file says whose text is the user's own word; or why it is not believed. */
export type OwnWord = { readonly text: string } | { readonly refused: string };

/**
 * Reads a file of the user's own settings; nothing if it is missing. Links of the user's own are followed. It is believed
 * if the file and its folder belong to the user or root, and no other user may write them. Under sudo and su, HOME can
 * be the home of another user: what lies there is not the word of this one.
 */
export function readOwnWord(folder: string, name: string): OwnWord | undefined {
  const path = `${folder}/${name}`;
  try {
    return callDeno("read", path, () => {
      // Before the file is opened: a FIFO would make us wait.
      const refused = whoMayReplace(path) ?? refusalOf(folder, Deno.statSync(folder)) ??
        refusalOf(path, Deno.statSync(path), true);
      if (refused !== undefined) return { refused };
      using file = Deno.openSync(path);
      const info = file.statSync();
      const changed = refusalOf(path, info, true);
      return changed === undefined ? { text: textIn(file, info.size) } : { refused: changed };
    });
  } catch (error) {
    if (isSystemError(error, "ENOENT")) return undefined;
    if (isSystemError(error, ...NOT_OURS)) return { refused: `${quoted(path)}: ${error.reason}` };
    throw error;
  }
}

/** Why what lies at a path is not believed, or nothing. */
function refusalOf(
  path: string,
  { isFile, mode, size, uid }: Pick<Deno.FileInfo, "isFile" | "mode" | "size" | "uid">,
  mustBeFile = false,
): string | undefined {
  const me = openPlatform().host.uid;
  if (mustBeFile && !isFile) return `${quoted(path)} is no file`;
  if (mustBeFile && size > MOST_BYTES) return `${quoted(path)} has ${size} bytes`;
  if (uid !== null && uid !== 0 && uid !== me) return `${quoted(path)} belongs to ${userNameOf(uid)}`;
  return isOpenToOthers(mode ?? 0) ? `other users may write ${quoted(path)}` : undefined;
}

function textIn(file: Deno.FsFile, size: number): string {
  const bytes = new Uint8Array(size);
  let length = 0;
  for (let count = 1; length < size && count > 0; length += count) {
    count = file.readSync(bytes.subarray(length)) ?? 0;
  }
  return new TextDecoder().decode(bytes.subarray(0, length));
}

/**
 * The folder of the user's own settings, open to change what is in it. It belongs to this user, and no other may write it:
 * so nothing in it was put there by another one. The end of `using` closes it.
 */
export class UserFolder implements Disposable {
  private constructor(readonly path: string, private readonly folder: Folder) {}

  /** Opens it; a missing one is made, for the user alone. */
  static open(path: string): UserFolder {
    makeMissing(path);
    const why = whoMayReplace(path);
    if (why !== undefined) throw refused(path, why, SET_HOME);
    const folder = openPlatform().openFolder(callDeno("open", path, () => Deno.realPathSync(path)));
    try {
      const { mode, uid } = Stat.ofFolder(folder);
      if (uid !== openPlatform().host.uid) throw ofOther(path, uid);
      if (isOpenToOthers(mode)) throw openToAll(path);
      return new UserFolder(path, folder);
    } catch (error) {
      folder[Symbol.dispose]();
      throw error;
    }
  }

  /** Takes the lock of all changes in it, so that none of two at once is lost. */
  async lock(operation: string, wait: Partial<Omit<AcquireLockOptions, "holder">> = {}): Promise<FileLock> {
    const { folder, path } = this;
    this.#modeOf(LOCK); // refuses a link
    const { name, pid } = openPlatform().host;
    const place = {
      path: `${path}/${LOCK}`,
      openFile: (how: "read" | "write" | "create") => folder.openFile(bytesOf(LOCK), how, CLOSED),
      stat: (into: Stat) => folder.stat(bytesOf(LOCK), into),
    };
    const holder = { host: name, pid, operation, since: nowIso() };
    return await acquireLock(place, { timeoutMs: 30_000, ...wait, holder });
  }

  /** Writes a whole file, durably; a new one is for the user alone, another one keeps its mode. The caller holds the lock. */
  write(name: string, text: string): void {
    const mode = this.#modeOf(name) ?? CLOSED;
    this.#removeLeftovers(name);
    using file = new TemporaryFile(this.folder, name);
    file.write(bytesOf(text));
    file.setMode(mode);
    file.sync();
    file.replace();
    this.folder.sync();
  }

  /** Writes a new file, durably, for the user alone; false if there is something of that name. */
  create(name: string, text: string): boolean {
    try {
      using file = new TemporaryFile(this.folder, name);
      file.setMode(CLOSED); // first: it may be a secret
      file.write(bytesOf(text));
      file.sync();
      file.take();
    } catch (error) {
      if (isSystemError(error, "EEXIST")) return false;
      throw error;
    }
    this.folder.sync();
    return true;
  }

  /** Removes a file, durably; false if there was none. */
  remove(name: string): boolean {
    return this.#modeOf(name) !== undefined && removeDurable(this.folder, name);
  }

  [Symbol.dispose](): void {
    this.folder[Symbol.dispose]();
  }

  /** What a killed process left of its file. */
  #removeLeftovers(name: string): void {
    const listing = this.folder.list();
    for (const each of Array.from({ length: listing.count }, (_, i) => textOf(listing.name(i)))) {
      if (isTemporaryOf(name, each)) unlessFailed(["ENOENT"], () => this.folder.removeFile(bytesOf(each)));
    }
  }

  /** The mode of a file of the user's own; nothing if there is none. What is no such file is never replaced. */
  #modeOf(name: string): number | undefined {
    const stat = new Stat();
    if (!this.folder.stat(bytesOf(name), stat)) return undefined;
    const path = `${this.path}/${name}`;
    if (stat.type === SYMLINK) {
      throw refused(path, "it is a link", "Edit the file that it leads to, or put a file in its place.");
    }
    if (stat.type !== FILE) throw refused(path, "it is no file", "Move it away.");
    if (stat.uid !== openPlatform().host.uid) throw ofOther(path, stat.uid);
    if (isOpenToOthers(stat.mode)) throw openToAll(path);
    return stat.mode & RIGHTS;
  }
}

/** Makes a folder and those above it that are missing, where only the user and root could have put anything. */
function makeMissing(path: string): void {
  const isThere = unlessFailed(["ENOENT"], () => callDeno("look at", path, () => Deno.statSync(path)));
  if (isThere?.isDirectory === false) throw refused(path, "it is no folder", "Move it away.");
  if (isThere !== undefined) return;
  const above = path.slice(0, path.lastIndexOf("/")) || "/";
  makeMissing(above);
  const { uid } = callDeno("look at", above, () => Deno.statSync(above));
  if (uid !== null && uid !== 0 && uid !== openPlatform().host.uid) throw ofOther(above, uid);
  using folder = openPlatform().openFolder(callDeno("open", above, () => Deno.realPathSync(above)));
  unlessFailed(
    ["EEXIST"],
    () => folder.makeFolder(bytesOf(path.slice(above === "/" ? 1 : above.length + 1)), ALONE),
  );
  folder.sync();
}

const SET_HOME =
  "Under sudo and su, HOME can be that of another user: set HOME or XDG_CONFIG_HOME to a folder of your own, closed to others.";

function ofOther(path: string, uid: number): JvsError {
  return refused(path, `it belongs to ${userNameOf(uid)}`, SET_HOME);
}

function openToAll(path: string): JvsError {
  const hint = `See that all in it is yours, and close it: \`chmod go-w ${quoted(path)}\`.`;
  return refused(path, "other users may write it, so what it says may be theirs", hint);
}

function refused(path: string, state: string, hint: string): JvsError {
  return new JvsError("E_PERMISSION", `Cannot use ${quoted(path)}: ${state}`, { hint, details: { path } });
}
