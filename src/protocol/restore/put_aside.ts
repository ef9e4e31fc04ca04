import type { BytePath } from "../../model/bytes.ts";
import type { Folder } from "../../platform/platform.ts";
import { isSystemError } from "../../platform/system_error.ts";
import { FoldersByPath, lastName, parentPath } from "../../tree/folders_by_path.ts";

/**
 * Trees for what is put aside, by its path. Usually one tree is enough. If it already has something of that path, because
 * an undo was killed and then another process wrote there again, the next tree is used: nothing is ever overwritten.
 */
export class PutAside implements Disposable {
  private readonly trees: { readonly root: Folder; readonly folders: FoldersByPath }[] = [];

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
    for (const { root, folders } of this.trees) {
      folders[Symbol.dispose]();
      root[Symbol.dispose]();
    }
    this.trees.length = 0;
  }

  private tree(number: number): FoldersByPath {
    const known = this.trees[number];
    if (known !== undefined) return known.folders;
    const root = this.openTree(number);
    const folders = new FoldersByPath(root);
    this.trees.push({ root, folders });
    return folders;
  }
}

/** The end for a mistake in the program: each tree but the first needs a recovery that was killed. */
const MOST = 10_000;
