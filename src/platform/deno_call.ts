import { JvsError } from "../model/errors.ts";
import { errnoOfDeno } from "./errno.ts";
import { SystemError } from "./system_error.ts";

/** Makes a call of Deno; its failure is thrown as a `SystemError`. */
export function attempt<T>(action: string, path: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw error instanceof JvsError ? error : new SystemError(action, path, errnoOfDeno(error), error);
  }
}

/** The error for a name that is not UTF-8: Deno's own calls cannot use it. SPEC 13. */
export function byteNameRefused(action: string, path: string): JvsError {
  return new JvsError("E_PERMISSION", `Cannot ${action} "${path}": its name or target is no UTF-8`, {
    hint:
      "Names that are no UTF-8 need the C library: run with --allow-ffi, or with the permission set of JVS.",
    details: { path, action, flag: "--allow-ffi" },
  });
}
