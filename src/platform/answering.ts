import { JvsError } from "../model/errors.ts";
import type { Platform, ServedMount } from "./platform.ts";

/** How long a file system may take to answer, unless the caller says otherwise. */
const PATIENCE_MS = 30_000;

/** How often it is asked while something is done with it. */
const ASKED_EVERY_MS = 5000;

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
export async function requireAnswer(
  platform: Platform,
  path: string,
  waiting: Waiting,
): Promise<ServedMount | undefined> {
  const given = platform.servedMount(path);
  if (given !== undefined) await answerWithin(given, waiting, ask);
  // A link on the way may lead to another file system. Mounts are read once where there is none.
  const real = await answerWithin(given ?? { path, kind: "unknown" }, waiting, () => realPath(path));
  const mount = real === path ? given : platform.servedMount(real);
  if (mount !== undefined && mount.path !== given?.path) await answerWithin(mount, waiting, ask);
  return mount;
}

/** Fails, as `requireAnswer`, if one of these file systems does not answer. */
export async function requireAnswers(mounts: readonly ServedMount[], waiting: Waiting): Promise<void> {
  await Promise.all(mounts.map((mount) => answerWithin(mount, waiting, ask)));
}

/**
 * Does work on a file system that answered, and asks it again and again meanwhile: it may stop while the work waits for
 * a program that uses it. Then this fails, and the work is stopped as soon as that gets to it.
 */
export async function whileAnswering<T>(
  mount: ServedMount,
  { timeoutMs = PATIENCE_MS, signal }: Waiting,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const given = signal === undefined ? [] : [signal];
  const failed = Promise.withResolvers<never>();
  const stopped = new AbortController();
  const timer = setInterval(() => {
    answerWithin(mount, { timeoutMs }, ask).catch((error) => {
      stopped.abort(error);
      failed.reject(error);
    });
  }, Math.min(timeoutMs, ASKED_EVERY_MS));
  Deno.unrefTimer(timer);
  const done = work(AbortSignal.any([...given, stopped.signal]));
  try {
    return await Promise.race([done, failed.promise]);
  } finally {
    clearInterval(timer);
    failed.promise.catch(() => {});
    done.catch(() => {});
  }
}

async function answerWithin<T>(
  mount: ServedMount,
  { timeoutMs = PATIENCE_MS, signal }: Waiting,
  question: (mount: string) => Promise<T>,
): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(noAnswer(mount, timeoutMs)), timeoutMs);
  const interrupted = () => late.reject(interruptedAt(mount, signal));
  signal?.addEventListener("abort", interrupted);
  try {
    return await Promise.race([question(mount.path), late.promise]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", interrupted);
  }
}

/** Any answer will do. No cache can give it: nothing ever had this name. */
async function ask(mount: string): Promise<void> {
  await Deno.lstat(`${mount}/.jvs-${crypto.randomUUID()}`).catch(() => {});
}

/** The path without links, as far as that can be told. */
async function realPath(path: string): Promise<string> {
  return await Deno.realPath(path).catch(() => path);
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
