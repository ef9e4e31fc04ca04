import { callDeno } from "../platform/deno_call.ts";
import type { Folder, Platform } from "../platform/platform.ts";
import { unlessFailed } from "../platform/system_error.ts";
import type { CloneRequest } from "./contract.ts";
import { throwIfCancelled } from "../platform/time_slice.ts";

/** The root of each mount has this inode, also of one that shows only a subfolder of its volume. */
const ROOT_INODE = 1;
/** How the mount's client and its users talk; the second name is that of a mount with `--prefix-internal`. */
const CONTROL_FILES = [".control", ".jfs.control"];
const STATISTICS = [".stats", ".jfs.stats"];
const BUFFERED = /^juicefs_used_buffer_size_bytes (\d+)/m;

const LOOK_EACH_MS = 20;
/** What no program adds to is sent within 1.3 s. */
const IDLE_MS = 1_500;
/** Then programs that never stop writing are not waited for any longer. */
const LONGEST_WAIT_MS = 6_000;

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

/** By the mount's own marks: nobody else can make an inode 1 there, with such a file in it. */
function isMountRoot(path: string): boolean {
  return look(path)?.ino === ROOT_INODE && CONTROL_FILES.some((name) => look(`${path}/${name}`)?.isFile);
}

function look(path: string): Deno.FileInfo | undefined {
  return unlessFailed([], () => callDeno("look at", path, () => Deno.lstatSync(path)));
}

/**
 * Waits until the mount has sent what programs wrote through it: a clone holds only what was sent. What another host's
 * mount has not sent cannot be seen from here.
 *
 * An empty buffer proves it. A buffer that is not empty and does not change proves it after a while: JuiceFS 1.4 goes on
 * counting some of what it read from files with holes.
 */
export async function settleWrites(
  platform: Platform,
  source: Folder,
  { reporter, signal }: Pick<CloneRequest, "reporter" | "signal">,
): Promise<void> {
  const mount = juicefsMountOf(platform, source);
  if (mount === undefined) return;
  platform.syncFileSystem(source); // stores through memory maps
  const began = performance.now();
  let since = began;
  let before: number | undefined;
  for (;;) {
    throwIfCancelled(signal);
    const bytes = buffered(mount);
    const now = performance.now();
    if (bytes !== before) since = now;
    if (bytes === 0 || now - since > IDLE_MS) return;
    if (now - began > LONGEST_WAIT_MS) break;
    before = bytes;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EACH_MS));
  }
  reporter?.warn(
    `Programs kept writing to the JuiceFS mount "${mount}". What they had not sent yet is not in the clone.`,
  );
}

/** How much the mount has not sent; undefined if it does not say. */
function buffered(mount: string): number | undefined {
  for (const name of STATISTICS) {
    const path = `${mount}/${name}`;
    const text = unlessFailed([], () => callDeno("read", path, () => Deno.readTextFileSync(path)));
    const [, bytes] = BUFFERED.exec(text ?? "") ?? [];
    if (bytes !== undefined) return Number(bytes);
  }
  return undefined;
}
