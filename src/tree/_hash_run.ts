import type { Reporter } from "../model/progress.ts";
import { TimeSlice } from "../platform/time_slice.ts";
import type { Folder, OpenFile } from "../platform/platform.ts";
import { isSystemError, type SystemError } from "../platform/system_error.ts";
import { OpenFolders } from "./open_folders.ts";
import type { Sha256 } from "./sha256.ts";
import { NONE, type TreeTable } from "./table.ts";
import { at } from "./columns.ts";
import { isRefused } from "./unreadable.ts";

const BUFFER_BYTES = 512 * 1024;
/** Hashed in place of holes. */
const ZEROS = new Uint8Array(BUFFER_BYTES);
/** The work for a full buffer and for a file, in rounds of a usual loop, for `TimeSlice`. */
const BUFFER_WEIGHT = 64;
const FILE_WEIGHT = 2;

/** Why what was a file cannot be opened: it is gone, or a link (ELOOP), a folder, a socket (ENXIO) or another type (EINVAL) now. */
const NO_FILE = ["ENOENT", "ESTALE", "ENOTDIR", "ELOOP", "EISDIR", "ENXIO", "EINVAL"];

/** To open, read and close a small file takes as long as to hash this many bytes. */
export const FILE_BYTES = 4096;

/** The result of hashing; the hashes are in the table. */
export type HashResult = Readonly<Pick<HashRun, "unreadable" | "changed" | "bytes">>;

/** How one thread hashes. */
export interface HashRunOptions {
  /** Flush each file before it is read. */
  readonly flushEach: boolean;
  /** Nobody writes the files, as in a payload: no write is waited for, which would wait for a frozen file system too. */
  readonly isStill?: boolean | undefined;
  /** Gets errors of reading, except refused access. Without it the error is thrown. */
  readonly onFailure?: ((index: number, error: SystemError) => void) | undefined;
  readonly reporter?: Reporter | undefined;
  readonly signal?: Pick<AbortSignal, "aborted"> | undefined;
}

/** Hashes files of a tree into its table, one after the other: the work of one thread, whether it is alone or not. */
export class HashRun implements Disposable {
  /** Files that the system refused to open. */
  readonly unreadable: number[] = [];
  /** Files that are gone, or are no longer files, or have another size than in the table. */
  readonly changed: number[] = [];
  /** How many bytes were hashed. */
  bytes = 0;
  private entries = 0;
  private reportedBytes = 0;
  private readonly folders: OpenFolders;
  private readonly slice: TimeSlice;
  private readonly buffer = new Uint8Array(BUFFER_BYTES);
  /** For each hard-link group the entry whose hash is known. */
  private readonly groups = new Map<number, number>();

  constructor(
    root: Folder,
    private readonly table: TreeTable,
    private readonly sha256: Sha256,
    private readonly options: HashRunOptions,
  ) {
    this.folders = new OpenFolders(root, table);
    this.slice = new TimeSlice(options.signal);
    this.slice.check();
  }

  /** Hashes one file, or notes why that is impossible. It yields when a pause is due: promises would take memory. */
  *hash(index: number): Generator<void, void> {
    const { table, groups } = this;
    const group = at(table.linkGroup, index);
    const twin = groups.get(group);
    const hash = twin === undefined ? yield* this.tryToRead(index) : table.contentHash(twin);
    if (hash !== undefined) {
      table.setHash(index, hash);
      this.remember(index);
    }
    this.entries++;
    if (this.slice.isOver(FILE_WEIGHT)) yield;
  }

  /** The further names of this file need not be read: its hash is in the table. */
  remember(index: number): void {
    const group = at(this.table.linkGroup, index);
    if (group !== NONE) this.groups.set(group, index);
  }

  /** What was hashed, and what was not. Reports the last of it. */
  result(): HashResult {
    this.report();
    const { unreadable, changed, bytes } = this;
    return { unreadable, changed, bytes };
  }

  /** Reports the work since the last report. */
  report(): void {
    this.options.reporter?.advance(this.entries, this.bytes - this.reportedBytes);
    this.entries = 0;
    this.reportedBytes = this.bytes;
  }

  [Symbol.dispose](): void {
    this.folders[Symbol.dispose]();
  }

  private *tryToRead(index: number): Generator<void, Uint8Array | undefined> {
    const { table, options } = this;
    try {
      using file = this.folders.get(at(table.parent, index)).openFile(table.name(index), "read");
      const size = at(table.size, index);
      if (!options.isStill) file.waitForWrite();
      if (options.flushEach) file.syncData();
      const hash = size < this.buffer.length ? this.readSmall(file, size) : yield* this.readLarge(file, size);
      if (hash === undefined) this.changed.push(index);
      return hash;
    } catch (error) {
      if (isRefused(error)) this.unreadable.push(index);
      else if (isSystemError(error, ...NO_FILE)) this.changed.push(index);
      else if (isSystemError(error) && options.onFailure) options.onFailure(index, error);
      else throw error;
      return undefined;
    }
  }

  /** The hash of the content, or undefined if the file does not have this size. */
  private readSmall(file: OpenFile, size: number): Uint8Array | undefined {
    const { buffer } = this;
    for (let done = 0;;) {
      const read = file.read(done === 0 ? buffer : buffer.subarray(done));
      this.bytes += read;
      done += read;
      if (done > size || (read === 0 && done < size)) return undefined;
      // The buffer had room for more, so this is the end of the file.
      if (done === size) return this.sha256.once(buffer.subarray(0, done));
    }
  }

  /** As `readSmall`. It skips holes and hashes zeros, because reading a hole takes several times as long. */
  private *readLarge(file: OpenFile, size: number): Generator<void, Uint8Array | undefined> {
    const { buffer } = this;
    const stream = new this.sha256();
    for (let done = 0;;) {
      let zeros = file.skipHole();
      done += zeros;
      if (done > size) return undefined;
      for (; zeros > 0; zeros -= Math.min(zeros, ZEROS.length)) {
        yield* this.add(stream, ZEROS.subarray(0, zeros));
      }
      const read = file.read(buffer);
      done += read;
      if (done > size || (read === 0 && done < size)) return undefined;
      if (read === 0) return stream.digest();
      yield* this.add(stream, buffer.subarray(0, read));
    }
  }

  private *add(stream: InstanceType<Sha256>, bytes: Uint8Array): Generator<void, void> {
    stream.update(bytes);
    this.bytes += bytes.length;
    if (this.slice.isOver(BUFFER_WEIGHT)) yield;
  }

  /** Reports, and lets other code run. */
  async pause(): Promise<void> {
    this.report();
    await this.slice.yield();
  }
}
