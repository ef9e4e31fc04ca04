import { bytesOf } from "../model/bytes.ts";
import { SYMLINK } from "../model/entry.ts";
import { errnoName } from "./errno.ts";
import type { Libc } from "./libc.ts";
import { AT_SYMLINK_NOFOLLOW, O_CLOEXEC, O_NOFOLLOW, O_PATH } from "./linux_constants.ts";
import { terminated } from "./linux_name.ts";
import { statOpen } from "./linux_stat.ts";
import { Stat } from "./platform.ts";

const found = new Stat();

/** Sets the mode of a name (NUL behind it) without following a link; below zero when the call failed. */
export function changeMode(libc: Libc, folder: number, name: Uint8Array<ArrayBuffer>, mode: number): number {
  const direct = () => libc.call.fchmodat(folder, name, mode, AT_SYMLINK_NOFOLLOW);
  const result = direct();
  if (result === 0 || !["EOPNOTSUPP", "EINVAL", "ENOSYS"].includes(errnoName(libc.errno))) return result;
  // Either it is a link, or the C library is too old for the flag: then the way it went later, by hand.
  const descriptor = libc.call.openat(folder, name, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);
  if (descriptor < 0) return descriptor;
  try {
    // Some file systems would change a link's mode, and nobody could put it back.
    if (statOpen(libc, descriptor, found) !== 0 || found.type === SYMLINK) return direct();
    return libc.call.chmod(terminated(bytesOf(`/proc/self/fd/${descriptor}`)), mode);
  } finally {
    libc.call.close(descriptor); // leaves errno as it is when it succeeds, and this one has nothing to write
  }
}
