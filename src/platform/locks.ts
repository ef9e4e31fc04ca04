import { bytesOf, textOf } from "../model/bytes.ts";
import { JvsError } from "../model/errors.ts";
import { nowMs } from "./clock.ts";
import { attempt } from "./deno_call.ts";
import { throwIfCancelled } from "./pace.ts";
import { isSystemError } from "./system_error.ts";

/** Who holds a lock, as the lock's file says it to those who wait. */
export interface LockHolder {
  readonly host: string;
  readonly pid: number;
  readonly operation: string;
  /** ISO 8601. */
  readonly since: string;
}

/** How to take a lock. */
export interface LockOptions {
  /** Beside others that are shared too, which the file then says nothing of (default false: alone). */
  shared?: boolean;
  holder: LockHolder;
}

/** How to wait for a lock. */
export interface AcquireLockOptions extends LockOptions {
  /** How long to wait for one holder; counted anew when the lock changes hands. */
  timeoutMs: number;
  signal?: AbortSignal;
  /** Told when waiting begins and whenever somebody else holds it; nobody is named where readers do. */
  onWait?: (holder: LockHolder | undefined) => void;
}

const FIRST_WAIT_MS = 2;
const LONGEST_WAIT_MS = 50;
const LONGEST_TEXT = 4096;

/** A lock that is held; the end of `using`, of the process or of its machine frees it. */
export class FileLock implements Disposable {
  readonly path: string;
  readonly #file: Deno.FsFile;
  readonly #named: boolean;
  #held = true;

  constructor(path: string, file: Deno.FsFile, named: boolean) {
    this.path = path;
    this.#file = file;
    this.#named = named;
  }

  /** Once. The file stays: removing it would let two have the lock, each on a file of its own. */
  [Symbol.dispose](): void {
    if (!this.#held) return;
    this.#held = false;
    try {
      if (this.#named) this.#file.truncateSync(0);
    } catch {
      // A name that stays in the file says nothing once the lock is free; what was done under it is done.
    } finally {
      this.#file.close();
    }
  }
}

/** Takes a lock if it is free. */
export function tryLock(path: string, options: LockOptions): FileLock | undefined {
  const shared = options.shared ?? false;
  for (;;) {
    const { file, writable } = openLockFile(path);
    let kept = false;
    try {
      if (!attempt("lock", path, () => file.tryLockSync(!shared))) return undefined;
      if (!isStillThere(path, file)) continue; // its folder was made anew meanwhile: ours would exclude nobody
      const named = writable && !shared;
      if (named) writeHolder(file, options.holder);
      kept = true;
      return new FileLock(path, file, named);
    } finally {
      if (!kept) file.close();
    }
  }
}

/** Takes a lock, waiting as long as it is allowed; then `E_BUSY`, naming who holds it. SPEC 10. */
export async function acquireLock(path: string, options: AcquireLockOptions): Promise<FileLock> {
  const { signal, timeoutMs, onWait } = options;
  let wait = FIRST_WAIT_MS;
  let seen: string | undefined;
  let since = nowMs();
  for (;;) {
    throwIfCancelled(signal);
    const lock = tryLock(path, options);
    if (lock) return lock;
    const text = readHolderText(path);
    if (text !== seen) {
      seen = text;
      since = nowMs();
      onWait?.(parseHolder(text));
    }
    if (nowMs() - since >= timeoutMs) throw busy(path, timeoutMs, parseHolder(text));
    // Not in step with others that wait, or the same would come too late each time.
    await pause(Math.min(wait * (0.5 + Math.random()), timeoutMs), signal);
    wait = Math.min(wait * 2, LONGEST_WAIT_MS);
  }
}

/** Who holds a lock, as far as its file says; also what a crash left there. */
export function lockHolder(path: string): LockHolder | undefined {
  return parseHolder(readHolderText(path));
}

function openLockFile(path: string): { file: Deno.FsFile; writable: boolean } {
  try {
    const how = { read: true, write: true, create: true };
    return { file: attempt("lock", path, () => Deno.openSync(path, how)), writable: true };
  } catch (error) {
    // Another's file, or a read-only file system: it can be locked all the same, only without a name in it.
    if (!isSystemError(error, "EACCES", "EPERM", "EROFS")) throw error;
    return { file: openExisting(path, error), writable: false };
  }
}

function openExisting(path: string, refusal: unknown): Deno.FsFile {
  try {
    return attempt("lock", path, () => Deno.openSync(path, { read: true }));
  } catch (error) {
    // That the file is not there is only because it could not be made.
    throw isSystemError(error, "ENOENT") ? refusal : error;
  }
}

function isStillThere(path: string, file: Deno.FsFile): boolean {
  try {
    const named = attempt("look at", path, () => Deno.statSync(path));
    const locked = file.statSync();
    return named.ino === locked.ino && named.dev === locked.dev;
  } catch (error) {
    if (isSystemError(error, "ENOENT")) return false;
    throw error;
  }
}

function writeHolder(file: Deno.FsFile, holder: LockHolder): void {
  const bytes = bytesOf(JSON.stringify(holder));
  try {
    file.truncateSync(0);
    file.writeSync(bytes);
  } catch {
    // A full disk: the lock is held all the same, and those who wait learn no name.
  }
}

function readHolderText(path: string): string {
  try {
    using file = Deno.openSync(path, { read: true });
    const bytes = new Uint8Array(LONGEST_TEXT);
    return textOf(bytes.subarray(0, file.readSync(bytes) ?? 0));
  } catch {
    return ""; // gone or closed to us: nobody is named
  }
}

function parseHolder(text: string): LockHolder | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isHolder(value) ? value : undefined;
  } catch {
    return undefined; // empty, or being written at this moment
  }
}

function isHolder(value: unknown): value is LockHolder {
  if (typeof value !== "object" || value === null) return false;
  const { host, pid, operation, since } = value as Partial<Record<keyof LockHolder, unknown>>;
  return typeof host === "string" && typeof pid === "number" && typeof operation === "string" &&
    typeof since === "string";
}

function busy(path: string, timeoutMs: number, holder: LockHolder | undefined): JvsError {
  const who = holder
    ? `${holder.operation} (process ${holder.pid} on ${holder.host}) has held it since ${holder.since}`
    : "others that do not say who they are hold it";
  return new JvsError("E_BUSY", `Cannot get the lock "${path}" within ${timeoutMs / 1000} s: ${who}`, {
    hint:
      "Wait for it, or give a longer --lock-timeout. What a JuiceFS host held when it died is freed after about 60 s.",
    details: { path, timeout_ms: timeoutMs, holder: holder ?? null },
  });
}

/** Ends early when the signal says stop. */
function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
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
