import { JvsError } from "../../model/errors.ts";
import { quoted } from "../../model/path_text.ts";
import { isSystemError } from "../../platform/system_error.ts";

/** The path of an entry in staging, which is in the control plane or in the payload root. */
const STAGED = /\/(?:staging\/[^/]+|\.jvs-staging-[^/]+)\/new\/(.+)$/s;

/**
 * Turns the error of a refused rename into one that names the user's own path. The system names the path in staging, which
 * is gone when the user reads the message. Any other error stays as it is.
 */
export function refusedChange(error: unknown, worktree: string): unknown {
  if (!isSystemError(error, "EPERM", "EACCES") || error.details["action"] !== "rename") return error;
  const [, path] = STAGED.exec(String(error.details["path"])) ?? [];
  if (path === undefined) return error;
  return new JvsError(
    "E_PERMISSION",
    `Cannot change ${quoted(path)} in worktree "${worktree}": ${error.reason}`,
    {
      hint: error.errno === "EPERM"
        ? "It, or the folder it is in, may be immutable or append-only: `lsattr -d` shows that, `chattr -i -a` ends it."
        : "Change the rights of the folder it is in, or run it as a user who has them.",
      details: { ...error.details, path, worktree },
      cause: error,
    },
  );
}
