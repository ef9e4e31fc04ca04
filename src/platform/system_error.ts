import { type ErrorCode, JvsError, unlessThrown } from "../model/errors.ts";

/** The error numbers of Linux by name: the number, the end of a message, and the class if it is not `E_IO`. */
const ERRNOS: Record<string, [number: number, sentence?: string, code?: ErrorCode]> = {
  EPERM: [1, "the system does not permit it", "E_PERMISSION"],
  ENOENT: [2, "it is not there"],
  ESRCH: [3],
  EINTR: [4],
  EIO: [5, "the device reported an error"],
  ENXIO: [6],
  E2BIG: [7],
  EBADF: [9],
  EAGAIN: [11],
  ENOMEM: [12],
  EACCES: [13, "access was refused", "E_PERMISSION"],
  EBUSY: [16],
  EEXIST: [17, "something with that name already exists"],
  EXDEV: [18, "it is on another file system"],
  ENODEV: [19],
  ENOTDIR: [20, "it is not a folder"],
  EISDIR: [21, "it is a folder"],
  EINVAL: [22, "the file system does not take that"],
  ENFILE: [23],
  EMFILE: [24, "too many files are open"],
  ENOTTY: [25],
  ETXTBSY: [26],
  EFBIG: [27],
  ENOSPC: [28, "the disk is full", "E_NO_SPACE"],
  ESPIPE: [29],
  EROFS: [30, "the file system is read-only", "E_PERMISSION"],
  EMLINK: [31, "it has too many links"],
  ERANGE: [34],
  ENAMETOOLONG: [36, "the name is too long for this file system"],
  ENOLCK: [37, "the file system gives no locks"],
  ENOSYS: [38, "the file system cannot do that"],
  ENOTEMPTY: [39, "the folder is not empty"],
  ELOOP: [40, "it is a symbolic link"],
  ENODATA: [61],
  EOVERFLOW: [75],
  EILSEQ: [84, "the file system does not take such a name"],
  EOPNOTSUPP: [95, "the file system cannot do that"],
  ENOTCONN: [107, "the program that serves its file system is not running"],
  ETIMEDOUT: [110, "its file system did not answer in time"],
  ESTALE: [116, "its file system does not know it any more"],
  EUCLEAN: [117],
  EDQUOT: [122, "the quota is used up", "E_NO_SPACE"],
};
const NAMES = new Map(Object.entries(ERRNOS).map(([name, [number]]) => [number, name]));

/** For errors where the hint of the class does not help. */
const HINTS: Record<string, string> = {
  EROFS: "Nothing was changed. Mount the file system writable, and try again.",
  EMFILE: "Raise the limit of open files with `ulimit -n`, and run it again.",
  ENOTCONN: "Unmount the file system, mount it again, and run the command again.",
  EIO: "The device may be failing: `dmesg` says more. Copy its content to another device.",
};

/** A system call that failed: which call, on what, and the name of the error number. */
export class SystemError extends JvsError {
  /** `ENOENT`, `EXDEV`, …; `E<number>` for a number without a name here. */
  readonly errno: string;
  /** Why, for people: the end of the message. */
  readonly reason: string;

  constructor(action: string, path: string, errno: string, cause?: unknown) {
    const [, sentence = `the system said ${errno}`, code = "E_IO"] = ERRNOS[errno] ?? [];
    const reason = action === "create" && errno === "ENOENT" ? "its folder does not exist" : sentence;
    super(code, `Cannot ${action} "${path}": ${reason}`, {
      ...(HINTS[errno] === undefined ? {} : { hint: HINTS[errno] }),
      details: { path, errno, action },
      cause,
    });
    this.errno = errno;
    this.reason = reason;
  }
}

/** The system's name for a Linux error number; `E<number>` for one that is not in the table. */
export function errnoName(errno: number): string {
  return NAMES.get(errno) ?? `E${errno}`;
}

/** The result of a call; nothing when its failure is one that `isSystemError` knows by these reasons. Others are thrown. */
export function unlessFailed<T>(errnos: readonly string[], call: () => T): T | undefined {
  return unlessThrown((error) => isSystemError(error, ...errnos), call);
}

/** Whether an error is the failure of a system call, for one of these reasons (for any reason when none is given). */
export function isSystemError(error: unknown, ...errnos: string[]): error is SystemError {
  return error instanceof SystemError && (errnos.length === 0 || errnos.includes(error.errno));
}
