import { FILE } from "../../model/entry.ts";
import type { Extent, Folder } from "../../platform/platform.ts";
import { inodeText, type Stat } from "../../platform/stat.ts";
import { unlessFailed } from "../../platform/system_error.ts";
import type { SpaceCosts } from "../../repo/space_costs.ts";

/** Counts what comes free with entries that are removed and are in no snapshot: what restores replaced. */
export class RemovedSpace {
  /** What comes free with all entries so far. */
  bytes = 0;
  /** Names that were seen of files that have several, by their inodes. */
  readonly #links = new Map<string, number>();

  constructor(private readonly costs: SpaceCosts) {}

  /** Counts an entry of a folder, while it is there. */
  see(folder: Folder, name: Uint8Array, stat: Stat): void {
    const { costs } = this;
    this.bytes += costs.name(name.length);
    if (stat.type !== FILE) this.bytes += costs.other(stat, name.length);
    else if (this.#isLastName(stat)) this.bytes += this.#ofFile(folder, name, stat);
  }

  /** A file comes free with the last of its names: another one may be outside. */
  #isLastName({ inoHi, inoLo, nlink }: Stat): boolean {
    if (nlink < 2) return true;
    const inode = inodeText(inoHi, inoLo);
    const seen = (this.#links.get(inode) ?? 0) + 1;
    this.#links.set(inode, seen);
    return seen === nlink;
  }

  /** What other files share, mostly a snapshot, stays. */
  #ofFile(folder: Folder, name: Uint8Array, stat: Stat): number {
    const { costs } = this;
    const extents = costs.sharesBlocks && stat.blocks > 0 ? extentsOf(folder, name) : [];
    const own = extents?.filter(({ isShared }) => !isShared).reduce((sum, { length }) => sum + length, 0) ??
      0;
    return costs.file(stat, name.length, costs.sharesBlocks ? extents : undefined) + own * costs.perByte;
  }
}

/** Where a file is on the disk; undefined where that is not known: it may be another member's. */
function extentsOf(folder: Folder, name: Uint8Array): readonly Extent[] | undefined {
  return unlessFailed(["EACCES", "EPERM", "ENOENT"], () => {
    using file = folder.openFile(name, "read");
    return file.extents();
  });
}
