import type { BytePath } from "../model/bytes.ts";
import type { Xattr } from "../model/entry.ts";
import type { FileSystem } from "./file_system.ts";
import type { DenoHost } from "./host_names.ts";
import type { OpenEntry } from "./open_entry.ts";
import { Stat } from "./stat.ts";
import type { PlacesInUse, UserOfFolder } from "./uses_of_folder.ts";

/**
 * What the system offers, behind one interface. A `Folder` is an open folder (a descriptor where there is FFI), and
 * everything is reached from it, one name at a time. Names are bytes, and no symbolic link is followed. All calls are
 * synchronous, because hot loops use them. A call that fails throws a `SystemError` with the path.
 */
export interface Platform {
  readonly abilities: PlatformAbilities;

  /** Opens a folder by absolute path. Links on the way are followed, as a user expects. */
  openFolder(path: string | BytePath): Folder;

  /** A folder that another thread of this process has lent. That thread closes it: here the end of `using` does not. */
  borrow(lent: LentFolder): Folder;

  /**
   * Where an open folder is now: its absolute path without links, for programs that take only paths. Undefined if it was
   * removed, or the path is no UTF-8.
   */
  whereIs(folder: Folder): string | undefined;

  /** Whether anything is mounted below a folder, as far as this process sees mounts; true where the system does not say. */
  hasMountsBelow(folder: Folder): boolean;

  /**
   * The file system that an absolute path leads to by its text, if a program or another machine serves it. The file system
   * itself is not asked: it may not answer. Undefined too where the system does not say.
   */
  servedMount(path: string): ServedMount | undefined;

  /** Such file systems that are mounted below a folder, but not inside another mount there. None where the system does not say. */
  servedMountsBelow(folder: Folder): readonly ServedMount[];

  /** The file system that a folder is on. */
  fileSystem(folder: Folder): FileSystem;

  /** Makes everything durable that was written to the file system of the folder. */
  syncFileSystem(folder: Folder): void;
  /** The same beside this thread, whose timers run. A failure tells no reason: `E_IO`. The folder must stay open until it is done. */
  syncFileSystemAside(folder: Folder): Promise<void>;

  /**
   * Other processes that are in one of these folders (absolute, without links) or have a file in it open, as far as we can
   * see; how they use the first of them. All processes are asked, so it is best to ask once.
   */
  usersOf(paths: readonly string[]): UserOfFolder[];

  /** What other processes use below a folder, as far as we can see; undefined where the system does not say. */
  placesInUse(folder: Folder): PlacesInUse | undefined;

  /** This machine and user. */
  readonly host: Host;
}

/** Where a file system is mounted that is served by a program or another machine. */
export interface ServedMount {
  readonly path: string;
  /** `fuse.juicefs`, `nfs4`, … */
  readonly kind: string;
}

/** An open folder for other threads of the same process. */
export interface LentFolder {
  readonly descriptor: number;
  readonly path: string;
}

/** What this platform can do. Callers ask for abilities, never for the name of the system. */
export interface PlatformAbilities {
  /** Names that are not UTF-8 can be read and written. */
  readonly byteNames: boolean;
  /** Times in nanoseconds, change times and inode numbers are exact enough to trust a stat cache. */
  readonly exactStat: boolean;
  readonly xattrs: boolean;
  /** Holes can be found and kept. */
  readonly holes: boolean;
  /** `OpenFile.cloneFrom` works where the file system can. */
  readonly cloneFile: boolean;
  /** `Folder.rename` can exchange two names in one step. */
  readonly exchange: boolean;
  /** FIFOs, sockets and device nodes can be made. */
  readonly specialFiles: boolean;
  /** Mount points are recognised even when the device number is the same (bind mounts). */
  readonly mountRoots: boolean;
}

/** What the process may set on files, besides what every user may set on their own files. */
export interface Rights {
  /** The groups that the process is in; null when the system does not say. */
  readonly groups: readonly number[] | null;
  /** Any owner and any group. */
  readonly anyOwner: boolean;
  /** Device nodes may be made. */
  readonly devices: boolean;
  /** Whether the process may see and set an extended attribute of this name. */
  readonly xattr: (name: string) => boolean;
}

