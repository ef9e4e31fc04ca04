import { ITSELF } from "../model/bytes.ts";
import { BLOCK, CHAR, DIR, FIFO, FILE, SOCKET, SYMLINK, type Xattr } from "../model/entry.ts";
import type { Libc, LibcSymbols } from "./libc.ts";
import * as flag from "./linux_constants.ts";
import { LinuxEntry } from "./linux_entry.ts";
import { LinuxFile } from "./linux_file.ts";
import { listOpen } from "./linux_listing.ts";
import { linkTo, NameBuffer, NO_NAME, terminated } from "./linux_name.ts";
import { renameName } from "./linux_rename.ts";
import { statName, statOpen } from "./linux_stat.ts";
import { isFuse, setModified } from "./linux_times.ts";
import { FolderXattrs } from "./linux_xattr.ts";
import { isDot, joinPath, LazyPath } from "./lazy_path.ts";
import type { Folder, LentFolder, Listing, OpenFile, OpenHow, RenameHow } from "./platform.ts";
import { Stat } from "./stat.ts";
import { errnoName, isSystemError, SystemError, unlessFailed } from "./system_error.ts";

const AS_FOLDER = flag.O_RDONLY | flag.O_DIRECTORY | flag.O_NOFOLLOW | flag.O_CLOEXEC;
const AS_PLACE = flag.O_PATH | flag.O_NOFOLLOW | flag.O_CLOEXEC;
// O_NONBLOCK: opening a FIFO must not wait.
const AS_FILE = {
  read: flag.O_RDONLY | flag.O_NONBLOCK | flag.O_NOFOLLOW | flag.O_CLOEXEC,
  write: flag.O_WRONLY | flag.O_NONBLOCK | flag.O_NOFOLLOW | flag.O_CLOEXEC,
  create: flag.O_RDWR | flag.O_CREAT | flag.O_EXCL | flag.O_NOFOLLOW | flag.O_CLOEXEC,
};

const NODE_FORMATS = new Map([[FIFO, 0o010000], [CHAR, 0o020000], [BLOCK, 0o060000], [SOCKET, 0o140000]]);

// Every call ends before another begins, so all folders of a thread share these buffers.
const firstName = new NameBuffer();
const secondName = new NameBuffer();
const found = new Stat();
// A link's target is shorter than a page.
const target = new Uint8Array(4096);

/** A folder, open by descriptor. */
export class LinuxFolder implements Folder {
  #xattrs: FolderXattrs | undefined;
  #fuse: boolean | undefined;

  constructor(
    private readonly libc: Libc,
    public descriptor: number,
    private readonly where: { readonly path: string },
  ) {}

  get path(): string {
    return this.where.path;
  }

  lend(): LentFolder {
    return { descriptor: this.descriptor, path: this.path };
  }

  list(): Listing {
    // The first time too: otherwise btrfs does not list files that were made after the folder was opened.
    this.libc.call.lseek(this.descriptor, 0n, 0);
    return listOpen(this.libc, this);
  }

  stat(name: Uint8Array, into: Stat): boolean {
    const dot = isDot(name);
    const given = dot ? NO_NAME : firstName.put(name, "look at", this);
    for (;;) {
      if (statName(this.libc, this.descriptor, given, into) === 0) return true;
      const { errno } = this.libc;
      if (errno === flag.ENOENT && !dot) return false;
      if (errno !== flag.EINTR) throw this.#error("look at", name, errnoName(errno));
    }
  }

  openFolder(name: Uint8Array): LinuxFolder {
    const descriptor = this.#named("open", name, (call, fd, given) => call.openat(fd, given, AS_FOLDER, 0));
    return new LinuxFolder(this.libc, descriptor, new LazyPath(this.where, name));
  }

  openFile(name: Uint8Array, how: OpenHow, mode = 0o600): OpenFile {
    const action = how === "create" ? "create" : "open";
    const flags = AS_FILE[how];
    const descriptor = this.#named(action, name, (call, fd, given) => call.openat(fd, given, flags, mode));
    const file = new LinuxFile(this.libc, descriptor, new LazyPath(this.where, name), how !== "read");
    if (how === "create") return file;
    // ENOENT: another host of a network file system has removed it, and the kernel here did not know.
    const refused = statOpen(this.libc, descriptor, found) === 0 ? undefined : errnoName(this.libc.errno);
    file.device = found.devMajor * 2 ** 20 + found.devMinor;
    if (refused === undefined && found.type === FILE) return file;
    file[Symbol.dispose]();
    throw this.#error(action, name, refused ?? (found.type === DIR ? "EISDIR" : "EINVAL"));
  }

