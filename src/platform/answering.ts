import { JvsError } from "../model/errors.ts";
import type { Platform, ServedMount } from "./platform.ts";

/** How long a file system may take to answer, unless the caller says otherwise. */
const PATIENCE_MS = 30_000;

/** How long to wait. */
export interface Waiting {
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Fails if a path lies on a file system whose program or machine does not answer. Without this question the first look at it
 * would wait for ever, in the kernel, where Ctrl-C does not reach us.
 *
 * The question itself still waits when this fails: a program that should end then has to exit. So such an error names the
 * mount in `details.not_answering`.
 */
export async function requireAnswer(platform: Platform, path: string, waiting: Waiting): Promise<void> {
  const mount = platform.servedMount(path);
  if (mount === undefined) return;
  const { timeoutMs = PATIENCE_MS, signal } = waiting;
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(noAnswer(mount, timeoutMs)), timeoutMs);
  const interrupted = () => late.reject(interruptedAt(mount, signal));
  signal?.addEventListener("abort", interrupted);
  try {
    await Promise.race([ask(mount.path), late.promise]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", interrupted);
  }
}

/** Any answer will do. No cache can give it: nothing ever had this name. */
async function ask(mount: string): Promise<void> {
  try {
    await Deno.lstat(`${mount}/.jvs-${crypto.randomUUID()}`);
  } catch {
    // as expected
  }
}

function noAnswer({ path, kind }: ServedMount, timeoutMs: number): JvsError {
  return new JvsError(
    "E_IO",
    `Cannot reach "${path}": its file system (${kind}) has not answered for ${timeoutMs / 1000} s`,
    {
      hint:
        "See whether the program or the machine that serves it runs and is reachable. JVS_MOUNT_TIMEOUT says how " +
        "long to wait.",
      details: { not_answering: path, timeout_ms: timeoutMs },
    },
  );
}

function interruptedAt({ path, kind }: ServedMount, signal: AbortSignal | undefined): JvsError {
  return new JvsError("E_INTERRUPTED", `Interrupted while "${path}" (${kind}) did not answer`, {
    details: { not_answering: path },
    cause: signal?.reason,
  });
}
