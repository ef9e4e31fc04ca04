import type { Libc } from "./libc.ts";
import type { Opened } from "./linux_stat.ts";
import type { Listing } from "./platform.ts";

const USUAL_BYTES = 256 * 1024;
// getdents64 fails with EINVAL when not even one entry fits; many entries fit into this.
const LEAST_ROOM = 32 * 1024;
// struct linux_dirent64: inode 8, offset 8, record length 2, type 1, then the name with a NUL.
const LENGTH_AT = 16;
const NAME_AT = 19;
const SMALLEST_RECORD = 24;
const HIGH_WORD = 2 ** 32;
const DOT = 0x2e;

let scratch = new Uint8Array(USUAL_BYTES);

/**
 * The names of a folder, as views of what the kernel wrote. The buffer is not reused: a caller may list a subfolder
 * in between.
 */
class LinuxListing implements Listing {
  count = 0;
  readonly #records: Uint8Array;
  readonly #starts: Uint32Array;
  readonly #ends: Uint32Array;

  constructor(records: Uint8Array) {
    const most = Math.floor(records.length / SMALLEST_RECORD);
    this.#records = records;
    this.#starts = new Uint32Array(most);
    this.#ends = new Uint32Array(most);
    for (let at = 0; at < records.length;) {
      const next = at + (records[at + LENGTH_AT] as number) + ((records[at + LENGTH_AT + 1] as number) << 8);
      this.#take(at + NAME_AT, next);
      at = next;
    }
  }

  name(index: number): Uint8Array {
    return this.#records.subarray(this.#starts[index], this.#ends[index]);
  }

  inode(index: number): number {
    const start = (this.#starts[index] as number) - NAME_AT; // records begin at multiples of 8
    const [low, high] = new Uint32Array(this.#records.buffer, this.#records.byteOffset + start, 2);
    return (high as number) * HIGH_WORD + (low as number);
  }

  #take(start: number, next: number): void {
    const records = this.#records;
    // A record is padded to 8 bytes, so its NUL is among the last 8. The bytes after the NUL have no meaning.
    let end = Math.max(start, next - 8);
    while (records[end] !== 0) end++;
    const length = end - start;
    if (length <= 2 && records[start] === DOT && (length === 1 || records[start + 1] === DOT)) return;
    this.#starts[this.count] = start;
    this.#ends[this.count++] = end;
  }
}

/** Lists an open folder from its current position. */
export function listOpen(libc: Libc, folder: Opened): Listing {
  let used = 0;
  for (;;) {
    if (scratch.length - used < LEAST_ROOM) scratch = grown(scratch);
    const room = scratch.subarray(used);
    const read = libc.must(
      "list",
      folder,
      (call) => call.getdents64(folder.descriptor, room, BigInt(room.length)),
    );
    if (read === 0) break;
    used += read;
  }
  const listing = new LinuxListing(scratch.slice(0, used));
  if (scratch.length > USUAL_BYTES * 16) scratch = new Uint8Array(USUAL_BYTES); // the buffer for one huge folder is not kept
  return listing;
}

function grown(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(bytes.length * 2);
  larger.set(bytes);
  return larger;
}
