import { bytesOf, exactTextOf } from "../model/bytes.ts";
import type { Xattr } from "../model/entry.ts";
import { displayPath } from "../model/path_text.ts";
import { isDot, joinPath } from "./lazy_path.ts";
import { byteNameRefused, callDeno } from "./deno_call.ts";
import type { OpenEntry } from "./open_entry.ts";
import { PortableEntry } from "./portable_entry.ts";
import { fillFrom, PortableFile } from "./portable_file.ts";
import type { Folder, Listing, OpenFile, OpenHow, RenameHow } from "./platform.ts";
import type { Stat } from "./stat.ts";
import { SystemError, unlessFailed } from "./system_error.ts";

const REPLACED = "\ufffd";

/** The files and folders that were changed and are not durable yet. Without syncfs each is synced by itself. */
export class Unsynced extends Set<string> {
  /** Makes all of it durable. */
  sync(): void {
    for (const path of this) {
      syncPath(path);
      this.delete(path);
    }
  }
}

/**
 * A folder by its path. Each call first checks that the last part is not a link. Without descriptors this is safe only
 * as long as no other process changes the tree between the check and the call.
 */
export class PortableFolder implements Folder {
  /** `real` is its real path, `path` the one for messages. */
  constructor(readonly real: string, readonly path: string, private readonly unsynced: Unsynced) {}

  /** The path of a name in this folder. */
  locate(name: Uint8Array, action: string): string {
    const text = exactTextOf(name);
    const shown = joinPath(this.path, name);
    if (text === undefined) throw byteNameRefused(action, shown);
    if (text === "" || text === ".." || /[/\0]/.test(text)) throw new SystemError(action, shown, "EINVAL");
    if (text === ".") return this.real;
    return this.real.endsWith("/") ? this.real + text : `${this.real}/${text}`;
  }

  /** Without descriptors there is nothing to lend. */
  lend(): undefined {}

  list(): Listing {
    const list = () => Array.from(Deno.readDirSync(this.real), (entry) => entry.name);
    const names = callDeno("list", this.path, list);
    for (const name of names) this.#checkExact(name);
    const bytes = names.map(bytesOf);
    return { count: bytes.length, name: (index) => bytes[index] ?? new Uint8Array() };
  }

  stat(name: Uint8Array, into: Stat): boolean {
    const look = () => this.#at(name, "look at", (path) => Deno.lstatSync(path));
    const info = isDot(name) ? look() : unlessFailed(["ENOENT"], look);
    if (info !== undefined) fillFrom(info, into);
    return info !== undefined;
  }

