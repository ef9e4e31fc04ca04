import type { Libc } from "./libc.ts";
import type { Opened } from "./linux_stat.ts";
import { type OpenFile, Stat } from "./platform.ts";
import { errnoName, SystemError } from "./system_error.ts";

const SEEK_SET = 0;
const SEEK_CUR = 1;
const SEEK_DATA = 3;
const SEEK_HOLE = 4;

// The most bytes that one round copies.
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

type OpenLinuxFile = OpenFile & Opened;

/** Copies a file into an empty one, holes included, one piece in each round. The positions of both files stay. */
export function* copyContent(libc: Libc, from: OpenLinuxFile, to: OpenLinuxFile): Generator<number, void> {
  const size = sizeOf(from);
  let copy = byKernel;
  ranges: for (const { start, end } of dataRanges(libc, from, size)) {
    for (let at = start; at < end;) {
      const copied = copy(libc, from, to, at, Math.min(end - at, PIECE));
      if (copied > 0) yield copied;
      // Some file systems return 0 although there is data: reading shows whether there is.
      else if (copy === byKernel) copy = byBuffer;
      else break ranges; // the source ends before the range does
      at += copied;
    }
  }
  // No write creates a hole at the end: the length does.
  libc.must("write", to, (call) => call.ftruncate(to.descriptor, BigInt(size)));
}

/** How many bytes a copy of a file must write: its size without its holes. */
export function countData(libc: Libc, file: OpenLinuxFile): number {
  let bytes = 0;
  for (const { start, end } of dataRanges(libc, file, sizeOf(file))) bytes += end - start;
  return bytes;
}

/** Moves the position of a file to the end of the hole that it is in; returns the distance, 0 outside a hole. */
export function skipHole(libc: Libc, file: OpenLinuxFile): number {
  const position = Number(libc.call.lseek(file.descriptor, 0n, SEEK_CUR));
  const size = sizeOf(file);
  const data = position < size ? nextData(libc, file, position, size) : position;
  libc.call.lseek(file.descriptor, BigInt(data), SEEK_SET);
  return data - position;
}

function sizeOf(file: OpenFile): number {
  file.stat(stat);
  return stat.size;
}

/** The ranges of a file that have data. Restores the position at the end. */
function* dataRanges(libc: Libc, file: Opened, size: number): Generator<{ start: number; end: number }> {
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
function nextData(libc: Libc, from: Opened, at: number, size: number): number {
  const found = libc.call.lseek(from.descriptor, BigInt(at), SEEK_DATA);
  if (found >= 0n) return Math.min(Number(found), size);
  const why = errnoName(libc.errno);
  if (why === "ENXIO") return size;
  if (why === "EINVAL" || why === "EOPNOTSUPP" || why === "ENOSYS") return at; // holes are unknown: all is data
  throw new SystemError("find the holes of", from.path, why);
}

function nextHole(libc: Libc, from: Opened, at: number, size: number): number {
  const found = libc.call.lseek(from.descriptor, BigInt(at), SEEK_HOLE);
  return found > BigInt(at) ? Math.min(Number(found), size) : size;
}

function byKernel(libc: Libc, from: OpenLinuxFile, to: OpenLinuxFile, at: number, most: number): number {
  readAt[0] = writeAt[0] = BigInt(at);
  const length = BigInt(most);
  const copied = libc.repeat((call) =>
    call.copy_file_range(from.descriptor, readAtBytes, to.descriptor, writeAtBytes, length, 0)
  );
  if (copied >= 0) return copied;
  const why = errnoName(libc.errno);
  if (!NOT_IN_KERNEL.includes(why)) throw new SystemError("write", to.path, why);
  return 0;
}

function byBuffer(_libc: Libc, from: OpenLinuxFile, to: OpenLinuxFile, at: number, most: number): number {
  const space = buffer ??= new Uint8Array(BUFFER);
  const read = from.readAt(space.subarray(0, most), at);
  to.writeAt(space.subarray(0, read), at);
  return read;
}