/** The machine and the user, as intents, locks and audit records name them. */
export interface Host extends DenoHost {
  readonly bootId: string;
  /** When this process started: tells it from a later process with the same pid. */
  readonly startTime: string;
  readonly rights: Rights;
  /** Whether Ctrl-C reaches this process, and with it what it starts in its process group. */
  readonly isInForeground: boolean;
  /** Whether this process, of this machine and boot, still runs. */
  isAlive(pid: number, startTime: string): boolean;
}

/** The names in a folder when it was listed, without `.` and `..`. */
export interface Listing {
  readonly count: number;
  /** A view that must not be changed. */
  name(index: number): Uint8Array;
  /** The inode number, where the system tells it together with the names: that of what lies below a mount point. */
  inode?(index: number): number;
}

/** How a file is opened. It must exist for `read` and `write`; it must not for `create`, which allows both. */
export type OpenHow = "read" | "write" | "create";

/** Whether a lock excludes every other one (the default), or only those that exclude it. */
export type LockHow = "alone" | "shared";

/** What a rename does with the new name: see `Folder.rename`. */
export type RenameHow = "replace" | "fresh" | "exchange";

/**
 * An open folder. `name` is one part of a path (no slash), or `.` for the folder itself where a method allows it. No
 * link is followed. `using` closes the folder.
 */
export interface Folder extends Disposable {
  /** The path it was opened by, encoded for display. */
  readonly path: string;

  /**
   * What other threads of this process need to use the same open folder (`Platform.borrow`); undefined where they cannot.
   * It must stay open until they are done.
   */
  lend(): LentFolder | undefined;
  /** All names in it, in no order. */
  list(): Listing;
  /** Fills `into`; false when the name does not exist. `.` is allowed. */
  stat(name: Uint8Array, into: Stat): boolean;
  /** Opens a folder in it; ENOTDIR or ELOOP for a symbolic link. `.` opens the same folder again, `..` is refused. */
  openFolder(name: Uint8Array): Folder;
  /**
   * Opens a file. `create` gives it `mode` (0600 by default) without the bits of the umask; the mode may lack write
   * bits. Never waits for a FIFO.
   */
  openFile(name: Uint8Array, how: OpenHow, mode?: number): OpenFile;
  /**
   * Holds what has this name now, of any type, without opening it; undefined when the name does not exist. `.` holds the folder,
   * while that is open.
   */
  openEntry(name: Uint8Array): OpenEntry | undefined;
  readLink(name: Uint8Array): Uint8Array;

  /**
   * Makes a folder with exactly this mode; by default 0777 without the bits of the umask. EEXIST when the name
   * exists.
   */
  makeFolder(name: Uint8Array, mode?: number): void;
  makeSymlink(name: Uint8Array, target: Uint8Array): void;
  /** Makes a FIFO, SOCKET, CHAR or BLOCK of `model/entry`. */
  makeSpecial(name: Uint8Array, type: number, major: number, minor: number): void;
  /** Makes a hard link to `fromName` in `from`; to the link itself when that is a symbolic link. */
  linkFrom(name: Uint8Array, from: Folder, fromName: Uint8Array): void;

  /**
   * Atomic. `replace`: as rename(2). `fresh`: EEXIST when `toName` exists. `exchange`: both must exist.
   *
   * Where the file system cannot refuse to replace, `fresh` takes two steps. Killed between them it leaves one file under both
   * names, or, without hard links, an empty file at `toName`; what others write into that one then goes to `name`.
   */
  rename(name: Uint8Array, to: Folder, toName: Uint8Array, how: RenameHow): void;
  /** Removes anything but a folder. */
  removeFile(name: Uint8Array): void;
  /** Removes an empty folder. */
  removeFolder(name: Uint8Array): void;

