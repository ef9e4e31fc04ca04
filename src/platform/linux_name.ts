import { joinPath } from "./lazy_path.ts";
import { SystemError } from "./system_error.ts";

const SLASH = 0x2f;
const DOT = 0x2e;
// 255 bytes on most file systems, three times that on some.
const ROOM = 1024;

/** The name that stands for what a descriptor has open, in calls that take AT_EMPTY_PATH. */
export const NO_NAME = new Uint8Array(1);

/** A buffer that names are put into, with the NUL that the C library wants behind them. */
export class NameBuffer {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #start: number;

  /** `before` stands in front of each name (nothing by default). */
  constructor(before: Uint8Array = NO_NAME.subarray(1)) {
    this.#bytes = new Uint8Array(before.length + ROOM);
    this.#bytes.set(before);
    this.#start = before.length;
  }

  /**
   * Puts one name in and gives the buffer. What is not one name of a folder (a slash, a NUL, `..`, nothing) is
   * EINVAL: a name out of a damaged record must not lead elsewhere.
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

/** Bytes with a NUL behind them, in a buffer of their own. */
export function terminated(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(bytes.length + 1);
  copy.set(bytes);
  return copy;
}
