import { unlessThrown } from "../model/errors.ts";

const PIECE = 512 * 1024 * 1024;
const PIECES = 5;

/**
 * Makes V8 collect what is not used any more. It would do that by itself, but late: a few tables of a hundred megabytes, or
 * many hashes whose memory it does not see, are no reason for it. This memory is one; it is never touched, so it is never
 * really taken. A collection takes some 20 ms. docs/design/memory.md.
 */
export function collectGarbage(): void {
  unlessThrown((error) => error instanceof RangeError, () => { // a system may refuse even what is not touched
    for (let piece = 0; piece < PIECES; piece++) new ArrayBuffer(PIECE);
  });
}
