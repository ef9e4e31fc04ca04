const ARM = Deno.build.arch === "aarch64";

/** Flags of open(2). */
export const O_RDONLY = 0;
export const O_WRONLY = 1;
export const O_RDWR = 2;
export const O_CREAT = 0o100;
export const O_EXCL = 0o200;
export const O_NONBLOCK = 0o4000;
export const O_CLOEXEC = 0o2000000;
export const O_PATH = 0o10000000;
/** These two differ between processors. */
export const O_DIRECTORY = ARM ? 0o40000 : 0o200000;
export const O_NOFOLLOW = ARM ? 0o100000 : 0o400000;

/** Flags of the calls that end in `at`. */
export const AT_FDCWD = -100;
export const AT_SYMLINK_NOFOLLOW = 0x100;
export const AT_REMOVEDIR = 0x200;
export const AT_EMPTY_PATH = 0x1000;

/** Operations of flock(2). */
export const LOCK_SH = 1;
export const LOCK_EX = 2;
export const LOCK_NB = 4;

/** Locks of fcntl(2) that belong to an opening of a file: closing another opening of it does not free them. */
export const F_OFD_SETLK = 37;
export const F_RDLCK = 0;
export const F_UNLCK = 2;

/** Flags of renameat2(2). */
export const RENAME_NOREPLACE = 1;
export const RENAME_EXCHANGE = 2;

/** Error numbers; they are the same on x86_64 and aarch64. */
export const ENOENT = 2;
export const EINTR = 4;