  openEntry(name: Uint8Array): LinuxEntry | undefined {
    const isFuse = () => this.#isFuse();
    // `.` would need the right to search the folder.
    if (isDot(name)) return new LinuxEntry(this.libc, this.descriptor, this.where, { keep: true, isFuse });
    return unlessFailed(["ENOENT"], () => {
      const descriptor = this.#named(
        "look at",
        name,
        (call, fd, given) => call.openat(fd, given, AS_PLACE, 0),
      );
      return new LinuxEntry(this.libc, descriptor, new LazyPath(this.where, name), { keep: false, isFuse });
    });
  }

  readLink(name: Uint8Array): Uint8Array {
    const room = BigInt(target.length);
    const length = this.#named(
      "read the link",
      name,
      (call, fd, given) => call.readlinkat(fd, given, target, room),
    );
    return target.slice(0, length);
  }

  makeFolder(name: Uint8Array, mode?: number): void {
    const bits = (mode ?? 0o777) & 0o777;
    this.#named("create", name, (call, fd, given) => call.mkdirat(fd, given, bits));
    if (mode === undefined) return;
    // The umask, a setgid parent and default ACLs change the mode that mkdir sets.
    if (this.stat(name, found) && found.mode === mode) return;
    using made = this.openFolder(name);
    // Who may write here can have put another folder there, which is not new.
    if (made.list().count > 0) throw this.#error("create", name, "EEXIST");
    made.setMode(ITSELF, mode);
  }

  makeSymlink(name: Uint8Array, target: Uint8Array): void {
    if (target.includes(0)) throw this.#error("create", name, "EINVAL");
    const text = terminated(target);
    this.#named("create", name, (call, fd, given) => call.symlinkat(text, fd, given));
  }

  makeSpecial(name: Uint8Array, type: number, major: number, minor: number): void {
    const format = NODE_FORMATS.get(type);
    if (format === undefined) throw this.#error("create", name, "EINVAL");
    const device = deviceNumber(major, minor);
    try {
      this.#named("create", name, (call, fd, given) => call.mknodat(fd, given, format | 0o600, device));
    } catch (error) {
      // exfat-fuse makes a plain file instead, and the kernel calls that a broken device.
      if (!isSystemError(error, "EIO") || !this.stat(name, found) || found.type !== FILE) throw error;
      this.removeFile(name);
      throw this.#error("create", name, "EOPNOTSUPP");
    }
  }

  linkFrom(name: Uint8Array, from: Folder, fromName: Uint8Array): void {
    const source = linuxFolder(from).descriptor;
    const old = secondName.put(fromName, "link", from);
    this.#named("link", name, (call, fd, given) => call.linkat(source, old, fd, given, 0));
  }

  rename(name: Uint8Array, to: Folder, toName: Uint8Array, how: RenameHow): void {
    const old = firstName.put(name, "rename", this);
    const fresh = secondName.put(toName, "rename", to);
    const names = { from: this.descriptor, name: old, to: linuxFolder(to).descriptor, toName: fresh };
    const why = renameName(this.libc, names, how);
    if (why === undefined) return;
    const path = why === "EEXIST" || why === "ENOTEMPTY"
      ? joinPath(to.path, toName)
      : joinPath(this.path, name);
    throw new SystemError(path.startsWith(to.path) ? "rename to" : "rename", path, why);
  }

  removeFile(name: Uint8Array): void {
    this.#named("remove", name, (call, fd, given) => call.unlinkat(fd, given, 0));
  }

  removeFolder(name: Uint8Array): void {
    this.#named("remove", name, (call, fd, given) => call.unlinkat(fd, given, flag.AT_REMOVEDIR));
  }

  setMode(name: Uint8Array, mode: number): void {
    this.#namedOrItself(
      "set the mode of",
      name,
      (call, fd, given) => given === NO_NAME ? call.fchmod(fd, mode) : changeMode(this.libc, fd, given, mode),
    );
  }

  setOwner(name: Uint8Array, uid: number, gid: number): void {
    const how = flag.AT_SYMLINK_NOFOLLOW | flag.AT_EMPTY_PATH;
    this.#namedOrItself(
      "set the owner of",
      name,
      (call, fd, given) => call.fchownat(fd, given, uid, gid, how),
    );
  }

  setTimes(name: Uint8Array, sec: number, nsec: number): void {
    this.#namedOrItself(
      "set the time of",
      name,
      (_, fd, given) => setModified(this.libc, fd, given, { sec, nsec, isFuse: this.#isFuse() }),
    );
  }

  xattrs(name: Uint8Array): Xattr[] {
    return this.#attributes().all(name);
  }

  setXattr(name: Uint8Array, xattr: Xattr): void {
    this.#attributes().set(name, xattr);
  }

  removeXattr(name: Uint8Array, xattrName: string): void {
    this.#attributes().remove(name, xattrName);
  }

  sync(): void {
    this.libc.must("make durable", this, (call) => call.fsync(this.descriptor));
  }

  async syncAside(): Promise<void> {
    await this.libc.call.fsyncAside(this.descriptor);
  }

  [Symbol.dispose](): void {
    if (this.descriptor < 0) return;
    this.libc.call.close(this.descriptor);
    this.descriptor = -1;
    this.#xattrs = undefined; // the number may soon belong to another file
  }

  /** Whether a program gives the file system (FUSE): such a one may take a call and do nothing. */
  #isFuse(): boolean {
    return this.#fuse ??= isFuse(this.libc, this.descriptor);
  }

  #attributes(): FolderXattrs {
    return this.#xattrs ??= new FolderXattrs(this.libc, this);
  }

  #error(action: string, name: Uint8Array, errno: string): SystemError {
    return new SystemError(action, joinPath(this.path, name), errno);
  }

  /** Makes a call with one name, and throws when it fails. */
  #named(
    action: string,
    name: Uint8Array,
    call: CallWithName,
    given = firstName.put(name, action, this),
  ): number {
    const result = this.libc.repeat((libc) => call(libc, this.descriptor, given));
    if (result < 0) throw this.libc.failure(action, joinPath(this.path, name));
    return result;
  }

  /** The same; `.` is passed as `NO_NAME`. */
  #namedOrItself(action: string, name: Uint8Array, call: CallWithName): void {
    this.#named(action, name, call, isDot(name) ? NO_NAME : undefined);
  }
}

