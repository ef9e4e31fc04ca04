import { bytesOf } from "../model/bytes.ts";
import type { Libc, LibcCall } from "./libc.ts";
import {
  AT_EMPTY_PATH,
  F_OFD_SETLK,
  F_RDLCK,
  F_UNLCK,
  LOCK_EX,
  LOCK_NB,
  LOCK_SH,
} from "./linux_constants.ts";
import { isOfKernel } from "./linux_file_system.ts";
import { NO_NAME } from "./linux_name.ts";
import { statOpen } from "./linux_stat.ts";
import { extentsOf } from "./linux_extents.ts";
import type { Extent, LockHow, OpenFile } from "./platform.ts";
import { Stat } from "./stat.ts";
import { errnoName, SystemError } from "./system_error.ts";

const FICLONE = 0x40049409n;
const GETFLAGS = 0x80086601n;
const SETFLAGS = 0x40086602n;
const NO_COPY_ON_WRITE = 0x00800000;
const SEEK_SET = 0;
const SEEK_CUR = 1;
const SEEK_DATA = 3;
const SEEK_HOLE = 4;

// The most bytes that one round copies.
const PIECE = 16 * 1024 * 1024;
const BUFFER = 1024 * 1024;
// When copy_file_range fails with one of these, reading and writing still works.
const NOT_IN_KERNEL = ["EXDEV", "EINVAL", "ENOSYS", "EOPNOTSUPP", "EPERM", "ETXTBSY"];

const found = new Stat();
/** An attribute of a kind that no file system of the kernel has. */
const NO_ATTRIBUTE = bytesOf("jvs.none\0");
/** Whether the file systems of these devices are the kernel's own. */
const ofKernel = new Map<number, boolean>();
const readFrom = new BigInt64Array(1);
const writeTo = new BigInt64Array(1);
const readFromBytes = new Uint8Array(readFrom.buffer);
const writeToBytes = new Uint8Array(writeTo.buffer);
let buffer: Uint8Array<ArrayBuffer> | undefined;

/** A file, open by descriptor. */
export class LinuxFile implements OpenFile {
  /** A number for the device that it is on; set when it was opened to be read. */
  device = 0;
  // Most reads have the same length, and a new bigint costs more than a comparison.
  #length = 0;
  #lengthGiven = 0n;

  constructor(
    private readonly libc: Libc,
    public descriptor: number,
    private readonly where: { readonly path: string },
    private readonly writable: boolean,
  ) {}

  get path(): string {
    return this.where.path;
  }

  read(buffer: Uint8Array): number {
    if (buffer.length !== this.#length) {
      this.#length = buffer.length;
      this.#lengthGiven = BigInt(buffer.length);
    }
    return this.#must("read", (call) => call.read(this.descriptor, unshared(buffer), this.#lengthGiven));
  }

