import { bytesOf } from "../model/bytes.ts";
import { BLOCK, CHAR, DIR, FIFO, FILE, SOCKET, SYMLINK, type Xattr } from "../model/entry.ts";
import { EINTR, ENOENT, errnoName } from "./errno.ts";
import type { Libc } from "./libc.ts";
import * as flag from "./linux_constants.ts";
import { LinuxFile } from "./linux_file.ts";
import { listOpen } from "./linux_listing.ts";
import { NameBuffer, NO_NAME, terminated } from "./linux_name.ts";
import { renameName } from "./linux_rename.ts";
import { statName, statOpen } from "./linux_stat.ts";
import { FolderXattrs } from "./linux_xattr.ts";
import { isDot, joinPath, LazyPath } from "./lazy_path.ts";
import { type Folder, type Listing, type OpenFile, type OpenHow, type RenameHow, Stat } from "./platform.ts";
import { SystemError } from "./system_error.ts";

const AS_FOLDER = flag.O_RDONLY | flag.O_DIRECTORY | flag.O_NOFOLLOW | flag.O_CLOEXEC;
// O_NONBLOCK: opening a FIFO must not wait.
const AS_FILE = {
  read: flag.O_RDONLY | flag.O_NONBLOCK | flag.O_NOFOLLOW | flag.O_CLOEXEC,
  write: flag.O_WRONLY | flag.O_NONBLOCK | flag.O_NOFOLLOW | flag.O_CLOEXEC,
  create: flag.O_RDWR | flag.O_CREAT | flag.O_EXCL | flag.O_NOFOLLOW | flag.O_CLOEXEC,
};

const NODE_FORMATS = new Map([[FIFO, 0o010000], [CHAR, 0o020000], [BLOCK, 0o060000], [SOCKET, 0o140000]]);
const UTIME_OMIT = 0x3ffffffen;
// A link's target is shorter than a page of 4,096 bytes.
const LINK_ROOM = 4096;

// Every call ends before another begins, so all folders of a thread share these buffers.
const firstName = new NameBuffer();
const secondName = new NameBuffer();
const found = new Stat();
const target = new Uint8Array(LINK_ROOM);
const times = new BigInt64Array(4);
const timesBytes = new Uint8Array(times.buffer);

/** A folder, open by descriptor. */
export class LinuxFolder implements Folder {
  readonly #libc: Libc;
  readonly #where: { readonly path: string };
  #descriptor: number;
  #xattrs: FolderXattrs | undefined;

  constructor(libc: Libc, descriptor: number, where: { readonly path: string }) {
    this.#libc = libc;
    this.#descriptor = descriptor;
    this.#where = where;
  }

  get path(): string {
    return this.#where.path;
  }

  get descriptor(): number {
    return this.#descriptor;
  }

