import { bytesOf, compareBytes } from "../model/bytes.ts";
import type { Xattr } from "../model/entry.ts";
import { decodePath, encodePath } from "../model/path_text.ts";
import type { Libc, LibcSymbols } from "./libc.ts";
import { NameBuffer, terminated } from "./linux_name.ts";
import type { Opened } from "./linux_stat.ts";
import { isDot, joinPath } from "./lazy_path.ts";
import { errnoName, SystemError } from "./system_error.ts";

// What Linux allows: 64 KB for a value, 64 KB for the list of names.
const LARGEST = 64 * 1024;
const ROOM = BigInt(LARGEST);

const READ = "read the attributes of";
const NONE = new Uint8Array();
let space: Uint8Array<ArrayBuffer> | undefined;

/**
 * The extended attributes of the names in one open folder. The calls take a path and no descriptor of a folder, so the
 * path goes through the kernel's link to the descriptor; the name after it is not followed. For the folder itself there
 * are other calls, because `.` would need the right to search the folder.
 */
export class FolderXattrs {
  readonly #fd: number;
  readonly #throughProc: NameBuffer;

  constructor(private readonly libc: Libc, private readonly folder: Opened) {
    this.#fd = folder.descriptor;
    this.#throughProc = new NameBuffer(bytesOf(`/proc/self/fd/${this.#fd}/`));
  }

  /** The attributes that SPEC 4 keeps, sorted by name; none on a file system without attributes. */
  all(name: Uint8Array): Xattr[] {
    const path = this.#pathOf(name, READ);
    const list: ReadCall = (call, into) =>
      path ? call.llistxattr(path, into, ROOM) : call.flistxattr(this.#fd, into, ROOM);
    const listed = this.#read(name, list) ?? NONE;
    const found: Xattr[] = [];
    for (let start = 0; start < listed.length;) {
      const end = listed.indexOf(0, start);
      const xattrName = listed.subarray(start, end + 1);
      start = end + 1;
      const text = encodePath(xattrName.subarray(0, -1));
      if (!isKept(text)) continue;
      const get: ReadCall = (call, into) =>
        path ? call.lgetxattr(path, xattrName, into, ROOM) : call.fgetxattr(this.#fd, xattrName, into, ROOM);
      const value = this.#read(name, get);
      if (value !== undefined) found.push({ name: text, value });
    }
    return found.sort((a, b) => compareBytes(decodePath(a.name), decodePath(b.name)));
  }

  set(name: Uint8Array, xattr: Xattr): void {
    const text = terminated(decodePath(xattr.name));
    const value = xattr.value as Uint8Array<ArrayBuffer>;
    const length = BigInt(value.length);
    this.#change(
      "set an attribute of",
      name,
      (call, path) =>
        path
          ? call.lsetxattr(path, text, value, length, 0)
          : call.fsetxattr(this.#fd, text, value, length, 0),
    );
  }

  remove(name: Uint8Array, xattrName: string): void {
    const text = terminated(decodePath(xattrName));
    this.#change(
      "remove an attribute of",
      name,
      (call, path) => path ? call.lremovexattr(path, text) : call.fremovexattr(this.#fd, text),
    );
  }

  /** Undefined for the folder itself. */
  #pathOf(name: Uint8Array, action: string): Uint8Array<ArrayBuffer> | undefined {
    return isDot(name) ? undefined : this.#throughProc.put(name, action, this.folder);
  }

  #change(action: string, name: Uint8Array, change: ChangeCall): void {
    const path = this.#pathOf(name, action);
    const result = this.libc.repeat((call) => change(call, path));
    if (result < 0) throw this.libc.failure(action, joinPath(this.folder.path, name));
  }

  /** Undefined when there are no attributes here, or when this one was removed after it was listed. */
  #read(name: Uint8Array, read: ReadCall): Uint8Array<ArrayBuffer> | undefined {
    const into = space ??= new Uint8Array(LARGEST);
    const length = this.libc.repeat((call) => read(call, into));
    if (length >= 0) return length === 0 ? NONE : into.slice(0, length);
    const why = errnoName(this.libc.errno);
    if (why === "ENODATA" || why === "EOPNOTSUPP") return undefined;
    throw new SystemError(READ, joinPath(this.folder.path, name), why);
  }
}

type ReadCall = (call: LibcSymbols, into: Uint8Array<ArrayBuffer>) => number;
type ChangeCall = (call: LibcSymbols, path: Uint8Array<ArrayBuffer> | undefined) => number;

// XFS shows the ACLs to root a second time, in the form they have on disk.
const ACLS_AGAIN = ["trusted.SGI_ACL_FILE", "trusted.SGI_ACL_DEFAULT"];

function isKept(name: string): boolean {
  if (name.startsWith("user.")) return true;
  if (name.startsWith("trusted.")) return !name.startsWith("trusted.overlay.") && !ACLS_AGAIN.includes(name);
  return name === "security.capability" || name === "system.posix_acl_access" ||
    name === "system.posix_acl_default";
}
