import { openPlatform } from "../../src/platform/open_platform.ts";
import type { Folder } from "../../src/platform/platform.ts";
import type { LockPlace } from "../../src/platform/locks.ts";
import { bytesOf } from "../../src/model/bytes.ts";

/** Turns a call on an open folder into a call on its path. */
export function inFolder<A extends unknown[], R>(
  call: (folder: Folder, ...args: A) => Promise<R>,
): (path: string, ...args: A) => Promise<R> {
  return async (path, ...args) => {
    using folder = openPlatform().openFolder(path);
    return await call(folder, ...args);
  };
}

/** Turns a call on a name in an open folder into a call on a path. */
export function byPath<A extends unknown[], R>(
  call: (folder: Folder, name: string, ...args: A) => R,
): (path: string, ...args: A) => R {
  return (path, ...args) => within(path, (folder, name) => call(folder, name, ...args));
}

/** A lock's file at a path. */
export function lockAt(path: string): LockPlace {
  return {
    path,
    openFile: (how) => within(path, (folder, name) => folder.openFile(bytesOf(name), how)),
    stat: (into) => within(path, (folder, name) => folder.stat(bytesOf(name), into)),
  };
}

function within<R>(path: string, call: (folder: Folder, name: string) => R): R {
  const cut = path.lastIndexOf("/");
  using folder = openPlatform().openFolder(path.slice(0, cut));
  return call(folder, path.slice(cut + 1));
}
