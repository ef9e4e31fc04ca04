import { errnoName } from "./errno.ts";
import type { Libc } from "./libc.ts";
import { statOpen } from "./linux_stat.ts";
import { Stat } from "./platform.ts";
import { SystemError } from "./system_error.ts";

const SEEK_SET = 0;
const SEEK_CUR = 1;
const SEEK_DATA = 3;
const SEEK_HOLE = 4;

/** The most bytes that one round copies. */
const PIECE = 16 * 1024 * 1024;
const BUFFER = 1024 * 1024;
// When copy_file_range fails with one of these, reading and writing still works.
const NOT_IN_KERNEL = ["EXDEV", "EINVAL", "ENOSYS", "EOPNOTSUPP", "EPERM", "ETXTBSY"];

const stat = new Stat();
const readAt = new BigInt64Array(1);
const writeAt = new BigInt64Array(1);
const readAtBytes = new Uint8Array(readAt.buffer);
const writeAtBytes = new Uint8Array(writeAt.buffer);
let buffer: Uint8Array<ArrayBuffer> | undefined;

/** One end of a copy. */
export interface CopyEnd {
  readonly descriptor: number;
  readonly path: string;
}

/** Copies a file into an empty one, holes included, one piece in each round. The positions of both files stay. */
export function* copyContent(libc: Libc, from: CopyEnd, to: CopyEnd): Generator<number, void> {
  const size = sizeOf(libc, from);
  const copy = new RangeCopy(libc, from, to);
  for (const { start, end } of dataRanges(libc, from, size)) {
    if (!(yield* copy.run(start, end))) break;
  }
  // No write creates a hole at the end: the length does.
  libc.must("write", to, () => libc.call.ftruncate(to.descriptor, BigInt(size)));
}

/** How many bytes a copy of a file must write: its size without its holes. */
export function countData(libc: Libc, file: CopyEnd): number {
  let bytes = 0;
  for (const { start, end } of dataRanges(libc, file, sizeOf(libc, file))) bytes += end - start;
  return bytes;
}

/** Moves the position of a file to the end of the hole that it is in; returns the distance, 0 outside a hole. */
export function skipHole(libc: Libc, file: CopyEnd): number {
  const position = Number(libc.call.lseek(file.descriptor, 0n, SEEK_CUR));
  const size = sizeOf(libc, file);
  const data = position < size ? nextData(libc, file, position, size) : position;
  libc.call.lseek(file.descriptor, BigInt(data), SEEK_SET);
  return data - position;
}

function sizeOf(libc: Libc, file: CopyEnd): number {
  libc.must("look at", file, () => statOpen(libc, file.descriptor, stat));
  return stat.size;
}

/** The ranges of a file that have data. Restores the position at the end. */
function* dataRanges(libc: Libc, file: CopyEnd, size: number): Generator<{ start: number; end: number }> {
  const position = libc.call.lseek(file.descriptor, 0n, SEEK_CUR);
  try {
    for (let at = 0; at < size;) {
      const start = nextData(libc, file, at, size);
      if (start >= size) break;
      const end = nextHole(libc, file, start, size);
      yield { start, end };
      at = end;
    }
  } finally {
    libc.call.lseek(file.descriptor, position, SEEK_SET);
  }
}

/** Where the next data begins, at or after `at`; `size` when only a hole is left. */
function nextData(libc: Libc, from: CopyEnd, at: number, size: number): number {
  const found = libc.call.lseek(from.descriptor, BigInt(at), SEEK_DATA);
  if (found >= 0n) return Math.min(Number(found), size);
  const why = errnoName(libc.errno);
  if (why === "ENXIO") return size;
  if (why === "EINVAL" || why === "EOPNOTSUPP" || why === "ENOSYS") return at; // holes are unknown: all is data
  throw new SystemError("find the holes of", from.path, why);
}

function nextHole(libc: Libc, from: CopyEnd, at: number, size: number): number {
  const found = libc.call.lseek(from.descriptor, BigInt(at), SEEK_HOLE);
  return found > BigInt(at) ? Math.min(Number(found), size) : size;
}

class RangeCopy {
  #inKernel = true;

  constructor(
    readonly libc: Libc,
    readonly from: CopyEnd,
    readonly to: CopyEnd,
  ) {}

  /** Copies a range in pieces; false when the source ends before the range does. */
  *run(start: number, end: number): Generator<number, boolean> {
    for (let at = start; at < end;) {
      const most = Math.min(end - at, PIECE);
      const copied = this.#inKernel ? this.#byKernel(at, most) : this.#byBuffer(at, most);
      if (copied === 0 && !this.#inKernel) return false;
      // Some file systems return 0 although there is data: reading shows whether there is.
      if (copied === 0) this.#inKernel = false;
      at += copied;
      if (copied > 0) yield copied;
    }
    return true;
  }

  #byKernel(at: number, most: number): number {
    const { libc, from, to } = this;
    readAt[0] = writeAt[0] = BigInt(at);
    const length = BigInt(most);
    const copied = libc.repeat(() =>
      libc.call.copy_file_range(from.descriptor, readAtBytes, to.descriptor, writeAtBytes, length, 0)
    );
    if (copied >= 0) return copied;
    const why = errnoName(libc.errno);
    if (!NOT_IN_KERNEL.includes(why)) throw new SystemError("write", to.path, why);
    return 0;
  }

  #byBuffer(at: number, most: number): number {
    const { libc, from, to } = this;
    const space = buffer ??= new Uint8Array(BUFFER);
    const length = BigInt(Math.min(most, BUFFER));
    const read = libc.must("read", from, () => libc.call.pread(from.descriptor, space, length, BigInt(at)));
    for (let done = 0; done < read;) {
      const rest = space.subarray(done, read);
      const place = BigInt(at + done);
      done += libc.must(
        "write",
        to,
        () => libc.call.pwrite(to.descriptor, rest, BigInt(rest.length), place),
      );
    }
    return read;
  }
}
