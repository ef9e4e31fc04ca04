import type { Folder } from "../platform/platform.ts";
import { type TreeTable } from "./table.ts";
import { at } from "./columns.ts";

const MOST_OPEN = 64;
const MOST_LANDINGS = 16;

/**
 * The open folders of a tree, by their index in its table. A folder is opened name by name, from the nearest open folder
 * above it: never by a long path, so that depth has no limit, and never through a link. Only the last used folders stay
 * open: use a folder at once and do not keep it.
 */
export class OpenFolders implements Disposable {
  /** In the order of use, the last used folder at the end; `depth` is how many folders are above it. */
  private readonly open = new Map<number, { readonly folder: Folder; readonly depth: number }>();
  private last = 0;
  private lastFolder: Folder;

  constructor(private readonly root: Folder, private readonly table: TreeTable) {
    this.lastFolder = root;
  }

  /** The open folder of a directory entry. If a part of its path cannot be opened, that `SystemError` is thrown. */
  get(index: number): Folder {
    if (index === this.last) return this.lastFolder;
    const missing: number[] = [];
    let nearest = index;
    while (nearest !== 0 && !this.open.has(nearest)) {
      missing.push(nearest);
      nearest = at(this.table.parent, nearest);
    }
    let { folder, depth } = this.open.get(nearest) ?? { folder: this.root, depth: 0 };
    this.keep(nearest, folder, depth);
    for (let next = missing.pop(); next !== undefined; next = missing.pop()) {
      folder = folder.openFolder(this.table.name(next));
      this.keep(next, folder, ++depth);
    }
    return folder;
  }

  /** Closes all folders but the root, which belongs to the caller. */
  [Symbol.dispose](): void {
    for (const { folder } of this.open.values()) folder[Symbol.dispose]();
    this.open.clear();
    this.last = 0;
    this.lastFolder = this.root;
  }

  /** Marks an open folder as the last used one. */
  private keep(index: number, folder: Folder, depth: number): void {
    this.last = index;
    this.lastFolder = folder;
    if (index === 0) return;
    this.open.delete(index);
    this.open.set(index, { folder, depth });
    if (this.open.size > MOST_OPEN) this.closeOne(depth);
  }

  /**
   * Closes the folder that was used longest ago. On a deep path it keeps some folders (landings) at even distances.
   * Otherwise the way back up would open each level from the root.
   */
  private closeOne(depth: number): void {
    const distance = 2 ** Math.ceil(Math.log2(depth / MOST_LANDINGS));
    let chosen: number | undefined;
    let spared = 0;
    for (const [index, open] of this.open) {
      const isLanding = distance > 1 && open.depth % distance === 0;
      chosen = isLanding ? chosen ?? index : index;
      if (!isLanding || ++spared > MOST_LANDINGS) break; // with so many landings, the oldest belongs to another branch
    }
    if (chosen === undefined) return;
    this.open.get(chosen)?.folder[Symbol.dispose]();
    this.open.delete(chosen);
  }
}
