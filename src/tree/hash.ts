import { phase, type Reporter } from "../model/progress.ts";
import { TimeSlice } from "../platform/time_slice.ts";
import type { Folder, OpenFile, Platform } from "../platform/platform.ts";
import { isSystemError, type SystemError } from "../platform/system_error.ts";
import { OpenFolders } from "./open_folders.ts";
import { loadSha256, type Sha256 } from "./sha256.ts";
import { at, NONE, type TreeTable } from "./table.ts";
import { isRefused } from "./unreadable.ts";

const BUFFER_BYTES = 512 * 1024;
/** Hashed in place of holes. */
const ZEROS = new Uint8Array(BUFFER_BYTES);
/** The work for a full buffer and for a file, in rounds of a usual loop, for `TimeSlice`. */
const BUFFER_WEIGHT = 64;
const FILE_WEIGHT = 2;

/** How to hash. */
export interface HashOptions {
  /** The platform that flushes files before JVS reads them, because of memory maps (SPEC 5); false: no flush. */
  readonly flush: Platform | false;
  /** Gets errors of reading, except refused access. Without it the error is thrown. */
  readonly onFailure?: (index: number, error: SystemError) => void;
  readonly reporter?: Reporter;
  readonly signal?: AbortSignal;
}

/** The result of hashing; the hashes are in the table. */
type HashResult = Readonly<Pick<HashRun, "unreadable" | "changed" | "bytes">>;

/** Hashes files of a tree into its table. A file with several hard links is read once. */
export async function hashFiles(
  root: Folder,
  table: TreeTable,
  indexes: Iterable<number>,
  options: HashOptions,
): Promise<HashResult> {
  const wanted = indexes instanceof Uint32Array ? indexes : Uint32Array.from(indexes);
  let total = 0;
  for (const index of wanted) total += at(table.size, index);
  if (wanted.length === 0) return { unreadable: [], changed: [], bytes: 0 };
  using _phase = phase(options.reporter, "hashing", { entries: wanted.length, bytes: total });
  const flushEach = options.flush !== false && !flushTogether(options.flush, root, wanted.length);
  using run = new HashRun(root, table, await loadSha256(), { ...options, flushEach });
  for (const index of wanted) {
    for (const _due of run.hash(index)) await run.pause();
  }
  run.report();
  const { unreadable, changed, bytes } = run;
  return { unreadable, changed, bytes };
}

/** Up to this number, files are flushed one by one. */
const FEW_FILES = 16;

/**
 * Flushes all files of a tree at once, so that reads find what programs stored through memory maps, and a later store
 * changes the times (SPEC 5). Returns false if the caller must flush each file before it reads it.
 *
 * With 20,000 files on XFS, one syncfs takes 250 ms (just written) or 0.1 ms (already on disk); one fdatasync for each
 * file takes 8.4 s or 1.7 s. For a few files syncfs can be slower, because it also writes the data of other programs.
 */
export function flushTogether(platform: Platform, root: Folder, files: number): boolean {
  if (files <= FEW_FILES) return false;
  const { kind } = platform.fileSystem(root);
  // On FUSE, syncfs may do nothing. Without the C library there is no syncfs, and the kind is unknown.
  if (kind === "unknown" || kind.startsWith("fuse")) return false;
  platform.syncFileSystem(root);
  return true;
}

/** Hashes the targets of symbolic links that have no hash yet. */
export async function hashTargets(table: TreeTable): Promise<void> {
  if (table.targets.size === 0) return;
  const sha256 = await loadSha256();
  for (const [index, target] of table.targets) {
    if (table.hashed[index] !== 1) table.setHash(index, sha256.once(target));
  }
}

class HashRun implements Disposable {
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
    private readonly options: HashOptions & { readonly flushEach: boolean },
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
      if (group !== NONE) groups.set(group, index);
    }
    this.entries++;
    if (this.slice.isOver(FILE_WEIGHT)) yield;
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
      if (options.flushEach) file.syncData();
      const size = at(table.size, index);
      const hash = size < this.buffer.length ? this.readSmall(file, size) : yield* this.readLarge(file, size);
      if (hash === undefined) this.changed.push(index);
      return hash;
    } catch (error) {
      if (isRefused(error)) this.unreadable.push(index);
      // If the entry is no longer a file: ELOOP for a link, EINVAL for the other types.
      else if (isSystemError(error, "ENOENT", "ENOTDIR", "ELOOP", "EINVAL")) this.changed.push(index);
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
