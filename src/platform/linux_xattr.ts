import { bytesOf, compareBytes, textOf } from "../model/bytes.ts";
import type { Xattr } from "../model/entry.ts";
import { errnoName } from "./errno.ts";
import type { Libc } from "./libc.ts";
import { terminated } from "./linux_name.ts";
import { isDot } from "./path_for_eyes.ts";
import { SystemError } from "./system_error.ts";

const LINK_TO_OPEN = bytesOf("/proc/self/fd/");
// What Linux allows: 64 KB for a value, 64 KB for the list of names.
const LARGEST = 64 * 1024;
const LARGEST_GIVEN = BigInt(LARGEST);

let space: Uint8Array<ArrayBuffer> | undefined;

/**
 * The extended attributes of one name in an open folder. The calls know no descriptor of a folder, but the kernel's own
 * link to it does as well, and the name behind it is not followed. The folder itself has calls of its own: reaching it
 * as `.` would need the right to search it.
 */
export class XattrTarget {
  readonly #libc: Libc;
  readonly #descriptor: number;
  /** Nothing when it is the folder itself. */
  readonly #path: Uint8Array<ArrayBuffer> | undefined;
  readonly #shown: { readonly path: string };

  constructor(libc: Libc, descriptor: number, name: Uint8Array, shown: { readonly path: string }) {
    this.#libc = libc;
    this.#descriptor = descriptor;
    this.#path = isDot(name) ? undefined : pathThrough(descriptor, name);
    this.#shown = shown;
  }

  /** Those that SPEC 4 keeps, sorted by name; none where the file system has none. */
  all(): Xattr[] {
    const listed = this.#list();
    if (listed === undefined) return [];
    const found: Xattr[] = [];
    for (let start = 0; start < listed.length;) {
      const end = listed.indexOf(0, start);
      const name = listed.subarray(start, end + 1);
      start = end + 1;
      const text = textOf(name.subarray(0, -1));
      if (!isKept(text)) continue;
      const value = this.#get(name);
      if (value !== undefined) found.push({ name: text, value });
    }
    return found.sort((a, b) => compareBytes(bytesOf(a.name), bytesOf(b.name)));
  }

  set(xattr: Xattr): void {
    const { call } = this.#libc;
    const name = terminated(bytesOf(xattr.name));
    const value = xattr.value as Uint8Array<ArrayBuffer>;
    const length = BigInt(value.length);
    this.#libc.must(
      "set an attribute of",
      this.#shown,
      () =>
        this.#path
          ? call.lsetxattr(this.#path, name, value, length, 0)
          : call.fsetxattr(this.#descriptor, name, value, length, 0),
    );
  }

  remove(xattrName: string): void {
    const { call } = this.#libc;
    const name = terminated(bytesOf(xattrName));
    this.#libc.must(
      "remove an attribute of",
      this.#shown,
      () => this.#path ? call.lremovexattr(this.#path, name) : call.fremovexattr(this.#descriptor, name),
    );
  }

  #list(): Uint8Array<ArrayBuffer> | undefined {
    const { call } = this.#libc;
    const into = space ??= new Uint8Array(LARGEST);
    const length = this.#libc.repeat(() =>
      this.#path
        ? call.llistxattr(this.#path, into, LARGEST_GIVEN)
        : call.flistxattr(this.#descriptor, into, LARGEST_GIVEN)
    );
    if (length > 0) return into.slice(0, length);
    if (length === 0) return undefined;
    const why = errnoName(this.#libc.errno);
    if (why === "EOPNOTSUPP") return undefined;
    throw new SystemError("list the attributes of", this.#shown.path, why);
  }

  /** Nothing when it went away since it was listed. */
  #get(name: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> | undefined {
    const { call } = this.#libc;
    const into = space ??= new Uint8Array(LARGEST);
    const length = this.#libc.repeat(() =>
      this.#path
        ? call.lgetxattr(this.#path, name, into, LARGEST_GIVEN)
        : call.fgetxattr(this.#descriptor, name, into, LARGEST_GIVEN)
    );
    if (length >= 0) return into.slice(0, length);
    const why = errnoName(this.#libc.errno);
    if (why === "ENODATA" || why === "EOPNOTSUPP") return undefined;
    throw new SystemError("read the attributes of", this.#shown.path, why);
  }
}

function isKept(name: string): boolean {
  if (name.startsWith("user.")) return true;
  if (name.startsWith("trusted.")) return !name.startsWith("trusted.overlay.");
  return name === "security.capability" || name === "system.posix_acl_access" ||
    name === "system.posix_acl_default";
}

function pathThrough(descriptor: number, name: Uint8Array): Uint8Array<ArrayBuffer> {
  const number = bytesOf(`${descriptor}/`);
  const path = new Uint8Array(LINK_TO_OPEN.length + number.length + name.length + 1);
  path.set(LINK_TO_OPEN);
  path.set(number, LINK_TO_OPEN.length);
  path.set(name, LINK_TO_OPEN.length + number.length);
  return path;
}
