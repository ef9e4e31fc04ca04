import { JvsError } from "../model/errors.ts";

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
