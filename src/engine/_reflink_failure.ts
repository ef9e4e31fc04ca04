import { JvsError } from "../model/errors.ts";
import type { SystemError } from "../platform/system_error.ts";

/** These errors say that the disk is full or broken. Another engine would meet them too. */
const DISK_ERRORS = ["ENOSPC", "EDQUOT", "EIO", "EROFS"];

/** The error for a file that cannot be cloned. JVS never takes another engine silently. SPEC 5. */
export function reflinkFailure(error: SystemError): JvsError {
  if (DISK_ERRORS.includes(error.errno)) return error;
  return new JvsError("E_ENGINE_FAILED", `${error.message}, so reflink-copy cannot clone this tree`, {
    hint: "Use JVS_SNAPSHOT_ENGINE=copy, or exclude that file in .jvsignore.",
    details: { ...error.details, engine: "reflink-copy" },
    cause: error,
  });
}
