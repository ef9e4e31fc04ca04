import { JvsError } from "../model/errors.ts";
import { errnoName, SystemError } from "./system_error.ts";

// The errors for which Deno has a class. Most of them also have a `code`, but not all.
const BY_CLASS: Record<string, string> = {
  NotFound: "ENOENT",
  AlreadyExists: "EEXIST",
  PermissionDenied: "EACCES",
  NotCapable: "EACCES",
  IsADirectory: "EISDIR",
  NotADirectory: "ENOTDIR",
  FilesystemLoop: "ELOOP",
  WouldBlock: "EAGAIN",
  Interrupted: "EINTR",
  TimedOut: "ETIMEDOUT",
  NotSupported: "EOPNOTSUPP",
  InvalidData: "EINVAL",
  Busy: "EBUSY",
};

/** Makes a call of Deno; its failure is thrown as a `SystemError`. */
export function callDeno<T>(action: string, path: string, call: () => T): T {
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

/** The system's name for an error that Deno threw; `EIO` when the error does not say. */
function errnoOfDeno(error: unknown): string {
  if (!(error instanceof Error)) return "EIO";
  const code: unknown = Reflect.get(error, "code");
  if (typeof code === "string" && /^E[A-Z0-9]+$/.test(code)) return code;
  const number = /\(os error (\d+)\)/.exec(error.message)?.[1];
  if (number !== undefined) return errnoName(Number(number));
  return BY_CLASS[error.name] ?? "EIO";
}
