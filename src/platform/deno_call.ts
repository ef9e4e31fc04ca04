import { JvsError } from "../model/errors.ts";
import { errnoOfDeno } from "./errno.ts";
import { SystemError } from "./system_error.ts";

/** Makes one of Deno's calls; what it throws comes as a `SystemError`. */
export function attempt<T>(action: string, path: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw error instanceof JvsError ? error : new SystemError(action, path, errnoOfDeno(error), error);
  }
}

/** A name that is no UTF-8 and that Deno's own calls cannot say. SPEC 13. */
export function byteNameRefused(action: string, path: string): JvsError {
  return new JvsError("E_PERMISSION", `Cannot ${action} "${path}": its name or target is no UTF-8`, {
    hint:
      "Names that are no UTF-8 need the C library: run with --allow-ffi, or with the permission set of JVS.",
    details: { path, action, flag: "--allow-ffi" },
  });
}
