import { bytesOf, compareBytes } from "../model/bytes.ts";
import type { Xattr } from "../model/entry.ts";
import { decodePath, encodePath } from "../model/path_text.ts";
import type { Libc, LibcSymbols } from "./libc.ts";
import { LINK, linkTo, NameBuffer, terminated } from "./linux_name.ts";
import type { Opened } from "./linux_stat.ts";
import { isDot, LazyPath } from "./lazy_path.ts";
import { errnoName, SystemError } from "./system_error.ts";

// What Linux allows: 64 KB for a value, 64 KB for the list of names.
const LARGEST = 64 * 1024;
const ROOM = BigInt(LARGEST);

const READ = "read the attributes of";
const SET = "set an attribute of";
const REMOVE = "remove an attribute of";
const NONE = new Uint8Array();
let space: Uint8Array<ArrayBuffer> | undefined;

/**
 * The extended attributes of the names in one open folder. The calls take a path and no descriptor of a folder, so the
 * path goes through the kernel's link to the descriptor; the name after it is not followed. For the folder itself there
 * are other calls, because `.` would need the right to search the folder.
 */
export class FolderXattrs {
  readonly #itself: Place;
  #named: Place | undefined;
  readonly #throughProc: NameBuffer;

  constructor(private readonly libc: Libc, private readonly folder: Opened) {
    this.#itself = byDescriptor(folder.descriptor);
    this.#throughProc = new NameBuffer(bytesOf(`/proc/self/fd/${folder.descriptor}/`));
  }

  /** The attributes that SPEC 4 keeps, sorted by name; none on a file system without attributes. */
  all(name: Uint8Array): Xattr[] {
    return this.#at(name, READ).all();
  }

  set(name: Uint8Array, xattr: Xattr): void {
    this.#at(name, SET).set(xattr);
  }

  remove(name: Uint8Array, xattrName: string): void {
    this.#at(name, REMOVE).remove(xattrName);
  }

  #at(name: Uint8Array, action: string): Xattrs {
    if (isDot(name)) return new Xattrs(this.libc, this.folder, this.#itself);
    const path = this.#throughProc.put(name, action, this.folder); // always the same buffer
    return new Xattrs(this.libc, new LazyPath(this.folder, name), this.#named ??= byName(path));
  }
}

/** The extended attributes of what a descriptor holds that was opened as a place (O_PATH), by the kernel's link to it: used at once. */
export function xattrsOfPlace(libc: Libc, place: Opened): Xattrs {
  linkTo(place.descriptor);
  return new Xattrs(libc, place, LINKED);
}

/** The extended attributes of one entry. */
export class Xattrs {
  constructor(
    private readonly libc: Libc,
    private readonly where: { readonly path: string },
    private readonly place: Place,
  ) {}

  /** See `FolderXattrs`. */
  all(): Xattr[] {
    const listed = this.#read((call, into) => this.place.list(call, into)) ?? NONE;
    const found: Xattr[] = [];
    for (let start = 0; start < listed.length;) {
      const end = listed.indexOf(0, start);
      const name = listed.subarray(start, end + 1);
      start = end + 1;
      const text = encodePath(name.subarray(0, -1));
      if (!isKept(text)) continue;
      const value = this.#read((call, into) => this.place.get(call, name, into));
      if (value !== undefined) found.push({ name: text, value });
    }
    return found.sort((a, b) => compareBytes(decodePath(a.name), decodePath(b.name)));
  }

  set(xattr: Xattr): void {
    const name = terminated(decodePath(xattr.name));
    const value = xattr.value as Bytes;
    const length = BigInt(value.length);
    this.libc.must(SET, this.where, (call) => this.place.set(call, name, value, length));
  }

  remove(name: string): void {
    const text = terminated(decodePath(name));
    this.libc.must(REMOVE, this.where, (call) => this.place.remove(call, text));
  }

  /** Undefined when there are no attributes here, or when this one was removed after it was listed. */
  #read(read: (call: LibcSymbols, into: Bytes) => number): Bytes | undefined {
    const into = space ??= new Uint8Array(LARGEST);
    const length = this.libc.repeat((call) => read(call, into));
    if (length >= 0) return length === 0 ? NONE : into.slice(0, length);
    const why = errnoName(this.libc.errno);
    if (why === "ENODATA" || why === "EOPNOTSUPP") return undefined;
    throw new SystemError(READ, this.where.path, why);
  }
}

type Bytes = Uint8Array<ArrayBuffer>;

/** The calls for one entry. */
interface Place {
  list(call: LibcSymbols, into: Bytes): number;
  get(call: LibcSymbols, name: Bytes, into: Bytes): number;
  set(call: LibcSymbols, name: Bytes, value: Bytes, length: bigint): number;
  remove(call: LibcSymbols, name: Bytes): number;
}

function byDescriptor(fd: number): Place {
  return {
    list: (call, into) => call.flistxattr(fd, into, ROOM),
    get: (call, name, into) => call.fgetxattr(fd, name, into, ROOM),
    set: (call, name, value, length) => call.fsetxattr(fd, name, value, length, 0),
    remove: (call, name) => call.fremovexattr(fd, name),
  };
}

function byName(path: Bytes): Place {
  return {
    list: (call, into) => call.llistxattr(path, into, ROOM),
    get: (call, name, into) => call.lgetxattr(path, name, into, ROOM),
    set: (call, name, value, length) => call.lsetxattr(path, name, value, length, 0),
    remove: (call, name) => call.lremovexattr(path, name),
  };
}

/** By what `linkTo` was asked for last: all of it is done before other code runs. */
const LINKED: Place = {
  list: (call, into) => call.listxattr(LINK, into, ROOM),
  get: (call, name, into) => call.getxattr(LINK, name, into, ROOM),
  set: (call, name, value, length) => call.setxattr(LINK, name, value, length, 0),
  remove: (call, name) => call.removexattr(LINK, name),
};

// XFS shows the ACLs to root a second time, in the form they have on disk.
const ACLS_AGAIN = ["trusted.SGI_ACL_FILE", "trusted.SGI_ACL_DEFAULT"];

function isKept(name: string): boolean {
  if (name.startsWith("user.")) return true;
  if (name.startsWith("trusted.")) return !name.startsWith("trusted.overlay.") && !ACLS_AGAIN.includes(name);
  return name === "security.capability" || name === "system.posix_acl_access" ||
    name === "system.posix_acl_default";
}
