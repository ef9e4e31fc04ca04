import { FILE, LOST } from "../model/entry.ts";
import { type Folder, Stat } from "../platform/platform.ts";
import { unlessFailed } from "../platform/system_error.ts";
import { OpenFolders } from "../tree/open_folders.ts";
import { hasSameFacts, isAsRecorded } from "../tree/same_entry.ts";
import { at } from "../tree/table.ts";
import type { Cloning } from "./_cloning.ts";
import type { ShareSource } from "./contract.ts";

/** Hard-links unchanged files from an earlier payload, and returns the files that must be cloned instead. SPEC 5. */
export async function shareFiles(cloning: Cloning): Promise<number[]> {
  const { slice, request, table } = cloning;
  const share = request.as === "payload" ? request.share : undefined;
  using earlier = share && new OpenFolders(share.payload, share.table);
  const sharing = earlier && new Sharing(cloning, share, earlier);
  const files: number[] = [];
  for (let i = 1; i < table.count; i++) {
    if (at(table.type, i) !== FILE || cloning.isFurtherLink(i)) continue;
    if (slice.isOver()) await slice.yield();
    if (!sharing?.tryTo(i)) files.push(i);
  }
  return files;
}

class Sharing {
  private readonly found = new Stat();
  /** The further names of each file with several names. */
  private readonly further: Map<number, number[]>;

  constructor(
    private readonly cloning: Cloning,
    private readonly share: ShareSource,
    private readonly earlier: OpenFolders,
  ) {
    this.further = Map.groupBy(cloning.furtherLinks(), (index) => at(cloning.table.linkGroup, index));
  }

  /** Links all names of one file; false if the file must be cloned. */
  tryTo(index: number): boolean {
    const { cloning, share } = this;
    const old = share.match[index] ?? -1;
    // An inode has one owner, mode and time. A file that differs in these cannot be shared, even with the same content.
    if (old < 0 || !hasSameFacts(cloning.table, index, share.table, old)) return false;
    const names = [index, ...this.further.get(index) ?? []];
    // Too many links, protected_hardlinks, another file system, …: a clone always works.
    const isLinked = unlessFailed([], () => {
      const from = this.earlier.get(at(share.table.parent, old));
      const name = share.table.name(old);
      // A payload file that does not match its manifest must not spread into a new snapshot.
      if (!from.stat(name, this.found) || !isAsRecorded(share.table, old, this.found)) return false;
      this.linkAll(names, from, name);
      return true;
    });
    if (!isLinked) return false;
    const lost = at(share.table.lost, old);
    const isOwnMode = at(cloning.table.mode, index) === this.found.mode;
    for (const each of names) {
      if ((lost & LOST.mode) !== 0 && isOwnMode) cloning.losses.keptMode(each);
      cloning.losses.inherit(each, lost, "the earlier snapshot with this file could not keep it");
      cloning.advance(each);
    }
    if (names.length > 1) cloning.linkedGroups.add(index);
    return true;
  }

  /** Makes all links or none, because the names of one file must not become two files. */
  private linkAll(names: readonly number[], from: Folder, fromName: Uint8Array): void {
    const { cloning } = this;
    let made = 0;
    try {
      for (; made < names.length; made++) {
        const each = names[made] as number;
        cloning.folderOf(each).linkFrom(cloning.table.name(each), from, fromName);
      }
    } catch (error) {
      for (const each of names.slice(0, made)) cloning.folderOf(each).removeFile(cloning.table.name(each));
      throw error;
    }
  }
}