type CallWithName = (call: LibcSymbols, fd: number, name: Uint8Array<ArrayBuffer>) => number;

/** A folder that another thread has open and closes. */
export class BorrowedFolder extends LinuxFolder {
  override [Symbol.dispose](): void {}
}

/** The same folder, which must be a `LinuxFolder`. */
export function linuxFolder(folder: Folder): LinuxFolder {
  if (folder instanceof LinuxFolder) return folder;
  throw new SystemError("use", folder.path, "EINVAL");
}

/** dev_t in the form of the C library. */
function deviceNumber(major: number, minor: number): bigint {
  const [high, low] = [BigInt(major), BigInt(minor)];
  return (high & 0xfffff000n) << 32n | (high & 0xfffn) << 8n | (low & 0xffffff00n) << 12n | low & 0xffn;
}

/** Sets the mode of a name (NUL behind it) without following a link; below zero when the call failed. */
function changeMode(libc: Libc, folder: number, name: Uint8Array<ArrayBuffer>, mode: number): number {
  const direct = () => libc.call.fchmodat(folder, name, mode, flag.AT_SYMLINK_NOFOLLOW);
  const result = direct();
  if (result === 0 || !["EOPNOTSUPP", "EINVAL", "ENOSYS"].includes(errnoName(libc.errno))) return result;
  // Either it is a link, or the C library is too old for the flag: then do what newer libraries do.
  const descriptor = libc.call.openat(folder, name, AS_PLACE, 0);
  if (descriptor < 0) return descriptor;
  try {
    // Some file systems would change the mode of a link, and no call could put it back.
    if (statOpen(libc, descriptor, found) !== 0 || found.type === SYMLINK) return direct();
    return libc.call.chmod(linkTo(descriptor), mode);
  } finally {
    libc.call.close(descriptor); // leaves errno as it is when it succeeds, and this one has nothing to write
  }
}
