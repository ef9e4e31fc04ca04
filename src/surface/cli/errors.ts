import { type ErrorCode, JvsError } from "../../model/errors.ts";
import type { Style } from "./render/style.ts";

/** The exit codes of errors. All others have 1, "the operation says no". SPEC 11. */
const EXIT_CODES: Partial<Record<ErrorCode, number>> = { E_USAGE: 2, E_INTERRUPTED: 130 };

/** The exit code for an error. */
export function exitCodeOf(error: JvsError): number {
  return EXIT_CODES[error.code] ?? 1;
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