  list(): Listing {
    // The first time too: otherwise btrfs does not list files that were made after the folder was opened.
    this.#libc.call.lseek(this.#descriptor, 0n, 0);
    const listing = listOpen(this.#libc, this.#descriptor);
    if (listing === undefined) throw this.#libc.failure("list", this.path);
    return listing;
  }

  stat(name: Uint8Array, into: Stat): boolean {
    const dot = isDot(name);
    const given = dot ? NO_NAME : firstName.put(name, "look at", this);
    for (;;) {
      const result = dot
        ? statOpen(this.#libc, this.#descriptor, into)
        : statName(this.#libc, this.#descriptor, given, into);
      if (result === 0) return true;
      const errno = this.#libc.errno;
      if (errno === ENOENT && !dot) return false;
      if (errno !== EINTR) throw new SystemError("look at", joinPath(this.path, name), errnoName(errno));
    }
  }

  openFolder(name: Uint8Array): LinuxFolder {
    const descriptor = this.#named("open", name, (given) => this.#openAt(given, AS_FOLDER));
    return new LinuxFolder(this.#libc, descriptor, new LazyPath(this.#where, name));
  }

  openFile(name: Uint8Array, how: OpenHow, mode = 0o600): OpenFile {
    const action = how === "create" ? "create" : "open";
    const descriptor = this.#named(action, name, (given) => this.#openAt(given, AS_FILE[how], mode));
    const file = new LinuxFile(this.#libc, descriptor, new LazyPath(this.#where, name), how !== "read");
    if (how === "create") return file;
    if (statOpen(this.#libc, descriptor, found) === 0 && found.type === FILE) return file;
    file[Symbol.dispose]();
    throw new SystemError(action, joinPath(this.path, name), found.type === DIR ? "EISDIR" : "EINVAL");
  }

  readLink(name: Uint8Array): Uint8Array {
    const { call } = this.#libc;
    const length = this.#named(
      "read the link",
      name,
      (given) => call.readlinkat(this.#descriptor, given, target, BigInt(LINK_ROOM)),
    );
    return target.slice(0, length);
  }

  makeFolder(name: Uint8Array, mode?: number): void {
    const { call } = this.#libc;
    this.#named("create", name, (given) => call.mkdirat(this.#descriptor, given, (mode ?? 0o777) & 0o777));
    if (mode === undefined) return;
    // The umask, a setgid parent and default ACLs change the mode that mkdir sets.
    if (!this.stat(name, found) || found.mode !== mode) this.setMode(name, mode);
  }

  makeSymlink(name: Uint8Array, target: Uint8Array): void {
    if (target.includes(0)) throw new SystemError("create", joinPath(this.path, name), "EINVAL");
    const text = terminated(target);
    this.#named("create", name, (given) => this.#libc.call.symlinkat(text, this.#descriptor, given));
  }

  makeSpecial(name: Uint8Array, type: number, major: number, minor: number): void {
    const format = NODE_FORMATS.get(type);
    if (format === undefined) throw new SystemError("create", joinPath(this.path, name), "EINVAL");
    const device = deviceNumber(major, minor);
    const { call } = this.#libc;
    this.#named("create", name, (given) => call.mknodat(this.#descriptor, given, format | 0o600, device));
  }

  linkFrom(name: Uint8Array, from: Folder, fromName: Uint8Array): void {
    const source = descriptorOf(from);
    const old = secondName.put(fromName, "link", from);
    this.#named("link", name, (given) => this.#libc.call.linkat(source, old, this.#descriptor, given, 0));
  }

  rename(name: Uint8Array, to: Folder, toName: Uint8Array, how: RenameHow): void {
    const old = firstName.put(name, "rename", this);
    const fresh = secondName.put(toName, "rename", to);
    const names = { from: this.#descriptor, name: old, to: descriptorOf(to), toName: fresh };
    const why = renameName(this.#libc, names, how);
    if (why === undefined) return;
    const path = why === "EEXIST" || why === "ENOTEMPTY"
      ? joinPath(to.path, toName)
      : joinPath(this.path, name);
    throw new SystemError(path.startsWith(to.path) ? "rename to" : "rename", path, why);
  }

  removeFile(name: Uint8Array): void {
    this.#named("remove", name, (given) => this.#libc.call.unlinkat(this.#descriptor, given, 0));
  }

  removeFolder(name: Uint8Array): void {
    const { call } = this.#libc;
    this.#named("remove", name, (given) => call.unlinkat(this.#descriptor, given, flag.AT_REMOVEDIR));
  }

  setMode(name: Uint8Array, mode: number): void {
    const { call } = this.#libc;
    this.#named(
      "set the mode of",
      name,
      (given) =>
        given === NO_NAME
          ? call.fchmod(this.#descriptor, mode)
          : changeMode(this.#libc, this.#descriptor, given, mode),
      true,
    );
  }

  setOwner(name: Uint8Array, uid: number, gid: number): void {
    const { call } = this.#libc;
    const how = flag.AT_SYMLINK_NOFOLLOW | flag.AT_EMPTY_PATH;
    this.#named(
      "set the owner of",
      name,
      (given) => call.fchownat(this.#descriptor, given, uid, gid, how),
      true,
    );
  }

  setTimes(name: Uint8Array, sec: number, nsec: number): void {
    times[1] = UTIME_OMIT;
    times[2] = BigInt(sec);
    times[3] = BigInt(nsec);
    const { call } = this.#libc;
    this.#named(
      "set the time of",
      name,
      (given) =>
        given === NO_NAME
          ? call.futimens(this.#descriptor, timesBytes)
          : call.utimensat(this.#descriptor, given, timesBytes, flag.AT_SYMLINK_NOFOLLOW),
      true,
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
    this.#libc.must("make durable", this, () => this.#libc.call.fsync(this.#descriptor));
  }

  async syncAside(): Promise<void> {
    await this.#libc.call.fsyncAside(this.#descriptor);
  }

  [Symbol.dispose](): void {
    if (this.#descriptor < 0) return;
    this.#libc.call.close(this.#descriptor);
    this.#descriptor = -1;
    this.#xattrs = undefined; // the number may soon belong to another file
  }

  #attributes(): FolderXattrs {
    return this.#xattrs ??= new FolderXattrs(this.#libc, this.#descriptor, this);
  }

  #openAt(name: Uint8Array<ArrayBuffer>, flags: number, mode = 0): number {
    return this.#libc.call.openat(this.#descriptor, name, flags, mode);
  }

  /** Makes a call with one name, and throws when it fails. With `orItself`, `.` is passed as `NO_NAME`. */
  #named(
    action: string,
    name: Uint8Array,
    call: (name: Uint8Array<ArrayBuffer>) => number,
    orItself = false,
  ): number {
    const given = orItself && isDot(name) ? NO_NAME : firstName.put(name, action, this);
    const result = this.#libc.repeat(() => call(given));
    if (result < 0) throw this.#libc.failure(action, joinPath(this.path, name));
    return result;
  }
}

/** The descriptor of a folder, which must be a `LinuxFolder`. */
export function descriptorOf(folder: Folder): number {
  if (folder instanceof LinuxFolder) return folder.descriptor;
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
  const descriptor = libc.call.openat(folder, name, flag.O_PATH | flag.O_NOFOLLOW | flag.O_CLOEXEC, 0);
  if (descriptor < 0) return descriptor;
  try {
    // Some file systems would change the mode of a link, and no call could put it back.
    if (statOpen(libc, descriptor, found) !== 0 || found.type === SYMLINK) return direct();
    return libc.call.chmod(terminated(bytesOf(`/proc/self/fd/${descriptor}`)), mode);
  } finally {
    libc.call.close(descriptor); // leaves errno as it is when it succeeds, and this one has nothing to write
  }
}
