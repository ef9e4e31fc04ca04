import { at } from "./columns.ts";

/** Entries of a table, divided into pieces of work that threads take one after the other. In shared memory. */
export interface Pieces {
  /** The entries, piece after piece. */
  readonly files: Uint32Array;
  /** Where in `files` each piece ends. */
  readonly ends: Uint32Array;
}

/** Cuts entries, in their order, into pieces that have about so much load. A larger entry ends its piece. */
export function cutIntoPieces(
  entries: Uint32Array,
  load: (index: number) => number,
  most: number,
): Pieces {
  const files = new Uint32Array(new SharedArrayBuffer(entries.byteLength));
  files.set(entries);
  const ends: number[] = [];
  for (let i = 0, sum = 0; i < files.length; i++) {
    sum += load(at(files, i));
    if (sum < most && i + 1 < files.length) continue;
    ends.push(i + 1);
    sum = 0;
  }
  return { files, ends: Uint32Array.from(ends) };
}

/** The entries of a piece. */
export function entriesOf({ files, ends }: Pieces, piece: number): Uint32Array {
  return files.subarray(piece === 0 ? 0 : at(ends, piece - 1), at(ends, piece));
}