  openFolder(name: Uint8Array): Folder {
    return this.#at(name, "open", (path) => {
      if (!Deno.lstatSync(path).isDirectory) throw new SystemError("open", path, "ENOTDIR");
      return new PortableFolder(path, joinPath(this.path, name), this.unsynced);
    });
  }

  openFile(name: Uint8Array, how: OpenHow, mode = 0o600): OpenFile {
    if (how === "create") {
      return this.#change(name, "create", (path) => {
        const file = Deno.openSync(path, { read: true, write: true, createNew: true, mode });
        this.unsynced.add(path);
        return new PortableFile(path, file);
      });
    }
    return this.#at(name, "open", (path) => {
      const before = Deno.lstatSync(path);
      if (before.isSymlink) throw new SystemError("open", path, "ELOOP");
      if (!before.isFile) throw new SystemError("open", path, before.isDirectory ? "EISDIR" : "EINVAL");
      const file = Deno.openSync(path, { [how]: true });
      const opened = file.statSync();
      if (opened.ino === before.ino && opened.dev === before.dev) return new PortableFile(path, file);
      file.close(); // another file took the name between the check and the opening
      throw new SystemError("open", path, "EAGAIN");
    });
  }

  openEntry(name: Uint8Array): OpenEntry | undefined {
    const look = () => this.#at(name, "look at", (path) => ({ path, found: Deno.lstatSync(path) }));
    const there = isDot(name) ? look() : unlessFailed(["ENOENT"], look);
    if (there === undefined) return undefined;
    const { path, found } = there;
    const folder = isDot(name) ? `${path}/..` : this.real;
    const changed = () => void this.unsynced.add(path);
    return new PortableEntry(joinPath(this.path, name), path, folder, found, changed);
  }

  readLink(name: Uint8Array): Uint8Array {
    return this.#at(name, "read the link", (path) => {
      try {
        return bytesOf(Deno.readLinkSync(path));
      } catch (error) {
        throw error instanceof Deno.errors.InvalidData ? byteNameRefused("read the link", path) : error;
      }
    });
  }

  makeFolder(name: Uint8Array, mode?: number): void {
    this.#change(name, "create", (path) => {
      Deno.mkdirSync(path, { mode: (mode ?? 0o777) & 0o777 });
      if (mode !== undefined) Deno.chmodSync(path, mode);
      this.unsynced.add(path);
    });
  }

  makeSymlink(name: Uint8Array, target: Uint8Array): void {
    const text = exactTextOf(target);
    if (text === undefined) throw byteNameRefused("make a link to", displayPath(target));
    this.#change(name, "create", (path) => Deno.symlinkSync(text, path));
  }

  makeSpecial(name: Uint8Array): void {
    throw new SystemError("create", this.locate(name, "create"), "EOPNOTSUPP");
  }

  linkFrom(name: Uint8Array, from: Folder, fromName: Uint8Array): void {
    const source = ours(from).locate(fromName, "link");
    this.#change(name, "link", (path) => Deno.linkSync(source, path));
  }

  rename(name: Uint8Array, to: Folder, toName: Uint8Array, how: RenameHow): void {
    const target = ours(to).locate(toName, "rename");
    this.#change(name, "rename", (path) => {
      if (how === "exchange") throw new SystemError("rename", path, "EINVAL");
      if (how === "replace") Deno.renameSync(path, target);
      else renameFresh(path, target);
    });
    this.unsynced.add(ours(to).real);
  }

  removeFile(name: Uint8Array): void {
    this.#change(name, "remove", (path) => {
      if (Deno.lstatSync(path).isDirectory) throw new SystemError("remove", path, "EISDIR");
      Deno.removeSync(path);
    });
  }

  removeFolder(name: Uint8Array): void {
    this.#change(name, "remove", (path) => {
      if (!Deno.lstatSync(path).isDirectory) throw new SystemError("remove", path, "ENOTDIR");
      Deno.removeSync(path);
    });
  }

  setMode(name: Uint8Array, mode: number): void {
    this.#set(name, "set the mode of", (path) => Deno.chmodSync(path, mode));
  }

  setOwner(name: Uint8Array, uid: number, gid: number): void {
    this.#set(name, "set the owner of", (path) => Deno.chownSync(path, uid, gid));
  }

  setTimes(name: Uint8Array, sec: number, nsec: number): void {
    const mtime = new Date(sec * 1000 + Math.floor(nsec / 1_000_000));
    const set = (path: string, { atime }: Deno.FileInfo) => Deno.utimeSync(path, atime ?? new Date(), mtime);
    this.#set(name, "set the time of", set);
  }

  xattrs(_name: Uint8Array): Xattr[] {
    return [];
  }

  setXattr(name: Uint8Array, _xattr: Xattr): void {
    throw new SystemError("set an attribute of", joinPath(this.path, name), "EOPNOTSUPP");
  }

  removeXattr(name: Uint8Array, _xattrName: string): void {
    throw new SystemError("remove an attribute of", joinPath(this.path, name), "EOPNOTSUPP");
  }

  sync(): void {
    syncPath(this.real);
  }

  /** Does nothing: without descriptors the folder could be replaced before it is opened. */
  syncAside(): Promise<void> {
    return Promise.resolve();
  }

  [Symbol.dispose](): void {}

  /** Makes a call with the path of a name. */
  #at<T>(name: Uint8Array, action: string, call: (path: string) => T): T {
    const path = this.locate(name, action);
    return callDeno(action, path, () => call(path));
  }

  /** The same for a call that changes the names in this folder. */
  #change<T>(name: Uint8Array, action: string, call: (path: string) => T): T {
    const result = this.#at(name, action, call);
    this.unsynced.add(this.real);
    return result;
  }

  /** The same for a call that changes the entry itself, which is no link. */
  #set(name: Uint8Array, action: string, call: (path: string, before: Deno.FileInfo) => void): void {
    this.#at(name, action, (path) => {
      const before = Deno.lstatSync(path);
      if (before.isSymlink) throw new SystemError(action, path, "EOPNOTSUPP");
      call(path, before);
      this.unsynced.add(path);
    });
  }

  /** U+FFFD stands for bytes that are not UTF-8, unless the file name really has that character. */
  #checkExact(name: string): void {
    if (!name.includes(REPLACED)) return;
    const path = `${this.real}/${name}`;
    try {
      Deno.lstatSync(path);
    } catch {
      throw byteNameRefused("read", path);
    }
  }
}

/** Takes two steps: takes the new name, then removes the old one. */
function renameFresh(path: string, target: string): void {
  const isFolder = Deno.lstatSync(path).isDirectory;
  callDeno("rename to", target, () => {
    if (!isFolder) return Deno.linkSync(path, target);
    // An empty folder takes the new name. A folder can replace it only while it is empty.
    Deno.mkdirSync(target, { mode: 0o700 });
    Deno.renameSync(path, target);
  });
  if (!isFolder) Deno.removeSync(path);
}

/** The same folder, which must be a `PortableFolder`. */
export function ours(folder: Folder): PortableFolder {
  if (folder instanceof PortableFolder) return folder;
  throw new SystemError("use", folder.path, "EINVAL");
}

/** fsync of one file or folder, if it is still there. */
function syncPath(path: string): void {
  const sync = () => {
    const { isFile, isDirectory } = Deno.lstatSync(path);
    if (!isFile && !isDirectory) return; // it is not ours any more, and to open a FIFO would wait forever
    using file = Deno.openSync(path, { read: true });
    file.syncSync();
  };
  // If it was removed or renamed, its folder is among the paths too. If we may not read it, its content became durable
  // when it was closed, and nothing more can be done.
  unlessFailed(["ENOENT", "ENOTDIR", "EACCES"], () => callDeno("make durable", path, sync));
}
