import { JvsError } from "../../../model/errors.ts";

/** `E_USAGE` for a line that calls this command and cannot be understood, with what may have been meant. */
export function usage(
  command: string,
  state: string,
  details: Record<string, unknown>,
  meant?: string,
): JvsError {
  const words = (first: string) => `\`${`${first} ${command}`.trimEnd()}\``;
  return new JvsError("E_USAGE", `Cannot run ${words("jvs")}: ${state}`, {
    hint: `${meant === undefined ? "" : `Did you mean ${meant}? `}See ${words("jvs help")}.`,
    details: { command, ...details, ...(meant === undefined ? {} : { meant }) },
  });
}
