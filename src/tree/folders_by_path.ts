import { type BytePath, equalBytes, keyOf } from "../model/bytes.ts";
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
  /** The last used, the latest at the end. */
  private readonly open = new Map<string, OpenFolder>();
  /** The very last used: what is next is mostly in the same folder, and a key costs more than the comparison of two paths. */
  private last: OpenFolder | undefined;

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
    for (const { folder } of this.open.values()) folder[Symbol.dispose]();
    this.open.clear();
    this.last = undefined;
  }

  private reach(path: BytePath, make: boolean): Folder {
    if (path.length === 0) return this.root;
    if (this.last !== undefined && equalBytes(this.last.path, path)) return this.last.folder;
    const key = keyOf(path);
    const known = this.open.get(key);
    if (known === undefined) return this.walk(path, make);
    this.open.delete(key);
    this.open.set(key, known);
    this.last = known;
    return known.folder;
  }

  /** Opens name by name from the nearest open folder. Only as many as can stay open get a key: a path can have many parts. */
  private walk(path: BytePath, make: boolean): Folder {
    let { path: { length: start }, folder } = this.nearest(path);
    let kept = true;
    for (let left = partsAfter(path, start); left > 0; left--) {
      const from = start === 0 ? 0 : start + 1;
      const slash = path.indexOf(SLASH, from);
      const end = slash === -1 ? path.length : slash;
      const [outer, name] = [folder, path.subarray(from, end)];
      try {
        if (make) unlessFailed(["EEXIST"], () => outer.makeFolder(name, 0o700));
        folder = outer.openFolder(name);
      } finally {
        if (!kept) outer[Symbol.dispose]();
      }
      start = end;
      kept = left <= MOST_OPEN;
      if (kept) this.keep(path.slice(0, end), folder);
    }
    return folder;
  }

  /** The open folder that is nearest above a path. */
  private nearest(path: BytePath): OpenFolder {
    let nearest: OpenFolder = { path: NOWHERE, folder: this.root };
    for (const open of this.open.values()) {
      if (open.path.length > nearest.path.length && isAbove(open.path, path)) nearest = open;
    }
    return nearest;
  }

  private keep(path: BytePath, folder: Folder): void {
    this.last = { path, folder };
    this.open.set(keyOf(path), this.last);
    const [oldest] = this.open;
    if (this.open.size <= MOST_OPEN || oldest === undefined) return;
    this.open.delete(oldest[0]);
    oldest[1].folder[Symbol.dispose]();
  }
}

interface OpenFolder {
  readonly path: BytePath;
  readonly folder: Folder;
}

/** Whether a folder is above a path. */
function isAbove(folder: BytePath, path: BytePath): boolean {
  return path[folder.length] === SLASH && equalBytes(path.subarray(0, folder.length), folder);
}

/** How many parts a path has after a folder above it, whose path has this length. */
function partsAfter(path: BytePath, length: number): number {
  let parts = 1;
  for (let at = path.indexOf(SLASH, length + 1); at !== -1; at = path.indexOf(SLASH, at + 1)) parts++;
  return parts;
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
