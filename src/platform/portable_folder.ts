import { bytesOf, exactTextOf } from "../model/bytes.ts";
import type { Xattr } from "../model/entry.ts";
import { displayPath } from "../model/path_text.ts";
import { joinPath } from "./lazy_path.ts";
import { attempt, byteNameRefused } from "./deno_call.ts";
import { PortableFile } from "./portable_file.ts";
import { fillFrom } from "./portable_stat.ts";
import type { Folder, Listing, OpenFile, OpenHow, RenameHow, Stat } from "./platform.ts";
import { syncPath, type Unsynced } from "./portable_unsynced.ts";
import { isSystemError, SystemError, unlessFailed } from "./system_error.ts";

const REPLACED = "\ufffd";
const OPEN_HOW: Record<OpenHow, Deno.OpenOptions> = {
  read: { read: true },
  write: { write: true },
  create: { read: true, write: true, createNew: true },
};

/**
 * A folder by its path. Each call first checks that the last part is not a link. Without descriptors this is safe only
 * as long as no other process changes the tree between the check and the call.
 */
export class PortableFolder implements Folder {
  readonly path: string;
  /** Its real path. */
  readonly real: string;
  readonly #unsynced: Unsynced;

  constructor(real: string, shown: string, unsynced: Unsynced) {
    this.real = real;
    this.path = shown;
    this.#unsynced = unsynced;
  }

  /** The path of a name in this folder. */
  locate(name: Uint8Array, action: string): string {
    const text = exactTextOf(name);
    const shown = joinPath(this.path, name);
    if (text === undefined) throw byteNameRefused(action, shown);
    if (text === "" || text === ".." || /[/\0]/.test(text)) throw new SystemError(action, shown, "EINVAL");
    if (text === ".") return this.real;
    return this.real.endsWith("/") ? this.real + text : `${this.real}/${text}`;
  }

  list(): Listing {
    const names = attempt(
      "list",
      this.path,
      () => Array.from(Deno.readDirSync(this.real), (entry) => entry.name),
    );
    for (const name of names) this.#checkExact(name);
    const bytes = names.map(bytesOf);
    return { count: bytes.length, name: (index) => bytes[index] ?? new Uint8Array() };
  }

  stat(name: Uint8Array, into: Stat): boolean {
    const path = this.locate(name, "look at");
    const look = () => attempt("look at", path, () => Deno.lstatSync(path));
    const info = path === this.real ? look() : unlessFailed(["ENOENT"], look);
    if (info !== undefined) fillFrom(info, into);
    return info !== undefined;
  }

