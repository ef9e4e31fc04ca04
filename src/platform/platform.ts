import type { BytePath } from "../model/bytes.ts";
import type { Xattr } from "../model/entry.ts";

/**
 * What the system offers, behind one interface. Names are bytes and never looked up through a symbolic link: a
 * `Folder` is an open folder (a descriptor where there is FFI), and everything is reached name by name from it.
 * All calls are synchronous: they are the body of hot loops. What fails throws a `SystemError` that carries the path.
 */
export interface Platform {
  readonly abilities: PlatformAbilities;

  /** Opens a folder by absolute path; links that lead to it are followed, as a user expects of a path they give. */
  openFolder(path: string | BytePath): Folder;

  /** What file system a folder lies on. */
  fileSystem(folder: Folder): FileSystem;

  /** Makes everything written to the folder's file system durable, or throws. */
  syncFileSystem(folder: Folder): void;

  /** Other processes that stand in a folder (absolute, without links) or have a file in it open, as far as seen. */
  usersOf(path: string): UserOfFolder[];

  /** Who and where we are. */
  readonly host: Host;
}

/** A process that uses a folder. */
export interface UserOfFolder {
  readonly pid: number;
  /** The program's name. */
  readonly name: string;
  /** It stands in the folder, or has a file in it open. */
  readonly uses: "folder" | "file";
}

/** What holds here; callers ask these, never the system's name. */
export interface PlatformAbilities {
  /** Names that are no UTF-8 can be read and written. */
  readonly byteNames: boolean;
  /** Times to the nanosecond, change times and inode numbers exact enough to trust a stat cache. */
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
  /** A mount point is seen as such even when it has the same device number (bind mounts). */
  readonly mountRoots: boolean;
}

/** A file system, told apart by an id that outlives mounting: never st_dev. */
export interface FileSystem {
  /** `xfs`, `btrfs`, `ext4`, `tmpfs`, `overlay`, `fuse.juicefs`, … ; `unknown` where it cannot be told. */
  readonly kind: string;
  /** UUID, JuiceFS volume, btrfs UUID and subvolume; the best there is, else `<kind>:<f_fsid>`, or `unknown`. */
  readonly id: string;
  readonly readOnly: boolean;
  readonly freeBytes: number;
  readonly freeInodes: number;
  /** How far apart two times must be before one can be called later, in nanoseconds. */
  readonly granularityNs: number;
}

/** What the process may give to files, besides what every user may give to their own. */
export interface Rights {
  /** The groups that it is in; null where the system does not tell. */
  readonly groups: readonly number[] | null;
  /** Any owner and any group. */
  readonly anyOwner: boolean;
  /** Device nodes may be made. */
  readonly devices: boolean;
  /** Whether it may see and set an extended attribute of this name. */
  readonly xattr: (name: string) => boolean;
}

/** The machine and the user, as intents, locks and audit records name them. */
export interface Host {
  readonly name: string;
  /** Stays the same on one machine (machine id, else the name), safe as a folder's name. */
  readonly id: string;
  readonly bootId: string;
  readonly pid: number;
  /** When this process started, in a form that differs for a later process of the same pid. */
  readonly startTime: string;
  readonly uid: number;
  readonly gid: number;
  readonly userName: string;
  readonly rights: Rights;
  /** Whether that process of this machine and boot still runs. */
  isAlive(pid: number, startTime: string): boolean;
}

/** What is known of an entry; one object is filled again and again. */
export class Stat {
  /** A number of `model/entry`. */
  type = 0;
  /** st_mode & 07777. */
  mode = 0;
  uid = 0;
  gid = 0;
  nlink = 0;
  size = 0;
  /** Blocks of 512 bytes that are really there. */
  blocks = 0;
  mtimeSec = 0;
  mtimeNsec = 0;
  ctimeSec = 0;
  ctimeNsec = 0;
  inoLo = 0;
  inoHi = 0;
  /** The device it lies on: only to compare within one run, never to be stored. */
  devMajor = 0;
  devMinor = 0;
  /** Of a device node. */
  rdevMajor = 0;
  rdevMinor = 0;
  /** It is the root of a mount, bind mounts included. */
  mountRoot = false;
  /** Immutable, append-only or the like: flags that are not kept. */
  inodeFlags = false;
}

/** The names in one folder, without `.` and `..`, as they were when it was listed. */
export interface Listing {
  readonly count: number;
  /** A view that must not be changed. */
  name(index: number): Uint8Array;
}

/** How a file is opened: it must be there (`read`, `write`), or must not (`create`, to read and write it). */
export type OpenHow = "read" | "write" | "create";

