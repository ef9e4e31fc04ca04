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