  skipHole(): number {
    const position = Number(this.#seek(0n, SEEK_CUR));
    const size = this.#size();
    const data = position < size ? this.#nextData(position, size) : position;
    this.#seek(BigInt(data), SEEK_SET);
    return data - position;
  }

  write(bytes: Uint8Array): void {
    for (let rest = unshared(bytes); rest.length > 0;) {
      const length = BigInt(rest.length);
      rest = rest.subarray(this.#must("write", (call) => call.write(this.descriptor, rest, length)));
    }
  }

  readAt(buffer: Uint8Array, position: number): number {
    const [length, at] = [BigInt(buffer.length), BigInt(position)];
    return this.#must("read", (call) => call.pread(this.descriptor, unshared(buffer), length, at));
  }

  writeAt(bytes: Uint8Array, position: number): void {
    for (let done = 0; done < bytes.length;) {
      const rest = unshared(bytes.subarray(done));
      const [length, at] = [BigInt(rest.length), BigInt(position + done)];
      done += this.#must("write", (call) => call.pwrite(this.descriptor, rest, length, at));
    }
  }

  truncate(size: number): void {
    this.#must("cut", (call) => call.ftruncate(this.descriptor, BigInt(size)));
  }

  setMode(mode: number): void {
    this.#must("set the mode of", (call) => call.fchmod(this.descriptor, mode));
  }

  setOwner(uid: number, gid: number): void {
    this.#must(
      "set the owner of",
      (call) => call.fchownat(this.descriptor, NO_NAME, uid, gid, AT_EMPTY_PATH),
    );
  }

  tryLock(how: LockHow = "alone"): boolean {
    const operation = (how === "shared" ? LOCK_SH : LOCK_EX) | LOCK_NB;
    const why = this.libc.reason((call) => call.flock(this.descriptor, operation));
    if (why !== undefined && why !== "EAGAIN") throw new SystemError("lock", this.path, why);
    return why === undefined;
  }

  tryLockBytes(start: number, length: number): boolean {
    const why = this.#setLock(F_RDLCK, start, length);
    if (why !== undefined && why !== "EAGAIN" && why !== "EACCES") {
      throw new SystemError("lock", this.path, why);
    }
    return why === undefined;
  }

  unlockBytes(start: number, length: number): void {
    const why = this.#setLock(F_UNLCK, start, length);
    if (why !== undefined) throw new SystemError("unlock", this.path, why);
  }

  #setLock(type: number, start: number, length: number): string | undefined {
    // struct flock: type, whence (from the beginning), start, length, pid
    const flock = new DataView(new ArrayBuffer(32));
    flock.setInt16(0, type, true);
    flock.setBigInt64(8, BigInt(start), true);
    flock.setBigInt64(16, BigInt(length), true);
    const bytes = new Uint8Array(flock.buffer);
    return this.libc.reason((call) => call.fcntlBuffer(this.descriptor, F_OFD_SETLK, bytes));
  }

  stat(into: Stat): void {
    this.#must("look at", () => statOpen(this.libc, this.descriptor, into));
  }

  syncData(): void {
    this.#must("make durable", (call) => call.fdatasync(this.descriptor));
  }

  sync(): void {
    this.#must("make durable", (call) => call.fsync(this.descriptor));
  }

  waitForWrite(): void {
    // The kernel takes the lock of the inode, alone, before it finds that there are no such attributes. Nothing changes, no right
    // to write is needed. Each write holds that lock, a direct one (O_DIRECT) together with others and with who looks for data.
    if (this.#isOfKernel()) this.libc.reason((call) => call.fremovexattr(this.descriptor, NO_ATTRIBUTE));
    this.#seek(0n, SEEK_DATA);
    this.#seek(0n, SEEK_SET);
  }

  /** A program that serves a file system could do anything when an attribute is removed (fuse-overlayfs copies the file). */
  #isOfKernel(): boolean {
    let is = ofKernel.get(this.device);
    if (is === undefined) ofKernel.set(this.device, is = isOfKernel(this.libc, this.descriptor));
    return is;
  }

  cloneFrom(source: OpenFile): void {
    if (!(source instanceof LinuxFile)) throw new SystemError("clone", this.path, "EINVAL");
    const from = BigInt(source.descriptor);
    const clone: LibcCall = (call) => call.ioctlNumber(this.descriptor, FICLONE, from);
    const reason = this.libc.reason(clone);
    if (reason === undefined) return;
    // btrfs clones no file without copy-on-write (`chattr +C`) into one with it, nor the other way round.
    if (reason === "EINVAL") this.#takeCopyOnWrite(source);
    this.#must("clone into", clone);
  }

