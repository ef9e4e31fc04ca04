import { type BytePath, keyOf } from "../model/bytes.ts";
import type { Folder } from "../platform/platform.ts";
import { unlessFailed } from "../platform/system_error.ts";

const SLASH = 0x2f;
const MOST_OPEN = 64;
const NOWHERE = new Uint8Array();

/**
 * The open folders of a tree, by path. A folder is opened name by name, from the nearest open folder above it, and never
 * through a link. Only the last used folders stay open: use a folder at once and do not keep it.
 */
export class FoldersByPath implements Disposable {
  private readonly open = new Map<string, Folder>();

  constructor(readonly root: Folder) {}

  /** The folder at a path; the path of the root is empty. */
  get(path: BytePath): Folder {
    return this.reach(path, false);
  }

  /** The same, but makes all missing folders on the way (mode 0700). */
  ensure(path: BytePath): Folder {
    return this.reach(path, true);
  }

  /** Closes all folders but the root, which belongs to the caller. */
  [Symbol.dispose](): void {
    for (const folder of this.open.values()) folder[Symbol.dispose]();
    this.open.clear();
  }

  private reach(path: BytePath, make: boolean): Folder {
    const missing: BytePath[] = [];
    let known = path;
    for (; known.length > 0 && !this.open.has(keyOf(known)); known = parentPath(known)) missing.push(known);
    let folder = known.length === 0 ? this.root : this.used(keyOf(known));
    for (let next = missing.pop(); next !== undefined; next = missing.pop()) {
      const [outer, name] = [folder, lastName(next)];
      if (make) unlessFailed(["EEXIST"], () => outer.makeFolder(name, 0o700));
      folder = outer.openFolder(name);
      this.keep(keyOf(next), folder);
    }
    return folder;
  }

  private used(key: string): Folder {
    const folder = this.open.get(key) as Folder;
    this.open.delete(key);
    this.open.set(key, folder);
    return folder;
  }

  private keep(key: string, folder: Folder): void {
    this.open.set(key, folder);
    const [oldest] = this.open;
    if (this.open.size <= MOST_OPEN || oldest === undefined) return;
    this.open.delete(oldest[0]);
    oldest[1][Symbol.dispose]();
  }
}

/** The path of the folder that holds this path; empty for the root. */
export function parentPath(path: BytePath): BytePath {
  const slash = path.lastIndexOf(SLASH);
  return slash === -1 ? NOWHERE : path.subarray(0, slash);
}

/** The last part of a path. */
export function lastName(path: BytePath): Uint8Array {
  return path.subarray(path.lastIndexOf(SLASH) + 1);
}
