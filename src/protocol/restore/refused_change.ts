import { JvsError } from "../../model/errors.ts";
import { quoted } from "../../model/path_text.ts";
import { isSystemError } from "../../platform/system_error.ts";

/** Where the new content of a path waits: in staging, or beside what it is to replace. */
const STAGED = /\/(?:staging\/[^/]+|\.jvs-staging-[^/]+)\/new\/(.+)$/s;

/**
 * The error of a refused exchange, told of the user's own path: the system names the one in staging, which is gone by the
 * time anybody reads that. Any other error as it is.
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
        : "Change the rights of the folder it is in, or run it as somebody who has them.",
      details: { ...error.details, path, worktree },
      cause: error,
    },
  );
}