  /** Writes this empty file as the source is written, in place or not; where the file system knows no difference nothing happens. */
  #takeCopyOnWrite(source: LinuxFile): void {
    const flags = [source, this].map(({ descriptor }) => {
      const value = new Uint32Array(1);
      const bytes = new Uint8Array(value.buffer);
      this.libc.reason((call) => call.ioctlBuffer(descriptor, GETFLAGS, bytes));
      return value[0] ?? 0;
    });
    const [theirs = 0, ours = 0] = flags;
    const wanted = new Uint32Array([ours & ~NO_COPY_ON_WRITE | theirs & NO_COPY_ON_WRITE]);
    if (wanted[0] === ours) return;
    this.libc.reason((call) => call.ioctlBuffer(this.descriptor, SETFLAGS, new Uint8Array(wanted.buffer)));
  }

  /** The positions of both files stay. */
  *copyPieces(source: OpenFile): Generator<number, void> {
    if (!(source instanceof LinuxFile)) throw new SystemError("copy", this.path, "EINVAL");
    const size = source.#size();
    let inKernel = true;
    ranges: for (const { start, end } of source.#dataRanges(size)) {
      for (let at = start; at < end;) {
        const most = Math.min(end - at, PIECE);
        const copied = inKernel ? this.#copyInKernel(source, at, most) : this.#copyByBuffer(source, at, most);
        if (copied > 0) yield copied;
        // Some file systems return 0 although there is data: reading shows whether there is.
        else if (inKernel) inKernel = false;
        else break ranges; // the source ends before the range does
        at += copied;
      }
    }
    // No write creates a hole at the end: the length does.
    this.#must("write", (call) => call.ftruncate(this.descriptor, BigInt(size)));
  }

  dataBytes(): number {
    let bytes = 0;
    for (const { start, end } of this.#dataRanges(this.#size())) bytes += end - start;
    return bytes;
  }

  extents(): Extent[] | undefined {
    return extentsOf(this.libc, this.descriptor);
  }

  /** Closes the file once. The system may report a failed write only here (FUSE, quotas). */
  [Symbol.dispose](): void {
    if (this.descriptor < 0) return;
    const result = this.libc.call.close(this.descriptor);
    this.descriptor = -1;
    if (result < 0 && this.writable) throw this.libc.failure("finish writing", this.path);
  }

  #must(action: string, call: LibcCall): number {
    return this.libc.must(action, this, call);
  }

  #seek(offset: bigint, from: number): bigint {
    return this.libc.call.lseek(this.descriptor, offset, from);
  }

  #size(): number {
    this.stat(found);
    return found.size;
  }

  /** The ranges of the file that have data. Restores the position at the end. */
  *#dataRanges(size: number): Generator<{ start: number; end: number }> {
    const position = this.#seek(0n, SEEK_CUR);
    try {
      for (let at = 0; at < size;) {
        const start = this.#nextData(at, size);
        if (start >= size) break;
        const hole = this.#seek(BigInt(start), SEEK_HOLE);
        const end = hole > BigInt(start) ? Math.min(Number(hole), size) : size;
        yield { start, end };
        at = end;
      }
    } finally {
      this.#seek(position, SEEK_SET);
    }
  }

  /** Where the next data begins, at or after `at`; `size` when only a hole is left. */
  #nextData(at: number, size: number): number {
    const data = this.#seek(BigInt(at), SEEK_DATA);
    if (data >= 0n) return Math.min(Number(data), size);
    const why = errnoName(this.libc.errno);
    if (why === "ENXIO") return size;
    if (why === "EINVAL" || why === "EOPNOTSUPP" || why === "ENOSYS") return at; // holes are unknown: all is data
    throw new SystemError("find the holes of", this.path, why);
  }

  /** Returns 0 when that does not work here. */
  #copyInKernel(source: LinuxFile, at: number, most: number): number {
    readFrom[0] = writeTo[0] = BigInt(at);
    const [from, to, length] = [source.descriptor, this.descriptor, BigInt(most)];
    const copied = this.libc.repeat((call) =>
      call.copy_file_range(from, readFromBytes, to, writeToBytes, length, 0)
    );
    if (copied >= 0) return copied;
    const why = errnoName(this.libc.errno);
    if (!NOT_IN_KERNEL.includes(why)) throw new SystemError("write", this.path, why);
    return 0;
  }

  #copyByBuffer(source: LinuxFile, at: number, most: number): number {
    const space = buffer ??= new Uint8Array(BUFFER);
    const read = source.readAt(space.subarray(0, most), at);
    this.writeAt(space.subarray(0, read), at);
    return read;
  }
}

/** The same bytes, typed as memory that is not shared: each call ends before other code runs. */
function unshared(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes as Uint8Array<ArrayBuffer>;
}
