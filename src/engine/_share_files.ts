import { FILE } from "../model/entry.ts";
import { Stat } from "../platform/platform.ts";
import { isSystemError } from "../platform/system_error.ts";
import { OpenFolders } from "../tree/open_folders.ts";
import { hasSameFacts, isAsRecorded } from "../tree/same_entry.ts";
import { at } from "../tree/table.ts";
import type { Cloning } from "./_cloning.ts";
import type { ShareSource } from "./contract.ts";

/** Hard-links unchanged files from an earlier payload, and gives the files that have to be made instead. SPEC 5. */
export async function shareFiles(cloning: Cloning): Promise<number[]> {
  const { pace, request, table } = cloning;
  using sharing = request.as === "payload" && request.share ? new Sharing(cloning, request.share) : undefined;
  const files: number[] = [];
  for (let i = 1; i < table.count; i++) {
    if (at(table.type, i) !== FILE || cloning.isFurtherLink(i)) continue;
    if (pace.due()) await pace.turn();
    if (!sharing?.tryTo(i)) files.push(i);
  }
  return files;
}

class Sharing implements Disposable {
  private readonly earlier: OpenFolders;
  private readonly found = new Stat();

  constructor(private readonly cloning: Cloning, private readonly share: ShareSource) {
    this.earlier = new OpenFolders(share.payload, share.table);
  }

  /** Links one file; false when it has to be cloned. */
  tryTo(index: number): boolean {
    const { cloning, share } = this;
    const old = share.match[index] ?? -1;
    // One inode has one owner, mode and time: a file that differs in these cannot be shared, whatever its content.
    if (old < 0 || !hasSameFacts(cloning.table, index, share.table, old)) return false;
    const folder = cloning.folderOf(index);
    try {
      const from = this.earlier.get(at(share.table.parent, old));
      const name = share.table.name(old);
      // A payload file that is not what its manifest says must not spread into a new snapshot.
      if (!from.stat(name, this.found) || !isAsRecorded(share.table, old, this.found)) return false;
      folder.linkFrom(cloning.table.name(index), from, name);
    } catch (error) {
      // Too many links, protected_hardlinks, another file system, …: a clone is always right.
      if (isSystemError(error)) return false;
      throw error;
    }
    const lost = at(share.table.lost, old);
    cloning.losses.inherit(index, lost, "the earlier snapshot that has the file could not keep it either");
    cloning.advance(index);
    return true;
  }

  [Symbol.dispose](): void {
    this.earlier[Symbol.dispose]();
  }
}
