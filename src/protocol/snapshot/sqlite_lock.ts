import { equalBytes } from "../../model/bytes.ts";
import { nowMs } from "../../platform/clock.ts";
import { pause } from "../../platform/locks.ts";
import type { Folder, OpenFile } from "../../platform/platform.ts";
import { Stat } from "../../platform/stat.ts";
import { isSystemError, type SystemError, unlessFailed } from "../../platform/system_error.ts";
import { throwIfCancelled } from "../../platform/time_slice.ts";

/** The bytes of a database file that SQLite locks. They lie beyond any page that is used. */
const PENDING = 0x40000000;
const RESERVED = PENDING + 1;
const SHARED = PENDING + 2;
const SHARED_LENGTH = 510;
/** The bytes of a `-shm` file that SQLite locks: who writes the log, and who copies it into the database. */
const WRITER = 120;
const CHECKPOINTER = 121;

const MAGIC = new TextEncoder().encode("SQLite format 3\0");
/** Where the header says how the file is written, and what it says for a log (WAL). */
const WRITE_VERSION = 18;
const LOG = 2;
const HEADER_LENGTH = 20;

const LONGEST_PAUSE_MS = 10;

/** Why a lock cannot be had, as the end of a sentence. */
export class NoLock extends Error {}

/** How long to wait for locks. */
export interface LockWait {
  /** By `nowMs`. */
  readonly until: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * The locks of one SQLite database, taken as SQLite takes them, and for reading only: nothing of it is written. The end of
 * `using` frees them. docs/design/sqlite.md.
 */
export class SqliteLock implements Disposable {
  private constructor(
    private readonly file: OpenFile,
    /** The file beside it with the locks of the log; undefined if it keeps a journal. */
    private readonly shm: OpenFile | undefined,
  ) {}

  /** Opens a database; undefined if the file is none. */
  static open(folder: Folder, name: Uint8Array): SqliteLock | undefined {
    using opened = new DisposableStack();
    const file = opened.use(opening(() => folder.openFile(name, "read")));
    const version = writeVersionOf(file);
    if (version === undefined) return undefined;
    const shm = version === LOG ? openShm(folder, beside(name, "-shm")) : undefined;
    opened.move();
    return new SqliteLock(file, shm);
  }

  /** Whether it keeps a log (WAL), and no journal. */
  get hasLog(): boolean {
    return this.shm !== undefined;
  }

  /**
   * Keeps the database file as it is: what a transaction writes goes into the log or the journal until this lock is free.
   * Other connections read, and with a log they write.
   */
  async keepDatabase(wait: LockWait): Promise<void> {
    const { file, shm } = this;
    await takeShared(file, wait);
    if (shm !== undefined) await taken(shm, CHECKPOINTER, 1, wait);
  }

  /** Keeps the log as it is too: no transaction begins to write. */
  async keepLog(wait: LockWait): Promise<void> {
    if (this.shm !== undefined) await taken(this.shm, WRITER, 1, wait);
  }

  /** Whether a transaction writes a journal now. Under `keepDatabase` nothing of it is in the database yet. */
  hasJournalWriter(): boolean {
    if (this.hasLog) return false;
    if (!this.file.tryLockBytes(RESERVED, 1)) return true;
    this.file.unlockBytes(RESERVED, 1);
    return false;
  }

  /** Whether the file that is locked is the one that is meant. */
  isOf(stat: Stat): boolean {
    const own = Stat.ofFile(this.file);
    return own.inoLo === stat.inoLo && own.inoHi === stat.inoHi;
  }

  [Symbol.dispose](): void {
    this.shm?.[Symbol.dispose]();
    this.file[Symbol.dispose]();
  }
}

/**
 * Keeps the log of a database from being deleted when its last program closes it, as a reader of the database does. Programs open, read and
 * write it meanwhile. Undefined if the file is no database with a log.
 */
export async function keepLog(
  folder: Folder,
  name: Uint8Array,
  wait: LockWait,
): Promise<Disposable | undefined> {
  using opened = new DisposableStack();
  const file = opened.use(opening(() => folder.openFile(name, "read")));
  if (writeVersionOf(file) !== LOG) return undefined;
  await takeShared(file, wait);
  opened.move();
  return file;
}

/** How a database is written, as its header says; undefined if the file is none. */
function writeVersionOf(file: OpenFile): number | undefined {
  const header = new Uint8Array(HEADER_LENGTH);
  if (opening(() => file.readAt(header, 0)) < HEADER_LENGTH) return undefined;
  return equalBytes(header.subarray(0, MAGIC.length), MAGIC) ? header[WRITE_VERSION] : undefined;
}

/** The lock of a reader. A writer that waits for readers has PENDING, so that no new one gets in before it. */
async function takeShared(file: OpenFile, wait: LockWait): Promise<void> {
  await taken(file, PENDING, 1, wait);
  await taken(file, SHARED, SHARED_LENGTH, wait);
  file.unlockBytes(PENDING, 1);
}

/** The name of a file that SQLite keeps beside a database. */
export function beside(name: Uint8Array, suffix: "-wal" | "-shm" | "-journal"): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(suffix);
  const whole = new Uint8Array(name.length + text.length);
  whole.set(name);
  whole.set(text, name.length);
  return whole;
}

/** Without it, no program has the database open, or one has it for itself. JVS does not make it: it is the user's tree. */
function openShm(folder: Folder, name: Uint8Array): OpenFile {
  const file = unlessFailed(["ENOENT"], () => opening(() => folder.openFile(name, "read")));
  if (file === undefined) throw new NoLock("its -shm file is not there");
  return file;
}

/** Waits for bytes. A program has them for the time of one transaction; between two of them there is only a moment. */
async function taken(
  file: OpenFile,
  start: number,
  length: number,
  { until, signal }: LockWait,
): Promise<void> {
  for (
    let ms = 1;
    !opening(() => file.tryLockBytes(start, length));
    ms = Math.min(ms * 2, LONGEST_PAUSE_MS)
  ) {
    throwIfCancelled(signal);
    if (nowMs() >= until) throw new NoLock("another program did not end its transaction in time");
    await pause(ms * Math.random(), signal);
  }
}

/** What prevents a lock is no failure of the snapshot. */
function opening<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    if (!isSystemError(error) || error.errno === "ENOENT") throw error;
    throw new NoLock((error satisfies SystemError).reason);
  }
}
