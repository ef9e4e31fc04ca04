import { type ErrorCode, JvsError } from "../../model/errors.ts";
import type { Style } from "./render/style.ts";

/** The exit codes of errors. All others have 1, "the operation says no". SPEC 11. */
const EXIT_CODES: Partial<Record<ErrorCode, number>> = { E_USAGE: 2, E_INTERRUPTED: 130 };

/** The exit code for an error. */
export function exitCodeOf(error: JvsError): number {
  return EXIT_CODES[error.code] ?? 1;
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

/** An error as text for people: message, class and hint; with `debug` its stack too. */
export function errorText(error: JvsError, style: Style, options: { debug?: boolean } = {}): string {
  const lines = [
    `${style.paint("bad", "error:")} ${error.message} ${style.paint("faint", `(${error.code})`)}`,
    ...(error.hint === "" ? [] : [`  ${style.paint("notice", "hint:")} ${error.hint}`]),
  ];
  for (let each: unknown = options.debug ? error : undefined; each instanceof Error; each = each.cause) {
    lines.push(style.paint("faint", `${each === error ? "" : "caused by "}${each.stack ?? each.message}`));
  }
  return `${lines.join("\n")}\n`;
}

/** An error as JSON for programs. SPEC 11. */
export function errorJson({ code, message, hint, details }: JvsError): string {
  return `${JSON.stringify({ schema_version: 1, error: code, message, hint, details }, null, 2)}\n`;
}
