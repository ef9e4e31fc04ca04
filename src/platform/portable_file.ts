import { BLOCK, CHAR, DIR, FIFO, FILE, SOCKET, SYMLINK } from "../model/entry.ts";
import { callDeno } from "./deno_call.ts";
import type { LockHow, OpenFile } from "./platform.ts";
import { setMode, type Stat } from "./stat.ts";
import { SystemError } from "./system_error.ts";

const PIECE = 1024 * 1024;
const TWO_32 = 0x1_0000_0000;

/** A file as Deno opens it. */
export class PortableFile implements OpenFile {
  #written = false;
  #open = true;

  constructor(readonly path: string, private readonly file: Deno.FsFile) {}

  read(buffer: Uint8Array): number {
    return callDeno("read", this.path, () => this.file.readSync(buffer)) ?? 0;
  }

  skipHole(): number {
    return 0;
  }

  write(bytes: Uint8Array): void {
    this.#written = true;
    for (let rest = bytes; rest.length > 0;) {
      rest = rest.subarray(callDeno("write", this.path, () => this.file.writeSync(rest)));
    }
  }

  readAt(buffer: Uint8Array, position: number): number {
    this.#seek("read", position);
    return this.read(buffer);
  }

  writeAt(bytes: Uint8Array, position: number): void {
    this.#seek("write", position);
    this.write(bytes);
  }

  truncate(size: number): void {
    this.#written = true;
    callDeno("cut", this.path, () => this.file.truncateSync(size));
  }

  /** Uses the path, because Deno has no other way; first checks that the path still leads to this file. */
  setMode(mode: number): void {
    callDeno("set the mode of", this.path, () => {
      const [opened, named] = [this.file.statSync(), Deno.lstatSync(this.path)];
      if (opened.ino !== named.ino || opened.dev !== named.dev) throw new Deno.errors.NotFound();
      Deno.chmodSync(this.path, mode);
    });
  }

  setOwner(): void {
    throw new SystemError("set the owner of", this.path, "EOPNOTSUPP");
  }

  tryLock(how: LockHow = "alone"): boolean {
    return callDeno("lock", this.path, () => this.file.tryLockSync(how === "alone"));
  }

  tryLockBytes(): boolean {
    throw new SystemError("lock", this.path, "ENOSYS");
  }

  unlockBytes(): void {}

  stat(into: Stat): void {
    fillFrom(callDeno("look at", this.path, () => this.file.statSync()), into);
  }

  syncData(): void {
    callDeno("make durable", this.path, () => this.file.syncDataSync());
    this.#written = false;
  }

  sync(): void {
    callDeno("make durable", this.path, () => this.file.syncSync());
    this.#written = false;
  }

  /** Nothing here can wait for it. */
  waitForWrite(): void {}

  cloneFrom(_source: OpenFile): void {
    throw new SystemError("clone into", this.path, "EOPNOTSUPP");
  }

  /** Writes zeros for holes, because they cannot be found. */
  *copyPieces(source: OpenFile): Generator<number, void> {
    if (!(source instanceof PortableFile)) throw new SystemError("copy", this.path, "EINVAL");
    const position = source.#seek("read", 0, Deno.SeekMode.Current);
    source.#seek("read", 0);
    const buffer = new Uint8Array(PIECE);
    try {
      for (let read = source.read(buffer); read > 0; read = source.read(buffer)) {
        this.write(buffer.subarray(0, read));
        yield read;
      }
    } finally {
      source.#seek("read", position);
    }
    // As with the C library, the copy is then read from its beginning.
    this.#seek("read", 0);
  }

  dataBytes(): number {
    return callDeno("look at", this.path, () => this.file.statSync()).size;
  }

  extents(): undefined {}

  #seek(action: string, position: number, from = Deno.SeekMode.Start): number {
    return callDeno(action, this.path, () => this.file.seekSync(position, from));
  }

  /** Closes the file once. Makes its content durable, because there is no syncfs to do it later. */
  [Symbol.dispose](): void {
    if (!this.#open) return;
    this.#open = false;
    try {
      if (this.#written) this.sync();
    } finally {
      this.file.close();
    }
  }
}

/** Fills a `Stat` from Deno's: times in milliseconds, without mount points and inode flags. */
export function fillFrom(info: Deno.FileInfo, into: Stat): void {
  into.type = typeOf(info);
  setMode(into, info.mode ?? 0);
  into.uid = info.uid ?? 0;
  into.gid = info.gid ?? 0;
  into.nlink = info.nlink ?? 1;
  into.size = info.size;
  into.blocks = info.blocks ?? Math.ceil(info.size / 512);
  [into.mtimeSec, into.mtimeNsec] = split(info.mtime);
  [into.ctimeSec, into.ctimeNsec] = split(info.ctime);
  [into.bornSec, into.bornNsec] = split(info.birthtime);
  const inode = info.ino ?? 0;
  into.inoLo = inode % TWO_32;
  into.inoHi = Math.floor(inode / TWO_32);
  [into.devMajor, into.devMinor] = device(info.dev);
  [into.rdevMajor, into.rdevMinor] = device(info.rdev ?? 0);
  into.mountRoot = false;
  into.inodeFlags = false;
}

function typeOf(info: Deno.FileInfo): number {
  if (info.isFile) return FILE;
  if (info.isDirectory) return DIR;
  if (info.isSymlink) return SYMLINK;
  if (info.isFifo) return FIFO;
  if (info.isSocket) return SOCKET;
  return info.isBlockDevice ? BLOCK : CHAR;
}

function split(time: Date | null): [sec: number, nsec: number] {
  const ms = time?.getTime() ?? 0;
  const sec = Math.floor(ms / 1000);
  return [sec, (ms - sec * 1000) * 1_000_000];
}

/** Linux's dev_t taken apart. */
function device(number: number): [major: number, minor: number] {
  const parts = BigInt(number);
  const major = (parts >> 8n & 0xfffn) | (parts >> 32n & 0xfffff000n);
  const minor = (parts & 0xffn) | (parts >> 12n & 0xffffff00n);
  return [Number(major), Number(minor)];
}
