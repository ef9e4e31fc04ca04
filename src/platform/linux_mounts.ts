import { type BytePath, bytesOf, textOf } from "../model/bytes.ts";
import type { Libc } from "./libc.ts";
import { AT_FDCWD } from "./linux_constants.ts";
import { terminated } from "./linux_name.ts";
import type { Opened } from "./linux_stat.ts";
import type { ServedMount } from "./platform.ts";

const LONGEST_PATH = 4096;
/** How the kernel marks the path of something that was removed. */
const REMOVED = " (deleted)";
/** In a line such as `36 35 0:25 / /mnt rw - ext4 /dev/sda rw`. */
const MOUNT_POINT = 4;
/** Before the kind of file system in such a line: the number of fields before it differs. */
const BEFORE_KIND = " - ";
/** Kinds of file systems behind which is a program or another machine, which may stop to answer. */
const SERVED = /^(fuse(\.|$)|fuseblk$|nfs|cifs|smb|9p|ceph|afs|lustre|gpfs|beegfs)/;

/** The served file system that an absolute path leads to, if its text tells: nothing is asked of the file system. */
export function servedMountOf(libc: Libc, path: string): ServedMount | undefined {
  let found = { path: "", kind: "" };
  for (const line of libc.readText("/proc/self/mountinfo")?.split("\n") ?? []) {
    const point = unescaped(line.split(" ")[MOUNT_POINT] ?? "");
    // Of several at one place the last one hides the others.
    if (point.length < found.path.length || !`${path}/`.startsWith(point === "/" ? point : `${point}/`)) {
      continue;
    }
    found = { path: point, kind: kindOf(line) };
  }
  return SERVED.test(found.kind) ? found : undefined;
}

/** Whether anything is mounted below an open folder. True if the system does not say. */
export function hasMountsBelow(libc: Libc, open: Opened): boolean {
  const where = pathOf(libc, open);
  const lines = libc.readText("/proc/self/mountinfo");
  if (where === undefined || lines === undefined) return true;
  // Both texts are decoded alike, so bytes that are no UTF-8 only find too much.
  const path = textOf(where);
  return lines.split("\n").some((line) =>
    unescaped(line.split(" ")[MOUNT_POINT] ?? "").startsWith(`${path}/`)
  );
}

/** The served file systems that are mounted below an open folder, but not those inside another mount there. */
export function servedMountsBelow(libc: Libc, open: Opened): ServedMount[] {
  const lines = libc.readText("/proc/self/mountinfo")?.split("\n") ?? [];
  // Most machines have none, and then the folder need not be asked where it is.
  if (!lines.some((line) => SERVED.test(kindOf(line)))) return [];
  const where = pathOf(libc, open);
  if (where === undefined) return [];
  const below = new Map<string, string>(); // of several at one place the last one hides the others
  for (const line of lines) {
    const point = unescaped(line.split(" ")[MOUNT_POINT] ?? "");
    if (point.startsWith(`${textOf(where)}/`)) below.set(point, kindOf(line));
  }
  const points = [...below.keys()];
  const isInside = (path: string) => points.some((point) => path.startsWith(`${point}/`));
  return [...below].flatMap(([path, kind]) => SERVED.test(kind) && !isInside(path) ? { path, kind } : []);
}

/** The kind of file system that a line of mountinfo names. */
function kindOf(line: string): string {
  return line.split(BEFORE_KIND)[1]?.split(" ")[0] ?? "";
}

/** Where something open is now, absolute and without links; undefined if it was removed. */
export function pathOf(libc: Libc, { descriptor }: Opened): BytePath | undefined {
  const link = terminated(bytesOf(`/proc/self/fd/${descriptor}`));
  const target = new Uint8Array(LONGEST_PATH);
  const length = libc.repeat((call) => call.readlinkat(AT_FDCWD, link, target, BigInt(target.length)));
  if (length < 0 || length === target.length) return undefined;
  const path = target.subarray(0, length);
  return textOf(path).endsWith(REMOVED) ? undefined : path;
}

/** The kernel writes space, tab, newline and backslash as octal numbers. */
function unescaped(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(parseInt(octal, 8)));
}
