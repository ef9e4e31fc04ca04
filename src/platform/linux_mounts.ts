import { bytesOf, textOf } from "../model/bytes.ts";
import type { Libc } from "./libc.ts";
import { AT_FDCWD } from "./linux_constants.ts";
import { terminated } from "./linux_name.ts";
import type { Opened } from "./linux_stat.ts";

const LONGEST_PATH = 4096;
/** In a line such as `36 35 0:25 / /mnt rw - ext4 /dev/sda rw`. */
const MOUNT_POINT = 4;

/** Whether anything is mounted below an open folder. True if the system does not say. */
export function hasMountsBelow(libc: Libc, { descriptor }: Opened): boolean {
  const path = pathOf(libc, descriptor);
  const lines = libc.readText("/proc/self/mountinfo");
  if (path === undefined || lines === undefined) return true;
  return lines.split("\n").some((line) =>
    unescaped(line.split(" ")[MOUNT_POINT] ?? "").startsWith(`${path}/`)
  );
}

/** Where something open is now. Both texts are decoded alike, so bytes that are no UTF-8 only find too much. */
function pathOf(libc: Libc, descriptor: number): string | undefined {
  const link = terminated(bytesOf(`/proc/self/fd/${descriptor}`));
  const target = new Uint8Array(LONGEST_PATH);
  const length = libc.repeat((call) => call.readlinkat(AT_FDCWD, link, target, BigInt(target.length)));
  return length < 0 || length === target.length ? undefined : textOf(target.subarray(0, length));
}

/** The kernel writes space, tab, newline and backslash as octal numbers. */
function unescaped(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(parseInt(octal, 8)));
}
