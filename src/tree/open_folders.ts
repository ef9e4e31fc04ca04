import type { Folder } from "../platform/platform.ts";
import { at, type TreeTable } from "./table.ts";

const MOST_OPEN = 64;
const MOST_LANDINGS = 16;

/**
 * The open folders of a tree, by their index in its table. A folder is opened name by name from the nearest ancestor
 * that is still open: never by a long path, so that depth has no limit, and never through a link. Only the folders used
 * last stay open, so what `get` gave is good for the next few calls and must not be kept.
 */
export class OpenFolders implements Disposable {
  /** From the one used longest ago to the one used last. */
  private readonly open = new Map<number, Open>();
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
    let { folder, depth } = this.open.get(nearest) ?? { folder: this.root, depth: 0 };
    this.keep(nearest, folder, depth);
    for (let next = missing.pop(); next !== undefined; next = missing.pop()) {
      folder = folder.openFolder(this.table.name(next));
      this.keep(next, folder, ++depth);
    }
    return folder;
  }

  /** Closes all but the root, which is the caller's. */
  [Symbol.dispose](): void {
    for (const { folder } of this.open.values()) folder[Symbol.dispose]();
    this.open.clear();
    this.last = 0;
    this.lastFolder = this.root;
  }

  /** Marks an open folder as the one used last. */
  private keep(index: number, folder: Folder, depth: number): void {
    this.last = index;
    this.lastFolder = folder;
    if (index === 0) return;
    this.open.delete(index);
    this.open.set(index, { folder, depth });
    if (this.open.size > MOST_OPEN) this.closeOne(depth);
  }

  /**
   * Closes the folder used longest ago, but on a deep path spares some at even distances: coming back up it, each level
   * would else be reached from the root.
   */
  private closeOne(depth: number): void {
    const distance = 2 ** Math.ceil(Math.log2(depth / MOST_LANDINGS));
    let chosen: number | undefined;
    let spared = 0;
    for (const [index, open] of this.open) {
      const isLanding = distance > 1 && open.depth % distance === 0;
      chosen = isLanding ? chosen ?? index : index;
      if (!isLanding || ++spared > MOST_LANDINGS) break; // so many landings: the oldest is of another branch
    }
    if (chosen === undefined) return;
    this.open.get(chosen)?.folder[Symbol.dispose]();
    this.open.delete(chosen);
  }
}

interface Open {
  readonly folder: Folder;
  /** How many folders lie above it. */
  readonly depth: number;
}
