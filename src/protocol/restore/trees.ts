import { type BytePath, ITSELF } from "../../model/bytes.ts";
import type { Folder, RenameHow } from "../../platform/platform.ts";
import { isSystemError, unlessFailed } from "../../platform/system_error.ts";
import { FoldersByPath, lastName, parentPath } from "../../tree/folders_by_path.ts";
import type { Staging } from "./staging.ts";

/** The folders that a restore moves things between: the worktree, and those of staging. */
export class RestoreTrees implements Disposable {
  readonly worktree: FoldersByPath;
  readonly fresh: FoldersByPath;
  readonly old: FoldersByPath;
  /** What other processes wrote in the way of the restore, or into what it took out. */
  readonly aside: PutAside;

  constructor(root: Folder, staging: Staging) {
    this.worktree = new FoldersByPath(root);
    this.fresh = new FoldersByPath(staging.fresh);
    this.old = new FoldersByPath(staging.old);
    this.aside = new PutAside((number) => staging.openAside(number));
  }

  [Symbol.dispose](): void {
    for (const folders of [this.worktree, this.fresh, this.old, this.aside]) folders[Symbol.dispose]();
  }
}

/**
 * Trees for what is put aside, by its path. Usually one tree is enough. If it already has something of that path, because
 * an undo was killed and then another process wrote there again, the next tree is used: nothing is ever overwritten.
 */
export class PutAside implements Disposable {
  private readonly trees: FoldersByPath[] = [];

  /** `openTree` opens the tree of a number, and makes it if it does not exist. */
  constructor(private readonly openTree: (number: number) => Folder) {}

  /** Makes the folders for this path in advance, because on a full disk none can be made later. */
  prepare(path: BytePath): void {
    this.tree(0).ensure(parentPath(path));
  }

  /** Calls `put` for the first tree in which the path is free; `put` throws EEXIST if it is not. */
  put(path: BytePath, put: (folder: Folder, name: Uint8Array) => void): void {
    for (let number = 0;; number++) {
      try {
        return put(this.tree(number).ensure(parentPath(path)), lastName(path));
      } catch (error) {
        // Something else has the path, or a part of it.
        if (!isSystemError(error, "EEXIST", "ENOTEMPTY", "ENOTDIR", "ELOOP") || number === MOST) throw error;
      }
    }
  }

  [Symbol.dispose](): void {
    for (const folders of this.trees.splice(0)) {
      folders[Symbol.dispose]();
      folders.root[Symbol.dispose]();
    }
  }

  private tree(number: number): FoldersByPath {
    return this.trees[number] ??= new FoldersByPath(this.openTree(number));
  }
}

/** The end for a mistake in the program: each tree but the first needs a recovery that was killed. */
const MOST = 10_000;

/** The folder that this path is in; for the root the root itself; undefined if a folder on the way is missing. */
export function folderAbove(folders: FoldersByPath, path: BytePath): Folder | undefined {
  if (path.length === 0) return folders.root;
  return unlessFailed(["ENOENT", "ENOTDIR", "ELOOP"], () => folders.get(parentPath(path)));
}

/** The name of this path in `folderAbove`; the root is `.` in itself. */
export function nameIn(path: BytePath): Uint8Array {
  return path.length === 0 ? ITSELF : lastName(path);
}

/** Moves an entry to a folder under the same name; false if that fails for one of these reasons. */
export function tryMove(
  from: Folder,
  name: Uint8Array,
  to: Folder,
  how: RenameHow,
  reasons: readonly string[],
): boolean {
  const isMoved = unlessFailed(reasons, () => {
    from.rename(name, to, name, how);
    return true;
  });
  return isMoved === true;
}
