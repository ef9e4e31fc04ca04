import { unlessThrown } from "../model/errors.ts";
import { type Folder, readWhole } from "../platform/platform.ts";
import { Stat } from "../platform/stat.ts";
import { isSystemError } from "../platform/system_error.ts";
import { RefusedPath } from "./control_errors.ts";
import type { ControlPath } from "./control_path.ts";
import type { Store } from "./store.ts";

/* Caches of this host: what is missing, damaged or refused is made again, or done without. */

/** What a call on caches gives; nothing if the system or the control plane refuses it. */
export function ifUsable<T>(call: () => T): T | undefined {
  return unlessThrown(isRefused, call);
}

/** The bytes of a cache; undefined if there is none that can be read, or it is larger than any real one. */
export function readCache(place: ControlPath, mostBytes: number): Uint8Array<ArrayBuffer> | undefined {
  return ifUsable(() => {
    using file = place.openFile("read");
    const stat = Stat.ofFile(file);
    return stat.size <= mostBytes ? readWhole(file, stat) : undefined;
  });
}

/** Writes a cache of the caller's. False if it cannot be written: then the next reader has more to do. */
export async function keepCache(
  store: Pick<Store, "cacheFolder">,
  save: (folder: Folder) => void | Promise<void>,
): Promise<boolean> {
  try {
    using folder = store.cacheFolder().open();
    await save(folder);
    return true;
  } catch (error) {
    if (!isRefused(error)) throw error;
    return false;
  }
}

function isRefused(error: unknown): boolean {
  return isSystemError(error) || error instanceof RefusedPath;
}
