import type { Libc, LibcCall } from "./libc.ts";
import { copyContent, countData, skipHole } from "./linux_copy.ts";
import { LOCK_EX, LOCK_NB } from "./linux_constants.ts";
import { statOpen } from "./linux_stat.ts";
import type { OpenFile, Stat } from "./platform.ts";
import { SystemError } from "./system_error.ts";

const FICLONE = 0x40049409n;

/** A file, open by descriptor. */
export class LinuxFile implements OpenFile {
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
    return skipHole(this.libc, this);
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

  tryLock(): boolean {
    const why = this.libc.reason((call) => call.flock(this.descriptor, LOCK_EX | LOCK_NB));
    if (why !== undefined && why !== "EAGAIN") throw new SystemError("lock", this.path, why);
    return why === undefined;
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

  cloneFrom(source: OpenFile): void {
    const from = BigInt(this.#ours(source, "clone").descriptor);
    this.#must("clone into", (call) => call.ioctlNumber(this.descriptor, FICLONE, from));
  }

  copyPieces(source: OpenFile): Iterable<number> {
    return copyContent(this.libc, this.#ours(source, "copy"), this);
  }

  dataBytes(): number {
    return countData(this.libc, this);
  }

  /** Closes the file once. The system may report a failed write only here (FUSE, quotas). */
  [Symbol.dispose](): void {
    if (this.descriptor < 0) return;
    const result = this.libc.call.close(this.descriptor);
    this.descriptor = -1;
    if (result < 0 && this.writable) throw this.libc.failure("finish writing", this.path);
  }

  #ours(source: OpenFile, action: string): LinuxFile {
    if (source instanceof LinuxFile) return source;
    throw new SystemError(action, this.path, "EINVAL");
  }

  #must(action: string, call: LibcCall): number {
    return this.libc.must(action, this, call);
  }
}

/** The same bytes, typed as memory that is not shared: each call ends before other code runs. */
function unshared(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes as Uint8Array<ArrayBuffer>;
}
