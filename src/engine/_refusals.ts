import { isSystemError, type SystemError } from "../platform/system_error.ts";

/** What a system says that a user or a file system cannot do: a loss. A full or broken disk is an error. */
export const REFUSALS = ["EPERM", "EACCES", "EOPNOTSUPP", "EINVAL", "ENOSYS", "ENOTTY", "EOVERFLOW"] as const;

/** Does something, or gives the error when it was refused for one of these reasons. */
export function attempt(
  action: () => void,
  reasons: readonly string[] = REFUSALS,
): SystemError | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    if (isSystemError(error, ...reasons)) return error;
    throw error;
  }
}
