import { JvsError } from "../model/errors.ts";
import type { SystemError } from "../platform/system_error.ts";

/** A full or broken disk is the same with every engine. */
const NOT_OURS = ["ENOSPC", "EDQUOT", "EIO", "EROFS"];

/** What to throw when a file could not be cloned: `E_ENGINE_FAILED`, as another engine is never taken quietly. SPEC 5. */
export function reflinkFailure(error: SystemError): JvsError {
  if (NOT_OURS.includes(error.errno)) return error;
  return new JvsError("E_ENGINE_FAILED", `${error.message}, so reflink-copy cannot clone this tree`, {
    hint: "Use JVS_SNAPSHOT_ENGINE=copy, or leave that file out by .jvsignore.",
    details: { ...error.details, engine: "reflink-copy" },
    cause: error,
  });
}
