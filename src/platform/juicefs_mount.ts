import { callDeno } from "./deno_call.ts";
import type { Folder, Platform } from "./platform.ts";
import { unlessFailed } from "./system_error.ts";

/** The root of each mount has this inode, also of one that shows only a subfolder of its volume. */
const ROOT_INODE = 1;
/** How the mount's client and its users talk; the second name is that of a mount with `--prefix-internal`. */
const CONTROL_FILES = [".control", ".jfs.control"];
/** No inode of a volume has such a number. */
const FIRST_INTERNAL_INODE = 0x7fff_ffff_0000_0000;
const STATISTICS = [".stats", ".jfs.stats"];
const BUFFERED = /^juicefs_used_buffer_size_bytes (\d+)/m;

/** Where the JuiceFS mount is that a folder lies on; undefined if it is on none whose root we can reach. */
export function juicefsMountOf(platform: Platform, folder: Folder): string | undefined {
  if (platform.fileSystem(folder).kind !== "fuse.juicefs") return undefined;
  let path = platform.whereIs(folder);
  while (path !== undefined && path !== "") {
    if (isMountRoot(path)) return path;
    path = path.slice(0, path.lastIndexOf("/"));
  }
  return undefined;
}

/** How many bytes a mount has not sent to its volume; undefined if it does not say. */
export function juicefsBuffered(mount: string): number | undefined {
  for (const name of STATISTICS) {
    const path = `${mount}/${name}`;
    if (!isInternal(path)) continue;
    const text = unlessFailed([], () => callDeno("read", path, () => Deno.readTextFileSync(path)));
    const [, bytes] = BUFFERED.exec(text ?? "") ?? [];
    if (bytes !== undefined) return Number(bytes);
  }
  return undefined;
}

/** By the mount's own marks: nobody else can make an inode 1 there, with such a file in it. */
function isMountRoot(path: string): boolean {
  return look(path)?.ino === ROOT_INODE && CONTROL_FILES.some((name) => isInternal(`${path}/${name}`));
}

/** Whether a file is the mount's own: with other names for these, a user may have made one. */
function isInternal(path: string): boolean {
  const info = look(path);
  return info?.isFile === true && (info.ino ?? 0) >= FIRST_INTERNAL_INODE;
}

function look(path: string): Deno.FileInfo | undefined {
  return unlessFailed([], () => callDeno("look at", path, () => Deno.lstatSync(path)));
}
