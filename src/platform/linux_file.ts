import type { Libc } from "./libc.ts";
import { copyContent, countData, skipHole } from "./linux_copy.ts";
import { LOCK_EX, LOCK_NB } from "./linux_constants.ts";
import { statOpen } from "./linux_stat.ts";
import type { OpenFile, Stat } from "./platform.ts";
import { SystemError } from "./system_error.ts";

const FICLONE = 0x40049409n;

/** A file, open by descriptor. */
export class LinuxFile implements OpenFile {
  readonly #libc: Libc;
  readonly #where: { readonly path: string };
  readonly #writable: boolean;
  #descriptor: number;
  // Most reads have the same length, and a new bigint costs more than a comparison.
  #length = 0;
  #lengthGiven = 0n;

  constructor(libc: Libc, descriptor: number, where: { readonly path: string }, writable: boolean) {
    this.#libc = libc;
    this.#descriptor = descriptor;
    this.#where = where;
    this.#writable = writable;
  }

  get path(): string {
    return this.#where.path;
  }

  read(buffer: Uint8Array): number {
    const { call } = this.#libc;
    if (buffer.length !== this.#length) {
      this.#length = buffer.length;
      this.#lengthGiven = BigInt(buffer.length);
    }
    return this.#must("read", () => call.read(this.#descriptor, unshared(buffer), this.#lengthGiven));
  }

  skipHole(): number {
    return skipHole(this.#libc, { descriptor: this.#descriptor, path: this.path });
  }

  write(bytes: Uint8Array): void {
    const { call } = this.#libc;
    for (let rest = bytes; rest.length > 0;) {
      const written = this.#must(
        "write",
        () => call.write(this.#descriptor, unshared(rest), BigInt(rest.length)),
      );
      rest = rest.subarray(written);
    }
  }

  readAt(buffer: Uint8Array, position: number): number {
    const { call } = this.#libc;
    const [length, at] = [BigInt(buffer.length), BigInt(position)];
    return this.#must("read", () => call.pread(this.#descriptor, unshared(buffer), length, at));
  }

  writeAt(bytes: Uint8Array, position: number): void {
    const { call } = this.#libc;
    for (let done = 0; done < bytes.length;) {
      const rest = unshared(bytes.subarray(done));
      const [length, at] = [BigInt(rest.length), BigInt(position + done)];
      done += this.#must("write", () => call.pwrite(this.#descriptor, rest, length, at));
    }
  }

  truncate(size: number): void {
    this.#must("cut", () => this.#libc.call.ftruncate(this.#descriptor, BigInt(size)));
  }

  setMode(mode: number): void {
    this.#must("set the mode of", () => this.#libc.call.fchmod(this.#descriptor, mode));
  }

  tryLock(): boolean {
    const { call } = this.#libc;
    if (this.#libc.repeat(() => call.flock(this.#descriptor, LOCK_EX | LOCK_NB)) === 0) return true;
    const failure = this.#libc.failure("lock", this.path);
    if (failure.errno === "EAGAIN") return false;
    throw failure;
  }

  stat(into: Stat): void {
    this.#must("look at", () => statOpen(this.#libc, this.#descriptor, into));
  }

  syncData(): void {
    this.#must("make durable", () => this.#libc.call.fdatasync(this.#descriptor));
  }

  sync(): void {
    this.#must("make durable", () => this.#libc.call.fsync(this.#descriptor));
  }

  cloneFrom(source: OpenFile): void {
    const from = this.#descriptorOf(source, "clone");
    this.#must("clone into", () => this.#libc.call.ioctlNumber(this.#descriptor, FICLONE, BigInt(from)));
  }

  copyPieces(source: OpenFile): Iterable<number> {
    const from = { descriptor: this.#descriptorOf(source, "copy"), path: (source as LinuxFile).path };
    return copyContent(this.#libc, from, { descriptor: this.#descriptor, path: this.path });
  }

  dataBytes(): number {
    return countData(this.#libc, { descriptor: this.#descriptor, path: this.path });
  }

  /** Closes the file once. The system may report a failed write only here (FUSE, quotas). */
  [Symbol.dispose](): void {
    if (this.#descriptor < 0) return;
    const result = this.#libc.call.close(this.#descriptor);
    this.#descriptor = -1;
    if (result < 0 && this.#writable) throw this.#libc.failure("finish writing", this.path);
  }

  #descriptorOf(source: OpenFile, action: string): number {
    if (source instanceof LinuxFile) return source.#descriptor;
    throw new SystemError(action, this.path, "EINVAL");
  }

  #must(action: string, call: () => number): number {
    return this.#libc.must(action, this.#where, call);
  }
}

/** The same bytes, typed as memory that is not shared: each call ends before other code runs. */
function unshared(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes as Uint8Array<ArrayBuffer>;
}
