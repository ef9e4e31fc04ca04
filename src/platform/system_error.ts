import { type ErrorCode, JvsError, unlessThrown } from "../model/errors.ts";

const CODES: Record<string, ErrorCode> = {
  ENOSPC: "E_NO_SPACE",
  EDQUOT: "E_NO_SPACE",
  EACCES: "E_PERMISSION",
  EPERM: "E_PERMISSION",
  EROFS: "E_PERMISSION",
};

const SENTENCES: Record<string, string> = {
  ENOENT: "it is not there",
  EEXIST: "something of that name is there already",
  EACCES: "access was refused",
  EPERM: "the system does not permit it",
  EROFS: "the file system is read-only",
  ENOSPC: "the disk is full",
  EDQUOT: "the quota is used up",
  EXDEV: "it is on another file system",
  ENOTEMPTY: "the folder is not empty",
  ENOTDIR: "it is not a folder",
  EISDIR: "it is a folder",
  ELOOP: "it is a symbolic link",
  EMLINK: "it has too many links",
  EIO: "the device reported an error",
  EMFILE: "too many files are open",
  ENAMETOOLONG: "the name is too long for this file system",
  EILSEQ: "the file system does not take such a name",
  EINVAL: "the file system does not take that",
  EOPNOTSUPP: "the file system cannot do that",
};

/** For errors where the hint of the class does not help. */
const HINTS: Record<string, string> = {
  EROFS: "Nothing was changed. Mount the file system writable, and try again.",
  EMFILE: "Raise the limit of open files with `ulimit -n`, and run it again.",
  EIO: "The device may be failing: `dmesg` says more. Copy its content to another device.",
};

/** A system call that failed: which call, on what, and the name of the error number. */
export class SystemError extends JvsError {
  /** `ENOENT`, `EXDEV`, …; `E<number>` for a number without a name here. */
  readonly errno: string;
  /** Why, for people: the end of the message. */
  readonly reason: string;

  constructor(action: string, path: string, errno: string, cause?: unknown) {
    const reason = action === "create" && errno === "ENOENT"
      ? "its folder does not exist"
      : SENTENCES[errno] ?? `the system said ${errno}`;
    super(CODES[errno] ?? "E_IO", `Cannot ${action} "${path}": ${reason}`, {
      ...(HINTS[errno] === undefined ? {} : { hint: HINTS[errno] }),
      details: { path, errno, action },
      cause,
    });
    this.errno = errno;
    this.reason = reason;
  }
}

/** The result of a call; nothing when it fails for one of these reasons. Any other failure is thrown. */
export function unlessFailed<T>(errnos: readonly string[], call: () => T): T | undefined {
  return unlessThrown((error) => isSystemError(error, ...errnos), call);
}

/** Whether an error is the failure of a system call, for one of these reasons (for any reason when none is given). */
export function isSystemError(error: unknown, ...errnos: string[]): error is SystemError {
  return error instanceof SystemError && (errnos.length === 0 || errnos.includes(error.errno));
}
