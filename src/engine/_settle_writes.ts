import { juicefsBuffered, juicefsMountOf } from "../platform/juicefs_mount.ts";
import type { Folder, Platform } from "../platform/platform.ts";
import { throwIfCancelled } from "../platform/time_slice.ts";
import type { CloneRequest } from "./contract.ts";

const LOOK_EACH_MS = 20;
/** What no program adds to is sent within 1.3 s. */
const IDLE_MS = 1_500;
/** Then programs that never stop writing are not waited for any longer. */
const LONGEST_WAIT_MS = 6_000;

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
    const bytes = juicefsBuffered(mount);
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