  /** Not for symbolic links, which have no mode. `.` is allowed here and in the next five methods. */
  setMode(name: Uint8Array, mode: number): void;
  setOwner(name: Uint8Array, uid: number, gid: number): void;
  /** Sets mtime and leaves atime. */
  setTimes(name: Uint8Array, sec: number, nsec: number): void;
  /**
   * The attributes that SPEC 4 keeps (user.*, trusted.* but not overlay's, security.capability, both ACLs), sorted by
   * the bytes of their names.
   */
  xattrs(name: Uint8Array): Xattr[];
  setXattr(name: Uint8Array, xattr: Xattr): void;
  removeXattr(name: Uint8Array, xattrName: Xattr["name"]): void;

  /** fsync of the folder: makes the names in it durable. */
  sync(): void;
  /**
   * Starts the same beside other work, so that the real `sync` later finds little to do. It reports no failure. The
   * folder must stay open until it is done.
   */
  syncAside(): Promise<void>;
}

/** A piece of the disk that a file uses. Files that share blocks have pieces that overlap. */
export interface Extent {
  /** In bytes from the beginning of the disk. */
  readonly start: number;
  readonly length: number;
  /** Whether something else uses blocks of it, as the file system says. */
  readonly isShared: boolean;
  /** Whether it takes less room than its length: it is compressed. */
  readonly isEncoded: boolean;
}

/** An open file. */
export interface OpenFile extends Disposable {
  /** The path it was opened by, encoded for display. */
  readonly path: string;
  /** Reads from the current position; 0 at the end. */
  read(buffer: Uint8Array): number;
  /** Skips the hole at the current position and returns its length; 0 when there is none, or holes cannot be found. */
  skipHole(): number;
  /** Writes all of the bytes at the current position. */
  write(bytes: Uint8Array): void;
  /** Reads from this position; 0 at the end. */
  readAt(buffer: Uint8Array, position: number): number;
  /** Writes all of the bytes at this position. */
  writeAt(bytes: Uint8Array, position: number): void;
  /** Cuts the file to this size, or adds zeros. */
  truncate(size: number): void;
  stat(into: Stat): void;
  setMode(mode: number): void;
  /** EOPNOTSUPP where it can only be done by the path: another user could have put something else there. */
  setOwner(uid: number, gid: number): void;
  /**
   * Takes the lock of the file (flock) if it is free; false if it is not. Any number of openings can have it `shared`, also of a
   * file that is open for reading only. Closing the file frees it.
   */
  tryLock(how?: LockHow): boolean;
  /**
   * Takes bytes of the file for reading (fcntl, for this opening), if no program has them to write; false if one has. The bytes
   * need not exist, and nothing is written. Closing the file frees them.
   */
  tryLockBytes(start: number, length: number): boolean;
  unlockBytes(start: number, length: number): void;
  /** fdatasync; also covers writes through a memory map. */
  syncData(): void;
  sync(): void;
  /**
   * For a file from which nothing was read yet: waits until a write that is under way has ended. Its times were set when it began, so nothing would tell that what is read is
   * only a part of it. Not for what a program gave to the kernel without waiting for it (O_DIRECT by io_uring or libaio).
   */
  waitForWrite(): void;
  /** Shares all blocks of the source (FICLONE): EOPNOTSUPP, EXDEV or EINVAL where that is impossible. */
  cloneFrom(source: OpenFile): void;
  /**
   * Copies the source into this empty file and keeps holes where it can. Each round copies a piece of at most 16 MB and
   * yields its size, so that a large file can be copied in slices.
   */
  copyPieces(source: OpenFile): Iterable<number>;
  /** How many bytes a copy of it must write: its size without the holes that can be found. */
  dataBytes(): number;
  /** Where its content is on the disk, in the order of the file; undefined where the file system does not say. */
  extents(): Extent[] | undefined;
}

/** The whole content of a small file, as long as `stat` says. */
export function readWhole(file: OpenFile, stat: Stat = Stat.ofFile(file)): Uint8Array<ArrayBuffer> {
  return readInto(file, new Uint8Array(stat.size));
}

/** The same in given memory, which has room for all of it. */
export function readInto<B extends ArrayBufferLike>(file: OpenFile, content: Uint8Array<B>): Uint8Array<B> {
  let used = 0;
  while (used < content.length) {
    const read = file.read(used === 0 ? content : content.subarray(used));
    if (read === 0) return content.subarray(0, used); // cut in between
    used += read;
  }
  return content;
}
