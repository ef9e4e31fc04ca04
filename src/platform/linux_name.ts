import { bytesOf } from "../model/bytes.ts";
import { joinPath } from "./lazy_path.ts";
import { SystemError } from "./system_error.ts";

const SLASH = 0x2f;
const DOT = 0x2e;
// Names have up to 255 bytes on most file systems, three times as many on some.
const ROOM = 1024;

/** The empty name: with AT_EMPTY_PATH it means the open file or folder itself. */
export const NO_NAME = new Uint8Array(1);

/** A buffer for names, which the C library wants with a NUL at the end. */
export class NameBuffer {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #start: number;

  /** `before` is put before each name (nothing by default). */
  constructor(before: Uint8Array = NO_NAME.subarray(1)) {
    this.#bytes = new Uint8Array(before.length + ROOM);
    this.#bytes.set(before);
    this.#start = before.length;
  }

  /**
   * Puts one name in and returns the buffer. EINVAL unless it is a single name (no slash, no NUL, not `..`, not empty):
   * a name from a damaged record must not lead elsewhere.
   */
  put(name: Uint8Array, action: string, folder: { readonly path: string }): Uint8Array<ArrayBuffer> {
    const bytes = this.#bytes;
    const start = this.#start;
    const length = name.length;
    if (length >= ROOM) throw new SystemError(action, joinPath(folder.path, name), "ENAMETOOLONG");
    let good = length > 0 && !(length === 2 && name[0] === DOT && name[1] === DOT);
    for (let i = 0; i < length; i++) {
      const byte = name[i] as number;
      if (byte === 0 || byte === SLASH) good = false;
      bytes[start + i] = byte;
    }
    if (!good) throw new SystemError(action, joinPath(folder.path, name), "EINVAL");
    bytes[start + length] = 0;
    return bytes;
  }
}

/** A copy of the bytes with a NUL at the end. */
export function terminated(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(bytes.length + 1);
  copy.set(bytes);
  return copy;
}

const BEFORE_NUMBER = bytesOf("/proc/self/fd/");
const ZERO = 0x30;
/** What `linkTo` fills, for all that is open: a new array for each call of the C library is dear. */
export const LINK = new Uint8Array(BEFORE_NUMBER.length + 12);
LINK.set(BEFORE_NUMBER);

/**
 * The path of the kernel's link to what is open, with a NUL, until the next one is asked for. A call that follows links acts through
 * it on just that, and goes no further: what is open may itself be a symbolic link, and may have any name by now.
 */
export function linkTo(descriptor: number): Uint8Array<ArrayBuffer> {
  let end = BEFORE_NUMBER.length;
  for (let rest = descriptor; rest > 9; rest = Math.floor(rest / 10)) end++;
  LINK[end + 1] = 0;
  for (let rest = descriptor; end >= BEFORE_NUMBER.length; rest = Math.floor(rest / 10)) {
    LINK[end--] = ZERO + rest % 10;
  }
  return LINK;
}
