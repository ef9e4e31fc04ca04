import { bytesOf, textOf } from "../model/bytes.ts";
import { JvsError } from "../model/errors.ts";
import { nowMs } from "./clock.ts";
import { throwIfCancelled } from "./time_slice.ts";
import type { OpenFile, OpenHow } from "./platform.ts";
import { Stat } from "./stat.ts";
import { isSystemError, unlessFailed } from "./system_error.ts";

/** Where the file of a lock is. Each call opens the folders on the way again, because they can be replaced. */
export interface LockPlace {
  /** For messages. */
  readonly path: string;
  openFile(how: OpenHow): OpenFile;
  /** Fills `into`; false when the file does not exist. */
  stat(into: Stat): boolean;
}

/** Who holds a lock. The holder writes it into the file for processes that wait. */
export interface LockHolder {
  readonly host: string;
  readonly pid: number;
  readonly operation: string;
  /** ISO 8601. */
  readonly since: string;
}

/** How to wait for a lock. */
export interface AcquireLockOptions {
  holder: LockHolder;
  /** How long to wait for one holder; the time starts again when another process takes the lock, up to twenty times. */
  timeoutMs: number;
  signal?: AbortSignal;
  /**
   * Called when waiting begins and whenever the holder changes; the holder is undefined when the file does not name
   * it.
   */
  onWait?: (holder: LockHolder | undefined) => void;
}

const FIRST_WAIT_MS = 2;
const LONGEST_WAIT_MS = 50;
const LONGEST_TEXT = 4096;
/** The text that names the holder is anybody's who may lock: by writing a new one again and again a process could keep others waiting. */
const MOST_HOLDERS = 20;

/** A lock that this process holds. The end of `using`, of the process or of the machine frees it. */
export type FileLock = Disposable;

/** Takes a lock if it is free. */
export function tryLock(
  place: LockPlace,
  { holder }: Pick<AcquireLockOptions, "holder">,
): FileLock | undefined {
  for (;;) {
    using opened = new DisposableStack();
    const { file, writable } = openLockFile(place);
    // Closing frees the lock; only the name of the holder could be lost.
    opened.defer(() => ifPossible(() => file[Symbol.dispose]()));
    // JuiceFS can say that the open file is not there.
    if (unlessFailed(["ENOENT", "ESTALE"], () => file.tryLock()) !== true) return undefined;
    if (!isStillThere(place, file)) continue; // its folder was replaced in between: our lock would exclude no other process
    // A full disk: the lock is held, but processes that wait do not learn the name.
    if (writable) ifPossible(() => writeHolder(place, holder));
    // The file stays: if it were removed, two processes could hold the lock on two files. A name that stays in it has no
    // meaning once the lock is free.
    if (writable) opened.defer(() => ifPossible(() => file.truncate(0)));
    return opened.move();
  }
}

/** Takes a lock. Waits as long as the options say, then throws `E_BUSY`, which names the holder. SPEC 10. */
export async function acquireLock(place: LockPlace, options: AcquireLockOptions): Promise<FileLock> {
  const { signal, timeoutMs, onWait } = options;
  let wait = FIRST_WAIT_MS;
  let seen: string | undefined;
  let since = nowMs();
  const last = since + MOST_HOLDERS * timeoutMs;
  for (;;) {
    throwIfCancelled(signal);
    const lock = tryLock(place, options);
    if (lock) return lock;
    const text = readHolderText(place);
    if (text !== seen) {
      seen = text;
      since = Math.min(nowMs(), last - timeoutMs);
      onWait?.(parseHolder(text));
    }
    if (nowMs() - since >= timeoutMs) throw busy(place.path, timeoutMs, parseHolder(text));
    // A random pause, so that processes which wait do not all try at the same moment.
    await pause(Math.min(wait * (0.5 + Math.random()), timeoutMs), signal);
    wait = Math.min(wait * 2, LONGEST_WAIT_MS);
  }
}

function openLockFile(place: LockPlace): { file: OpenFile; writable: boolean } {
  try {
    return { file: openToWrite(place), writable: true };
  } catch (error) {
    // The file of another user, or a read-only file system: it can still be locked, but without a name in it.
    if (!isSystemError(error, "EACCES", "EPERM", "EROFS")) throw error;
    const file = unlessFailed(["ENOENT"], () => place.openFile("read"));
    // The file is missing only because it could not be made: that first error is the reason.
    if (file === undefined) throw error;
    return { file, writable: false };
  }
}

/** Opens the file and makes it when it is missing. Repeats, because another process may make it in between. */
function openToWrite(place: LockPlace): OpenFile {
  for (;;) {
    const file = unlessFailed(["ENOENT"], () => place.openFile("write")) ??
      unlessFailed(["EEXIST"], () => place.openFile("create"));
    if (file !== undefined) return file;
  }
}

/** Whether the name of a file still leads to this file. */
export function isStillThere(place: Pick<LockPlace, "stat">, file: OpenFile): boolean {
  const [named, locked] = [new Stat(), Stat.ofFile(file)];
  return place.stat(named) && named.inoLo === locked.inoLo && named.inoHi === locked.inoHi &&
    named.devMajor === locked.devMajor && named.devMinor === locked.devMinor;
}

/** Closes what it writes to: a network file system sends it then, and the file of the lock stays open as long as the lock. */
function writeHolder(place: LockPlace, holder: LockHolder): void {
  using file = place.openFile("write");
  file.truncate(0);
  file.writeAt(bytesOf(JSON.stringify(holder)), 0);
}

/** Empty if the file is missing or closed to us: then the holder is unknown. */
function readHolderText(place: LockPlace): string {
  const text = ifPossible(() => {
    using file = place.openFile("read");
    const bytes = new Uint8Array(LONGEST_TEXT);
    return textOf(bytes.subarray(0, file.read(bytes)));
  });
  return text ?? "";
}

/** Undefined if the text is empty, or another process is writing it. */
function parseHolder(text: string): LockHolder | undefined {
  const value: unknown = ifPossible(() => JSON.parse(text));
  return isHolder(value) ? value : undefined;
}

function isHolder(value: unknown): value is LockHolder {
  const { host, pid, operation, since } = (value ?? {}) as Partial<Record<keyof LockHolder, unknown>>;
  return typeof host === "string" && typeof pid === "number" && typeof operation === "string" &&
    typeof since === "string";
}

/** For what may fail without harm. */
function ifPossible<T>(call: () => T): T | undefined {
  try {
    return call();
  } catch {
    return undefined;
  }
}

function busy(path: string, timeoutMs: number, holder: LockHolder | undefined): JvsError {
  const who = holder
    ? `${holder.operation} (process ${holder.pid} on ${holder.host}) has held it since ${holder.since}`
    : "a process that does not give its name holds it";
  return new JvsError("E_BUSY", `Cannot get the lock "${path}" within ${timeoutMs / 1000} s: ${who}`, {
    hint:
      "Wait for it, or give a longer --lock-timeout. What a JuiceFS host held when it died is freed after about 60 s.",
    details: { path, timeout_ms: timeoutMs, holder: holder ?? null },
  });
}

/** Waits, but no longer than until the signal aborts. */
export function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener("abort", done);
  });
}
