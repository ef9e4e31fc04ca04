import { bytesOf, textOf } from "../model/bytes.ts";
import { JvsError } from "../model/errors.ts";
import { nowMs } from "./clock.ts";
import { throwIfCancelled } from "./time_slice.ts";
import { type OpenFile, type OpenHow, Stat } from "./platform.ts";
import { isSystemError } from "./system_error.ts";

/** Where a lock's file is. Each call goes there from the beginning, as the folder can be made again meanwhile. */
export interface LockPlace {
  /** For messages. */
  readonly path: string;
  openFile(how: OpenHow): OpenFile;
  /** Fills `into`; false when it is not there. */
  stat(into: Stat): boolean;
}

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
  holder: LockHolder;
}

/** How to wait for a lock. */
export interface AcquireLockOptions extends LockOptions {
  /** How long to wait for one holder; counted anew when the lock changes hands. */
  timeoutMs: number;
  signal?: AbortSignal;
  /** Told when waiting begins and whenever somebody else holds it, with who that is where the file says so. */
  onWait?: (holder: LockHolder | undefined) => void;
}

const FIRST_WAIT_MS = 2;
const LONGEST_WAIT_MS = 50;
const LONGEST_TEXT = 4096;

/** A lock that is held; the end of `using`, of the process or of its machine frees it. */
export class FileLock implements Disposable {
  readonly #file: OpenFile;
  readonly #named: boolean;
  #held = true;

  constructor(readonly path: string, file: OpenFile, named: boolean) {
    this.#file = file;
    this.#named = named;
  }

  /** Once. The file stays: removing it would let two have the lock, each on a file of its own. */
  [Symbol.dispose](): void {
    if (!this.#held) return;
    this.#held = false;
    try {
      if (this.#named) this.#file.truncate(0);
    } catch {
      // A name that stays in the file says nothing once the lock is free; what was done under it is done.
    } finally {
      close(this.#file);
    }
  }
}

/** Takes a lock if it is free. */
export function tryLock(place: LockPlace, { holder }: LockOptions): FileLock | undefined {
  for (;;) {
    const { file, writable } = openLockFile(place);
    let kept = false;
    try {
      if (!file.tryLock()) return undefined;
      if (!isStillThere(place, file)) continue; // its folder was made anew meanwhile: ours would exclude nobody
      if (writable) writeHolder(file, holder);
      kept = true;
      return new FileLock(place.path, file, writable);
    } finally {
      if (!kept) close(file);
    }
  }
}

/** Takes a lock, waiting as long as it is allowed; then `E_BUSY`, naming who holds it. SPEC 10. */
export async function acquireLock(place: LockPlace, options: AcquireLockOptions): Promise<FileLock> {
  const { signal, timeoutMs, onWait } = options;
  let wait = FIRST_WAIT_MS;
  let seen: string | undefined;
  let since = nowMs();
  for (;;) {
    throwIfCancelled(signal);
    const lock = tryLock(place, options);
    if (lock) return lock;
    const text = readHolderText(place);
    if (text !== seen) {
      seen = text;
      since = nowMs();
      onWait?.(parseHolder(text));
    }
    if (nowMs() - since >= timeoutMs) throw busy(place.path, timeoutMs, parseHolder(text));
    // Not in step with others that wait, or the same would come too late each time.
    await pause(Math.min(wait * (0.5 + Math.random()), timeoutMs), signal);
    wait = Math.min(wait * 2, LONGEST_WAIT_MS);
  }
}

function openLockFile(place: LockPlace): { file: OpenFile; writable: boolean } {
  try {
    return { file: openToWrite(place), writable: true };
  } catch (error) {
    // Another's file, or a read-only file system: it can be locked all the same, only without a name in it.
    if (!isSystemError(error, "EACCES", "EPERM", "EROFS")) throw error;
    return { file: openExisting(place, error), writable: false };
  }
}

/** Opens the file, made where it is missing, maybe by another process between two of these calls. */
function openToWrite(place: LockPlace): OpenFile {
  for (;;) {
    try {
      return place.openFile("write");
    } catch (error) {
      if (!isSystemError(error, "ENOENT")) throw error;
    }
    try {
      return place.openFile("create");
    } catch (error) {
      if (!isSystemError(error, "EEXIST")) throw error;
    }
  }
}

function openExisting(place: LockPlace, refusal: unknown): OpenFile {
  try {
    return place.openFile("read");
  } catch (error) {
    // That the file is not there is only because it could not be made.
    throw isSystemError(error, "ENOENT") ? refusal : error;
  }
}

function isStillThere(place: LockPlace, file: OpenFile): boolean {
  const [named, locked] = [new Stat(), new Stat()];
  file.stat(locked);
  return place.stat(named) && named.inoLo === locked.inoLo && named.inoHi === locked.inoHi &&
    named.devMajor === locked.devMajor && named.devMinor === locked.devMinor;
}

function writeHolder(file: OpenFile, holder: LockHolder): void {
  try {
    file.truncate(0);
    file.writeAt(bytesOf(JSON.stringify(holder)), 0);
  } catch {
    // A full disk: the lock is held all the same, and those who wait learn no name.
  }
}

/** The lock falls with it, whatever the system says of what was written there. */
function close(file: OpenFile): void {
  try {
    file[Symbol.dispose]();
  } catch {
    // Only the holder's name could be lost.
  }
}

function readHolderText(place: LockPlace): string {
  try {
    using file = place.openFile("read");
    const bytes = new Uint8Array(LONGEST_TEXT);
    return textOf(bytes.subarray(0, file.read(bytes)));
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
