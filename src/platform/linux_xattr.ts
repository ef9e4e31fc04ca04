import { bytesOf, compareBytes } from "../model/bytes.ts";
import type { Xattr } from "../model/entry.ts";
import { decodePath, encodePath } from "../model/path_text.ts";
import { errnoName } from "./errno.ts";
import type { Libc } from "./libc.ts";
import { NameBuffer, terminated } from "./linux_name.ts";
import { isDot, joinPath } from "./lazy_path.ts";
import { SystemError } from "./system_error.ts";

// What Linux allows: 64 KB for a value, 64 KB for the list of names.
const LARGEST = 64 * 1024;
const LARGEST_GIVEN = BigInt(LARGEST);

const NONE = new Uint8Array();
let space: Uint8Array<ArrayBuffer> | undefined;

/**
 * The extended attributes of the names in one open folder. The calls take a path and no descriptor of a folder, so the
 * path goes through the kernel's link to the descriptor; the name after it is not followed. For the folder itself there
 * are other calls, because `.` would need the right to search the folder.
 */
export class FolderXattrs {
  readonly #libc: Libc;
  readonly #descriptor: number;
  readonly #folder: { readonly path: string };
  readonly #throughProc: NameBuffer;

  constructor(libc: Libc, descriptor: number, folder: { readonly path: string }) {
    this.#libc = libc;
    this.#descriptor = descriptor;
    this.#folder = folder;
    this.#throughProc = new NameBuffer(bytesOf(`/proc/self/fd/${descriptor}/`));
  }

  /** The attributes that SPEC 4 keeps, sorted by name; none on a file system without attributes. */
  all(name: Uint8Array): Xattr[] {
    const action = "read the attributes of";
    const path = this.#pathOf(name, action);
    const listed = this.#list(path);
    if (typeof listed === "string") {
      throw new SystemError(action, joinPath(this.#folder.path, name), listed);
    }
    const found: Xattr[] = [];
    for (let start = 0; start < listed.length;) {
      const end = listed.indexOf(0, start);
      const xattrName = listed.subarray(start, end + 1);
      start = end + 1;
      const text = encodePath(xattrName.subarray(0, -1));
      if (!isKept(text)) continue;
      const value = this.#get(path, xattrName);
      if (typeof value === "string") {
        throw new SystemError(action, joinPath(this.#folder.path, name), value);
      }
      if (value !== undefined) found.push({ name: text, value });
    }
    return found.sort((a, b) => compareBytes(decodePath(a.name), decodePath(b.name)));
  }

  set(name: Uint8Array, xattr: Xattr): void {
    const { call } = this.#libc;
    const path = this.#pathOf(name, "set an attribute of");
    const text = terminated(decodePath(xattr.name));
    const value = xattr.value as Uint8Array<ArrayBuffer>;
    const length = BigInt(value.length);
    const result = this.#libc.repeat(() =>
      path
        ? call.lsetxattr(path, text, value, length, 0)
        : call.fsetxattr(this.#descriptor, text, value, length, 0)
    );
    if (result < 0) throw this.#libc.failure("set an attribute of", joinPath(this.#folder.path, name));
  }

  remove(name: Uint8Array, xattrName: string): void {
    const { call } = this.#libc;
    const path = this.#pathOf(name, "remove an attribute of");
    const text = terminated(decodePath(xattrName));
    const result = this.#libc.repeat(() =>
      path ? call.lremovexattr(path, text) : call.fremovexattr(this.#descriptor, text)
    );
    if (result < 0) throw this.#libc.failure("remove an attribute of", joinPath(this.#folder.path, name));
  }

  /** Undefined for the folder itself. */
  #pathOf(name: Uint8Array, action: string): Uint8Array<ArrayBuffer> | undefined {
    return isDot(name) ? undefined : this.#throughProc.put(name, action, this.#folder);
  }

  /** All names, each with a NUL at the end; a text is the reason of a failure. */
  #list(path: Uint8Array<ArrayBuffer> | undefined): Uint8Array<ArrayBuffer> | string {
    const { call } = this.#libc;
    const into = space ??= new Uint8Array(LARGEST);
    const length = this.#libc.repeat(() =>
      path
        ? call.llistxattr(path, into, LARGEST_GIVEN)
        : call.flistxattr(this.#descriptor, into, LARGEST_GIVEN)
    );
    if (length === 0) return NONE;
    if (length > 0) return into.slice(0, length);
    const why = errnoName(this.#libc.errno);
    return why === "EOPNOTSUPP" ? NONE : why;
  }

  /** Undefined when it was removed after it was listed; a text is the reason of a failure. */
  #get(
    path: Uint8Array<ArrayBuffer> | undefined,
    xattrName: Uint8Array<ArrayBuffer>,
  ): Uint8Array<ArrayBuffer> | string | undefined {
    const { call } = this.#libc;
    const into = space ??= new Uint8Array(LARGEST);
    const length = this.#libc.repeat(() =>
      path
        ? call.lgetxattr(path, xattrName, into, LARGEST_GIVEN)
        : call.fgetxattr(this.#descriptor, xattrName, into, LARGEST_GIVEN)
    );
    if (length >= 0) return into.slice(0, length);
    const why = errnoName(this.#libc.errno);
    return why === "ENODATA" || why === "EOPNOTSUPP" ? undefined : why;
  }
}

// XFS shows the ACLs to root a second time, in the form they have on disk.
const ACLS_AGAIN = ["trusted.SGI_ACL_FILE", "trusted.SGI_ACL_DEFAULT"];

function isKept(name: string): boolean {
  if (name.startsWith("user.")) return true;
  if (name.startsWith("trusted.")) return !name.startsWith("trusted.overlay.") && !ACLS_AGAIN.includes(name);
  return name === "security.capability" || name === "system.posix_acl_access" ||
    name === "system.posix_acl_default";
}
