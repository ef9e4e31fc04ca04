import { attempt } from "./deno_call.ts";
import { fillFrom } from "./portable_stat.ts";
import type { OpenFile, Stat } from "./platform.ts";
import { SystemError } from "./system_error.ts";

const PIECE = 1024 * 1024;

/** A file as Deno opens it. */
export class PortableFile implements OpenFile {
  readonly path: string;
  readonly #file: Deno.FsFile;
  #written = false;
  #open = true;

  constructor(path: string, file: Deno.FsFile) {
    this.path = path;
    this.#file = file;
  }

  read(buffer: Uint8Array): number {
    return attempt("read", this.path, () => this.#file.readSync(buffer)) ?? 0;
  }

  skipHole(): number {
    return 0;
  }

  write(bytes: Uint8Array): void {
    this.#written = true;
    for (let rest = bytes; rest.length > 0;) {
      rest = rest.subarray(attempt("write", this.path, () => this.#file.writeSync(rest)));
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
    attempt("cut", this.path, () => this.#file.truncateSync(size));
  }

  /** Uses the path, because Deno has no other way; first checks that the path still leads to this file. */
  setMode(mode: number): void {
    attempt("set the mode of", this.path, () => {
      const [opened, named] = [this.#file.statSync(), Deno.lstatSync(this.path)];
      if (opened.ino !== named.ino || opened.dev !== named.dev) throw new Deno.errors.NotFound();
      Deno.chmodSync(this.path, mode);
    });
  }

  tryLock(): boolean {
    return attempt("lock", this.path, () => this.#file.tryLockSync(true));
  }

  stat(into: Stat): void {
    fillFrom(attempt("look at", this.path, () => this.#file.statSync()), into);
  }

  syncData(): void {
    attempt("make durable", this.path, () => this.#file.syncDataSync());
    this.#written = false;
  }

  sync(): void {
    attempt("make durable", this.path, () => this.#file.syncSync());
    this.#written = false;
  }

  cloneFrom(_source: OpenFile): void {
    throw new SystemError("clone into", this.path, "EOPNOTSUPP");
  }

  /** Writes zeros for holes, because they cannot be found. */
  *copyPieces(source: OpenFile): Generator<number, void> {
    if (!(source instanceof PortableFile)) throw new SystemError("copy", this.path, "EINVAL");
    const position = attempt("read", source.path, () => source.#file.seekSync(0, Deno.SeekMode.Current));
    attempt("read", source.path, () => source.#file.seekSync(0, Deno.SeekMode.Start));
    const buffer = new Uint8Array(PIECE);
    try {
      for (let read = source.read(buffer); read > 0; read = source.read(buffer)) {
        this.write(buffer.subarray(0, read));
        yield read;
      }
    } finally {
      attempt("read", source.path, () => source.#file.seekSync(position, Deno.SeekMode.Start));
    }
    // As with the C library, the copy is then read from its beginning.
    attempt("read", this.path, () => this.#file.seekSync(0, Deno.SeekMode.Start));
  }

  dataBytes(): number {
    return attempt("look at", this.path, () => this.#file.statSync()).size;
  }

  #seek(action: string, position: number): void {
    attempt(action, this.path, () => this.#file.seekSync(position, Deno.SeekMode.Start));
  }

  /** Closes the file once. Makes its content durable, because there is no syncfs to do it later. */
  [Symbol.dispose](): void {
    if (!this.#open) return;
    this.#open = false;
    try {
      if (this.#written) this.sync();
    } finally {
      this.#file.close();
    }
  }
}
