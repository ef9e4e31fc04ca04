import { bytesOf, textOf } from "../model/bytes.ts";
import type { Libc } from "./libc.ts";
import { AT_FDCWD, O_CLOEXEC, O_RDONLY } from "./linux_constants.ts";
import { terminated } from "./linux_name.ts";

/** The text of a file that Deno may not read (/proc, /sys); undefined when it cannot be read. */
export function readSystemFile(libc: Libc, path: string): string | undefined {
  const name = terminated(bytesOf(path));
  const descriptor = libc.repeat(() => libc.call.openat(AT_FDCWD, name, O_RDONLY | O_CLOEXEC, 0));
  if (descriptor < 0) return undefined;
  try {
    let buffer = new Uint8Array(16 * 1024);
    let used = 0;
    for (;;) {
      if (used === buffer.length) {
        const larger = new Uint8Array(used * 2);
        larger.set(buffer);
        buffer = larger;
      }
      const rest = buffer.subarray(used);
      const read = libc.repeat(() => libc.call.read(descriptor, rest, BigInt(rest.length)));
      if (read < 0) return undefined;
      if (read === 0) return textOf(buffer.subarray(0, used));
      used += read;
    }
  } finally {
    libc.call.close(descriptor);
  }
}
