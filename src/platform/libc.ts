import { bytesOf } from "../model/bytes.ts";
import { unlessThrown } from "../model/errors.ts";
import { AT_FDCWD, EINTR, O_CLOEXEC, O_RDONLY } from "./linux_constants.ts";
import { terminated } from "./linux_name.ts";
import { errnoName, SystemError } from "./system_error.ts";

// A result that counts bytes is declared as i32: no count here reaches 2^31, and a bigint would cost an object.
const SYMBOLS = {
  memcpy: { parameters: ["buffer", "pointer", "usize"], result: "void" },
  openat: { parameters: ["i32", "buffer", "i32", "u32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  read: { parameters: ["i32", "buffer", "usize"], result: "i32" },
  write: { parameters: ["i32", "buffer", "usize"], result: "i32" },
  pread: { parameters: ["i32", "buffer", "usize", "i64"], result: "i32" },
  pwrite: { parameters: ["i32", "buffer", "usize", "i64"], result: "i32" },
  lseek: { parameters: ["i32", "i64", "i32"], result: "i64" },
  ftruncate: { parameters: ["i32", "i64"], result: "i32" },
  fsync: { parameters: ["i32"], result: "i32" },
  fsyncAside: { name: "fsync", parameters: ["i32"], result: "i32", nonblocking: true },
  fcntlBuffer: { name: "fcntl", parameters: ["i32", "i32", "buffer"], result: "i32" },
  flock: { parameters: ["i32", "i32"], result: "i32" },
  fdatasync: { parameters: ["i32"], result: "i32" },
  syncfs: { parameters: ["i32"], result: "i32" },
  syncfsAside: { name: "syncfs", parameters: ["i32"], result: "i32", nonblocking: true },
  ioctlNumber: { name: "ioctl", parameters: ["i32", "usize", "usize"], result: "i32" },
  ioctlBuffer: { name: "ioctl", parameters: ["i32", "usize", "buffer"], result: "i32" },
  mkdirat: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  symlinkat: { parameters: ["buffer", "i32", "buffer"], result: "i32" },
  linkat: { parameters: ["i32", "buffer", "i32", "buffer", "i32"], result: "i32" },
  renameat: { parameters: ["i32", "buffer", "i32", "buffer"], result: "i32" },
  unlinkat: { parameters: ["i32", "buffer", "i32"], result: "i32" },
  readlinkat: { parameters: ["i32", "buffer", "buffer", "usize"], result: "i32" },
  chmod: { parameters: ["buffer", "u32"], result: "i32" },
  fchmod: { parameters: ["i32", "u32"], result: "i32" },
  fchmodat: { parameters: ["i32", "buffer", "u32", "i32"], result: "i32" },
  fchownat: { parameters: ["i32", "buffer", "u32", "u32", "i32"], result: "i32" },
  utimensat: { parameters: ["i32", "buffer", "buffer", "i32"], result: "i32" },
  futimens: { parameters: ["i32", "buffer"], result: "i32" },
  fstatfs: { parameters: ["i32", "buffer"], result: "i32" },
  llistxattr: { parameters: ["buffer", "buffer", "usize"], result: "i32" },
  flistxattr: { parameters: ["i32", "buffer", "usize"], result: "i32" },
  lgetxattr: { parameters: ["buffer", "buffer", "buffer", "usize"], result: "i32" },
  fgetxattr: { parameters: ["i32", "buffer", "buffer", "usize"], result: "i32" },
  lsetxattr: { parameters: ["buffer", "buffer", "buffer", "usize", "i32"], result: "i32" },
  fsetxattr: { parameters: ["i32", "buffer", "buffer", "usize", "i32"], result: "i32" },
  lremovexattr: { parameters: ["buffer", "buffer"], result: "i32" },
  fremovexattr: { parameters: ["i32", "buffer"], result: "i32" },
  listxattr: { parameters: ["buffer", "buffer", "usize"], result: "i32" },
  getxattr: { parameters: ["buffer", "buffer", "buffer", "usize"], result: "i32" },
  setxattr: { parameters: ["buffer", "buffer", "buffer", "usize", "i32"], result: "i32" },
  removexattr: { parameters: ["buffer", "buffer"], result: "i32" },
  kill: { parameters: ["i32", "i32"], result: "i32" },
  __errno_location: { parameters: [], result: "pointer" },
  getdents64: { parameters: ["i32", "buffer", "usize"], result: "i32" },
  statx: { parameters: ["i32", "buffer", "i32", "u32", "buffer"], result: "i32" },
  renameat2: { parameters: ["i32", "buffer", "i32", "buffer", "u32"], result: "i32" },
  mknodat: { parameters: ["i32", "buffer", "u32", "u64"], result: "i32" },
  copy_file_range: { parameters: ["i32", "buffer", "i32", "buffer", "usize", "u32"], result: "i32" },
} as const;

// Older C libraries lack these functions although the kernel has them. They are then called by number through `syscall`.
const CALL_NUMBERS: Record<"x86_64" | "aarch64", { readonly [name: string]: bigint }> = {
  x86_64: { getdents64: 217n, statx: 332n, renameat2: 316n, mknodat: 259n, copy_file_range: 326n },
  aarch64: { getdents64: 61n, statx: 291n, renameat2: 276n, mknodat: 33n, copy_file_range: 285n },
};

// The permission set in deno.json has the same texts: a scoped permission is valid only for the identical path.
const GLIBC = [
  "/lib/x86_64-linux-gnu/libc.so.6",
  "/usr/lib/x86_64-linux-gnu/libc.so.6",
  "/lib/aarch64-linux-gnu/libc.so.6",
  "/usr/lib/aarch64-linux-gnu/libc.so.6",
  "/lib64/libc.so.6",
  "/usr/lib64/libc.so.6",
  "/usr/lib/libc.so.6",
];
const MUSL = ["/lib/ld-musl-x86_64.so.1", "/lib/ld-musl-aarch64.so.1"];

/** The functions of the C library. */
export type LibcSymbols = Deno.StaticForeignLibraryInterface<typeof SYMBOLS>;
/** A call of one of them; the result is below zero when it fails. */
export type LibcCall = (call: LibcSymbols) => number;

/** The C library and its `errno`. */
export class Libc {
  readonly #errnoAt: Deno.PointerValue;
  readonly #errno = new Int32Array(1);

  /** `call` has the functions. */
  constructor(readonly call: LibcSymbols) {
    // The address stays the same for a thread, and each worker opens the library itself.
    this.#errnoAt = call.__errno_location();
    void [call.memcpy, call.close]; // now: to open them after a failed call would change errno
  }

  /** Why the last call failed. */
  get errno(): number {
    this.call.memcpy(this.#errno, this.#errnoAt, 4n);
    return this.#errno[0] as number;
  }

  /** The failure of the last call, as an error to throw. */
  failure(action: string, path: string): SystemError {
    return new SystemError(action, path, errnoName(this.errno));
  }

  /** The result of a call; the call is repeated when a signal interrupts it. */
  repeat(call: LibcCall): number {
    for (;;) {
      const result = call(this.call);
      if (result >= 0 || this.errno !== EINTR) return result;
    }
  }

  /** Like `repeat`, but throws when the call fails. */
  must(action: string, open: { readonly path: string }, call: LibcCall): number {
    const result = this.repeat(call);
    if (result < 0) throw this.failure(action, open.path);
    return result;
  }

  /** Like `repeat`, but returns the name of the error number, or nothing when the call succeeds. */
  reason(call: LibcCall): string | undefined {
    return this.repeat(call) < 0 ? errnoName(this.errno) : undefined;
  }

  /** The text of a file that Deno may not read (/proc, /sys); undefined when it cannot be read. */
  readText(path: string, most = Infinity): string | undefined {
    const name = terminated(bytesOf(path));
    const descriptor = this.repeat((call) => call.openat(AT_FDCWD, name, O_RDONLY | O_CLOEXEC, 0));
    if (descriptor < 0) return undefined;
    const piece = new Uint8Array(16 * 1024);
    const decoder = new TextDecoder();
    let text = "";
    try {
      for (;;) {
        const read = this.repeat((call) => call.read(descriptor, piece, BigInt(piece.length)));
        if (read < 0) return undefined;
        if (read === 0 || text.length > most) return text + decoder.decode();
        text += decoder.decode(piece.subarray(0, read), { stream: true });
      }
    } finally {
      this.call.close(descriptor);
    }
  }
}

/** Why the C library could not be opened. */
export class LibcUnavailable extends Error {}

/**
 * Opens the C library by its absolute path; `LibcUnavailable` when it is missing or not permitted. With `viaSyscall`,
 * which tests use, the functions that older libraries lack are always called through `syscall`.
 */
export function openLibc({ viaSyscall = false } = {}): Libc {
  const reasons: string[] = [];
  // Only the libc that this process runs on: another one has no data for our thread, so its errno would be wrong.
  for (const path of Deno.build.env === "musl" ? MUSL : GLIBC) {
    try {
      return new Libc(symbolsOf(path, viaSyscall));
    } catch (error) {
      reasons.push(error instanceof Error ? error.message : String(error));
    }
  }
  throw new LibcUnavailable(reasons.join("; "));
}

/** Opens each function at its first use: all of them at once take 11 ms. */
function symbolsOf(path: string, viaSyscall: boolean): LibcSymbols {
  const open = (definition: Deno.ForeignFunction) => Deno.dlopen(path, { it: definition }).symbols.it;
  const openNamed = (name: keyof LibcSymbols) => {
    const definition = { name, ...SYMBOLS[name] };
    const number = CALL_NUMBERS[Deno.build.arch][name];
    if (number === undefined) return open(definition);
    const direct = viaSyscall ? undefined : unlessThrown(() => true, () => open(definition));
    const parameters = ["i64", ...definition.parameters] as const;
    return direct ?? open({ ...definition, name: "syscall", parameters }).bind(null, number);
  };
  const names = Object.keys(SYMBOLS) as (keyof LibcSymbols)[];
  const getters = names.map((name) => [name, {
    get(this: LibcSymbols): unknown {
      return Object.defineProperty(this, name, { value: openNamed(name) })[name];
    },
  }]);
  return Object.create(Object.create({}, Object.fromEntries(getters)));
}
