import { JvsError } from "../model/errors.ts";
import { nowMs } from "./clock.ts";
import { isStillThere, type LockPlace, pause } from "./locks.ts";
import type { LockHow, OpenFile } from "./platform.ts";
import { isSystemError, type SystemError, unlessFailed } from "./system_error.ts";
import { throwIfCancelled } from "./time_slice.ts";

const FIRST_WAIT_MS = 2;
const LONGEST_WAIT_MS = 50;
/** JuiceFS says so of an open file that another host removes or replaces. */
const NOT_THERE = ["ENOENT", "ESTALE", "EBADF"];
/** The marker of another member, or a read-only file system: it can still be locked. */
const NOT_OURS = ["EACCES", "EPERM", "EROFS"];

/** How to wait for a file that is about to be removed. */
export interface UseFileOptions {
  timeoutMs: number;
  signal?: AbortSignal | undefined;
}

/**
 * Keeps a file from being removed by those who ask `claimFile` first, until the end of `using` or of the process. Any number
 * of processes can do so at once. Waits while another process claims the file; undefined if it is not there.
 *
 * Where the file system gives no locks nothing is kept, because reading must work there too: `claimFile` fails there.
 */
export async function useFile(
  place: LockPlace,
  { timeoutMs, signal }: UseFileOptions,
): Promise<Disposable | undefined> {
  const until = nowMs() + timeoutMs;
  for (let wait = FIRST_WAIT_MS;; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
    throwIfCancelled(signal);
    const file = unlessFailed(["ENOENT"], () => place.openFile("read"));
    if (file === undefined) return undefined;
    using opened = new DisposableStack();
    opened.use(file);
    const locked = tryLock(file, "shared");
    if (typeof locked !== "boolean" || locked && isStillThere(place, file)) return opened.move();
    opened.dispose();
    if (nowMs() >= until) throw isClaimed(place.path, timeoutMs);
    await pause(wait * (0.5 + Math.random()), signal);
  }
}

/**
 * Takes a file for itself, so that it can be removed: from now on `useFile` waits. Undefined if another process uses or claims
 * it, or it was removed. Throws the error of the lock where the file system gives none: then nothing tells whether it is in use.
 */
export function claimFile(place: LockPlace): Disposable | undefined {
  using opened = new DisposableStack();
  const file = unlessFailed(["ENOENT"], () => openToClaim(place));
  if (file === undefined) return undefined;
  opened.use(file);
  const locked = tryLock(file, "alone");
  if (typeof locked !== "boolean") throw locked;
  return locked && isStillThere(place, file) ? opened.move() : undefined;
}

/** For writing where that is possible: NFS gives no lock alone on a file that is open for reading only. */
function openToClaim(place: LockPlace): OpenFile {
  return unlessFailed(NOT_OURS, () => place.openFile("write")) ?? place.openFile("read");
}

/** Whether the lock was taken; the error where the file system gives none. */
function tryLock(file: OpenFile, how: LockHow): boolean | SystemError {
  try {
    return file.tryLock(how);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return isSystemError(error, ...NOT_THERE) ? false : error;
  }
}

function isClaimed(path: string, timeoutMs: number): JvsError {
  const state = `another process has been about to remove it for ${timeoutMs / 1000} s`;
  return new JvsError("E_BUSY", `Cannot use "${path}": ${state}`, {
    hint: "Wait until its garbage collection has ended, then try again.",
    details: { path, timeout_ms: timeoutMs },
  });
}
