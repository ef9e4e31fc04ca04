import type { Folder } from "../platform/platform.ts";
import { at, type TreeTable } from "./table.ts";

const MOST_OPEN = 64;

/**
 * The open folders of a tree, by their index in its table. A folder is opened name by name from the nearest ancestor
 * that is still open: never by a long path, so that depth has no limit, and never through a link. Only the folders used
 * last stay open, so what `get` gave is good for the next few calls and must not be kept.
 */
export class OpenFolders implements Disposable {
  /** From the one used longest ago to the one used last. */
  private readonly open = new Map<number, Folder>();
  private last = 0;
  private lastFolder: Folder;

  constructor(private readonly root: Folder, private readonly table: TreeTable) {
    this.lastFolder = root;
  }

  /** The open folder of a directory entry; throws the `SystemError` of the part of its path that cannot be opened. */
  get(index: number): Folder {
    if (index === this.last) return this.lastFolder;
    const missing: number[] = [];
    let nearest = index;
    while (nearest !== 0 && !this.open.has(nearest)) {
      missing.push(nearest);
      nearest = at(this.table.parent, nearest);
    }
    let folder = this.use(nearest);
    for (let next = missing.pop(); next !== undefined; next = missing.pop()) {
      folder = folder.openFolder(this.table.name(next));
      this.keep(next, folder);
    }
    return folder;
  }

  /** Closes all but the root, which is the caller's. */
  [Symbol.dispose](): void {
    for (const folder of this.open.values()) folder[Symbol.dispose]();
    this.open.clear();
    this.last = 0;
    this.lastFolder = this.root;
  }

  /** Marks an open folder as the one used last. */
  private use(index: number): Folder {
    const folder = this.open.get(index);
    if (folder !== undefined) {
      this.open.delete(index);
      this.open.set(index, folder);
    }
    this.last = folder === undefined ? 0 : index;
    this.lastFolder = folder ?? this.root;
    return this.lastFolder;
  }

  private keep(index: number, folder: Folder): void {
    this.open.set(index, folder);
    this.last = index;
    this.lastFolder = folder;
    if (this.open.size <= MOST_OPEN) return;
    for (const [oldest, unused] of this.open) {
      this.open.delete(oldest);
      unused[Symbol.dispose]();
      return;
    }
  }
}
