import { JvsError } from "../model/errors.ts";
import { grouped } from "../model/grouped.ts";
import { silentReporter } from "../model/progress.ts";
import { LONGEST_WORDS } from "../model/records.ts";
import type { Context } from "../protocol/context.ts";
import { changeKindOf, recordedOperations } from "./registry.ts";

/** What a way in knows of its caller. What it leaves out is as it suits a program: nothing is guessed or shown. */
export type Caller =
  & Pick<Context, "cwd" | "actor">
  & { readonly [K in Exclude<keyof Context, "kindOf" | "recordedOperations">]?: Context[K] | undefined };

/** The context of an operation for a caller: the one place that makes it. */
export function contextFor(caller: Caller): Context {
  checkWords("actor", caller.actor);
  checkWords("session", caller.session);
  checkWords("reason", caller.reason);
  return {
    ...caller,
    forProgram: caller.forProgram ?? true,
    reporter: caller.reporter ?? silentReporter,
    signal: caller.signal ?? new AbortController().signal,
    kindOf: changeKindOf,
    recordedOperations,
  };
}

/** Records say these words again, and a record that is too long is not read. */
function checkWords(what: string, given = ""): void {
  if (given.length <= LONGEST_WORDS) return;
  const most = grouped(LONGEST_WORDS);
  throw new JvsError("E_USAGE", `Cannot record the ${what}: it has ${given.length} characters`, {
    hint: `Give at most ${most}. Keep a longer text in a file of the worktree.`,
    details: { what, length: given.length },
  });
}

/** The actor in the audit log if the caller gives none: `user@host`. */
export async function defaultActor(): Promise<string> {
  const { openPlatform } = await import("../platform/open_platform.ts");
  const { host } = openPlatform();
  return `${host.userName}@${host.name}`;
}

/** Runs work for a caller who gets a `JvsError`, whatever is thrown. */
export async function inJvsErrors<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw asJvsError(error, signal);
  }
}

/** Turns any error into a `JvsError`. An unexpected one becomes `E_INTERNAL`. */
export function asJvsError(error: unknown, signal?: AbortSignal): JvsError {
  if (error instanceof JvsError) return error;
  if (signal?.aborted) return new JvsError("E_INTERRUPTED", "Interrupted", { cause: error });
  const message = error instanceof Error ? error.message : String(error);
  const refused = error instanceof Deno.errors.NotCapable;
  if (refused || error instanceof Deno.errors.PermissionDenied) {
    return new JvsError("E_PERMISSION", `Cannot go on: access was refused: ${message}`, {
      ...(refused ? { hint: "Start jvs by its launcher, which gives it the permissions it needs." } : {}),
      cause: error,
    });
  }
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (typeof code === "string" && /^E[A-Z0-9]+$/.test(code)) {
    const isFull = code === "ENOSPC" || code === "EDQUOT";
    const options = { details: { errno: code }, cause: error };
    return new JvsError(isFull ? "E_NO_SPACE" : "E_IO", `Cannot go on: ${message}`, options);
  }
  return new JvsError("E_INTERNAL", `Cannot go on: a mistake in jvs (${message})`, { cause: error });
}
