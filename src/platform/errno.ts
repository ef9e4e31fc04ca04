const NAMES: Record<number, string> = {
  1: "EPERM",
  2: "ENOENT",
  3: "ESRCH",
  4: "EINTR",
  5: "EIO",
  6: "ENXIO",
  7: "E2BIG",
  9: "EBADF",
  11: "EAGAIN",
  12: "ENOMEM",
  13: "EACCES",
  16: "EBUSY",
  17: "EEXIST",
  18: "EXDEV",
  19: "ENODEV",
  20: "ENOTDIR",
  21: "EISDIR",
  22: "EINVAL",
  23: "ENFILE",
  24: "EMFILE",
  25: "ENOTTY",
  26: "ETXTBSY",
  27: "EFBIG",
  28: "ENOSPC",
  29: "ESPIPE",
  30: "EROFS",
  31: "EMLINK",
  34: "ERANGE",
  36: "ENAMETOOLONG",
  38: "ENOSYS",
  39: "ENOTEMPTY",
  40: "ELOOP",
  61: "ENODATA",
  75: "EOVERFLOW",
  84: "EILSEQ",
  95: "EOPNOTSUPP",
  107: "ENOTCONN",
  110: "ETIMEDOUT",
  116: "ESTALE",
  117: "EUCLEAN",
  122: "EDQUOT",
};

/** The numbers that code compares with; they are the same on x86_64 and aarch64. */
export const EINTR = 4;
/** The name does not exist. */
export const ENOENT = 2;

/** The system's name for a Linux error number; `E<number>` for one that is not in the table. */
export function errnoName(errno: number): string {
  return NAMES[errno] ?? `E${errno}`;
}

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

/** The system's name for an error that Deno threw; `EIO` when the error does not say. */
export function errnoOfDeno(error: unknown): string {
  if (!(error instanceof Error)) return "EIO";
  const code: unknown = Reflect.get(error, "code");
  if (typeof code === "string" && /^E[A-Z0-9]+$/.test(code)) return code;
  const number = /\(os error (\d+)\)/.exec(error.message)?.[1];
  if (number !== undefined) return errnoName(Number(number));
  return BY_CLASS[error.name] ?? "EIO";
}