/**
 * An open folder. `name` is one part of a path (no slash) or `.` for the folder itself where said. Nothing is followed
 * through a link. Closing is by `using`.
 */
export interface Folder extends Disposable {
  /** For people: the path it was opened by, encoded for display. */
  readonly path: string;

  /** All names in it, in no order. */
  list(): Listing;
  /** Fills `into`; false when there is nothing of that name. `.` allowed. */
  stat(name: Uint8Array, into: Stat): boolean;
  /** Opens a folder in it; a symbolic link is ENOTDIR or ELOOP. `.` gives a second handle, `..` is refused. */
  openFolder(name: Uint8Array): Folder;
  /**
   * Opens a file: `read`; `write` (existing); `create` (must not exist; `mode`, 0600 by default, is less what the umask
   * takes, and may be without write bits). Never waits on a FIFO.
   */
  openFile(name: Uint8Array, how: OpenHow, mode?: number): OpenFile;
  readLink(name: Uint8Array): Uint8Array;

  /** EEXIST when it is there. It gets exactly this mode; by default what the umask leaves of 0777. */
  makeFolder(name: Uint8Array, mode?: number): void;
  makeSymlink(name: Uint8Array, target: Uint8Array): void;
  /** FIFO, SOCKET, CHAR or BLOCK of `model/entry`. */
  makeSpecial(name: Uint8Array, type: number, major: number, minor: number): void;
  /** A hard link here to `fromName` in `from` (the link itself when it is a symbolic one). */
  linkFrom(name: Uint8Array, from: Folder, fromName: Uint8Array): void;

  /**
   * Atomic. `replace`: as rename(2). `fresh`: EEXIST when `toName` is there. `exchange`: both must be there.
   */
  rename(name: Uint8Array, to: Folder, toName: Uint8Array, how: "replace" | "fresh" | "exchange"): void;
  /** Anything but a folder. */
  removeFile(name: Uint8Array): void;
  /** An empty folder. */
  removeFolder(name: Uint8Array): void;

  /** Not for symbolic links (they have no mode). `.` allowed in this and the next five. */
  setMode(name: Uint8Array, mode: number): void;
  setOwner(name: Uint8Array, uid: number, gid: number): void;
  /** Sets mtime; atime is left. */
  setTimes(name: Uint8Array, sec: number, nsec: number): void;
  /** Those that SPEC 4 keeps: user.*, trusted.* (not overlay's), security.capability and both ACLs; sorted by the names' bytes. */
  xattrs(name: Uint8Array): Xattr[];
  setXattr(name: Uint8Array, xattr: Xattr): void;
  removeXattr(name: Uint8Array, xattrName: Xattr["name"]): void;

  /** fsync of the folder: the names in it are durable. */
  sync(): void;
  /**
   * Begins the same beside other work, so that the sync that counts finds little left to do. It proves nothing, so it fails
   * at nothing. The folder stays open until it is done.
   */
  syncAside(): Promise<void>;
}

/** An open file. */
export interface OpenFile extends Disposable {
  /** For people: the path it was opened by, encoded for display. */
  readonly path: string;
  /** Reads on from where it is; 0 at the end. */
  read(buffer: Uint8Array): number;
  /** Moves on over the hole where it stands, and gives its length: so many zeros. 0 where there is none, or none can be told. */
  skipHole(): number;
  /** Writes all of it at the end of what was written. */
  write(bytes: Uint8Array): void;
  /** Reads from a place in it; 0 at the end. */
  readAt(buffer: Uint8Array, position: number): number;
  /** Writes all of it at a place in it. */
  writeAt(bytes: Uint8Array, position: number): void;
  /** Cuts it, or makes it longer by zeros. */
  truncate(size: number): void;
  stat(into: Stat): void;
  setMode(mode: number): void;
  /** Takes the file's lock for this opening of it alone (flock), if it is free. Closing the file frees it. */
  tryLock(): boolean;
  /** fdatasync; also brings up what was stored through a memory map. */
  syncData(): void;
  sync(): void;
  /** Shares all of the source's blocks (FICLONE): EOPNOTSUPP, EXDEV or EINVAL where that cannot be. */
  cloneFrom(source: OpenFile): void;
  /**
   * Copies all of the source, holes kept where they can be, into this empty file: in each round a piece of at most
   * 16 MB, whose bytes it gives, so that a large file can be copied in slices. Nothing happens without the rounds.
   */
  copyPieces(source: OpenFile): Iterable<number>;
  /** How many bytes a copy of it has to write: less than its size where holes can be found. */
  dataBytes(): number;
}