  openFolder(name: Uint8Array): Folder {
    const path = this.locate(name, "open");
    const info = attempt("open", path, () => Deno.lstatSync(path));
    if (!info.isDirectory) throw new SystemError("open", path, "ENOTDIR");
    return new PortableFolder(path, joinPath(this.path, name), this.#unsynced);
  }

  openFile(name: Uint8Array, how: OpenHow, mode = 0o600): OpenFile {
    const action = how === "create" ? "create" : "open";
    const path = this.locate(name, action);
    const before = how === "create" ? undefined : attempt(action, path, () => Deno.lstatSync(path));
    if (before?.isSymlink) throw new SystemError(action, path, "ELOOP");
    if (before?.isDirectory) throw new SystemError(action, path, "EISDIR");
    if (before && !before.isFile) throw new SystemError(action, path, "EINVAL");
    const file = attempt(
      action,
      path,
      () => Deno.openSync(path, { ...OPEN_HOW[how], ...(how === "create" ? { mode } : {}) }),
    );
    if (how === "create") this.#changed(path);
    const opened = before && file.statSync();
    if (before && (opened?.ino !== before.ino || opened.dev !== before.dev)) {
      file.close(); // another file took the name between the check and the opening
      throw new SystemError(action, path, "EAGAIN");
    }
    return new PortableFile(path, file);
  }

  readLink(name: Uint8Array): Uint8Array {
    const path = this.locate(name, "read the link");
    try {
      return bytesOf(attempt("read the link", path, () => Deno.readLinkSync(path)));
    } catch (error) {
      if (isSystemError(error) && error.cause instanceof Deno.errors.InvalidData) {
        throw byteNameRefused("read the link", path);
      }
      throw error;
    }
  }

  makeFolder(name: Uint8Array, mode?: number): void {
    const path = this.locate(name, "create");
    attempt("create", path, () => Deno.mkdirSync(path, { mode: (mode ?? 0o777) & 0o777 }));
    if (mode !== undefined) attempt("create", path, () => Deno.chmodSync(path, mode));
    this.#changed(path);
  }

  makeSymlink(name: Uint8Array, target: Uint8Array): void {
    const path = this.locate(name, "create");
    const text = exactTextOf(target);
    if (text === undefined) throw byteNameRefused("make a link to", displayPath(target));
    attempt("create", path, () => Deno.symlinkSync(text, path));
    this.#changed();
  }

  makeSpecial(name: Uint8Array): void {
    throw new SystemError("create", this.locate(name, "create"), "EOPNOTSUPP");
  }

  linkFrom(name: Uint8Array, from: Folder, fromName: Uint8Array): void {
    const path = this.locate(name, "link");
    const source = ours(from).locate(fromName, "link");
    attempt("link", path, () => Deno.linkSync(source, path));
    this.#changed();
  }

  /** `fresh` takes two steps: it takes the new name, then removes the old one. */
  rename(name: Uint8Array, to: Folder, toName: Uint8Array, how: RenameHow): void {
    const path = this.locate(name, "rename");
    const target = ours(to).locate(toName, "rename");
    if (how === "exchange") throw new SystemError("rename", path, "EINVAL");
    if (how === "replace") attempt("rename", path, () => Deno.renameSync(path, target));
    else this.#renameFresh(path, target);
    this.#changed();
    ours(to).#changed();
  }

  removeFile(name: Uint8Array): void {
    const path = this.locate(name, "remove");
    this.#refuseType(path, "remove", (info) => info.isDirectory ? "EISDIR" : undefined);
    attempt("remove", path, () => Deno.removeSync(path));
    this.#changed();
  }

  removeFolder(name: Uint8Array): void {
    const path = this.locate(name, "remove");
    this.#refuseType(path, "remove", (info) => info.isDirectory ? undefined : "ENOTDIR");
    attempt("remove", path, () => Deno.removeSync(path));
    this.#changed();
  }

  setMode(name: Uint8Array, mode: number): void {
    const path = this.#notALink(name, "set the mode of");
    attempt("set the mode of", path, () => Deno.chmodSync(path, mode));
    this.#unsynced.add(path);
  }

  setOwner(name: Uint8Array, uid: number, gid: number): void {
    const path = this.#notALink(name, "set the owner of");
    attempt("set the owner of", path, () => Deno.chownSync(path, uid, gid));
    this.#unsynced.add(path);
  }

  setTimes(name: Uint8Array, sec: number, nsec: number): void {
    const path = this.#notALink(name, "set the time of");
    attempt("set the time of", path, () => {
      const atime = Deno.lstatSync(path).atime ?? new Date();
      Deno.utimeSync(path, atime, new Date(sec * 1000 + Math.floor(nsec / 1_000_000)));
    });
    this.#unsynced.add(path);
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

  #changed(also?: string): void {
    this.#unsynced.add(this.real);
    if (also !== undefined) this.#unsynced.add(also);
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

  #renameFresh(path: string, target: string): void {
    const info = attempt("rename", path, () => Deno.lstatSync(path));
    if (info.isDirectory) {
      // An empty folder takes the new name. A folder can replace it only while it is empty.
      attempt("rename to", target, () => Deno.mkdirSync(target, { mode: 0o700 }));
      attempt("rename to", target, () => Deno.renameSync(path, target));
    } else {
      attempt("rename to", target, () => Deno.linkSync(path, target));
      attempt("rename", path, () => Deno.removeSync(path));
    }
  }

  #notALink(name: Uint8Array, action: string): string {
    const path = this.locate(name, action);
    this.#refuseType(path, action, (info) => info.isSymlink ? "EOPNOTSUPP" : undefined);
    return path;
  }

  #refuseType(path: string, action: string, refuse: (info: Deno.FileInfo) => string | undefined): void {
    const why = refuse(attempt(action, path, () => Deno.lstatSync(path)));
    if (why !== undefined) throw new SystemError(action, path, why);
  }
}

/** The same folder, which must be a `PortableFolder`. */
export function ours(folder: Folder): PortableFolder {
  if (folder instanceof PortableFolder) return folder;
  throw new SystemError("use", folder.path, "EINVAL");
}
