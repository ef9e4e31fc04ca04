import type { BytePath } from "../../model/bytes.ts";
import type { Folder } from "../../platform/platform.ts";
import { isSystemError } from "../../platform/system_error.ts";
import { FoldersByPath, lastName, parentPath } from "../../tree/folders_by_path.ts";

/** Opens the tree of this number, made if need be. */
export type OpenTree = (number: number) => Folder;

/**
 * Trees that things are put aside in, each by its own path. Usually one; where it has something else of that path already
 * (an undo was killed, and then somebody wrote again) the thing goes into the next one: nothing is ever put over another.
 */
export class PutAside implements Disposable {
  private readonly trees: { readonly root: Folder; readonly folders: FoldersByPath }[] = [];

  constructor(private readonly openTree: OpenTree) {}

  /** Makes the folders that a thing of this path would be put in, so that a full disk does not prevent it later. */
  prepare(path: BytePath): void {
    this.tree(0).ensure(parentPath(path));
  }

  /** Has a thing put, by `put`, where its path is free. `put` throws EEXIST where it is not. */
  put(path: BytePath, put: (folder: Folder, name: Uint8Array) => void): void {
    for (let number = 0;; number++) {
      try {
        return put(this.tree(number).ensure(parentPath(path)), lastName(path));
      } catch (error) {
        // The path, or a part of it, is taken by something else.
        if (!isSystemError(error, "EEXIST", "ENOTEMPTY", "ENOTDIR", "ELOOP") || number === MOST) throw error;
      }
    }
  }

  /** Closes what was opened. */
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

/** A mistake must end; each tree but the first takes a recovery that was killed. */
const MOST = 10_000;
