import { FILE, LOST } from "../model/entry.ts";
import type { Folder } from "../platform/platform.ts";
import { Stat } from "../platform/stat.ts";
import { unlessFailed } from "../platform/system_error.ts";
import { OpenFolders } from "../tree/open_folders.ts";
import { hasSameFacts, isAsRecorded } from "../tree/same_entry.ts";
import { indexesWhere, type TreeTable } from "../tree/table.ts";
import { sameName } from "../tree/entry_facts.ts";
import { at } from "../tree/columns.ts";
import type { Cloning } from "./_cloning.ts";
import type { ShareSource } from "./contract.ts";
import { divide, MANY_FILES } from "./_divide.ts";
import { hasOneName, lending } from "./_file_work.ts";

/**
 * Hard-links unchanged files from an earlier payload, and returns the files that must be cloned instead; by default of all files
 * but those that are held. SPEC 5.
 */
export async function shareFiles(cloning: Cloning, only?: readonly number[]): Promise<number[]> {
  const { slice, request, table } = cloning;
  const held = request.held?.files;
  const isFirst = (i: number) => table.type[i] === FILE && !cloning.isFurtherLink(i) && held?.has(i) !== true;
  const files = only === undefined ? indexesWhere(table, isFirst) : Uint32Array.from(only);
  const share = request.as === "payload" ? request.share : undefined;
  if (share === undefined) return [...files];
  using earlier = new OpenFolders(share.payload, share.table);
  const sharing = new Sharing(cloning, share, earlier);
  const others = [...files.filter((i) => !sharing.mayTo(i))];
  const paths = new SamePaths(table, share.table);
  await divide(cloning, {
    files: files.filter((i) => sharing.mayTo(i)),
    least: MANY_FILES,
    isPlain: (i) => share.table.lost[oldOf(share, i)] === 0 && paths.are(i, oldOf(share, i)),
    load: () => 1,
    work: () => lending(share.payload, (link) => ({ link })),
    here: async (files) => {
      for (const i of files) {
        if (slice.isOver()) await slice.yield();
        if (!sharing.tryTo(i)) others.push(i);
      }
    },
  });
  return others.sort((a, b) => a - b);
}

/** The earlier entry of an unchanged file, or -1. */
function oldOf({ match }: ShareSource, index: number): number {
  return match[index] ?? -1;
}

/** Which entries of two tables have the same path. */
class SamePaths {
  /** Folders of `a`, and those of `b` with the same path. */
  private readonly folders = new Map([[0, 0]]);

  constructor(private readonly a: TreeTable, private readonly b: TreeTable) {}

  /** Whether these two have. */
  are(i: number, j: number): boolean {
    const { a, b, folders } = this;
    const climbed: [number, number][] = [];
    let [x, y] = [i, j];
    for (; !folders.has(x); [x, y] = [at(a.parent, x), at(b.parent, y)]) {
      if (y === 0 || !sameName(a, x, b, y)) return false;
      if (x !== i) climbed.push([x, y]);
    }
    if (folders.get(x) !== y) return false;
    for (const [folder, other] of climbed) folders.set(folder, other);
    return true;
  }
}

class Sharing {
  private readonly found = new Stat();
  /** The further names of each file with several names, once one is asked for. */
  private further: Map<number, number[]> | undefined;

  constructor(
    private readonly cloning: Cloning,
    private readonly share: ShareSource,
    private readonly earlier: OpenFolders,
  ) {}

  /** All names of a file, itself first. */
  private namesOf(index: number): number[] {
    const { cloning, cloning: { table } } = this;
    if (hasOneName(cloning, index)) return [index];
    this.further ??= Map.groupBy(cloning.furtherLinks(), (each) => at(table.linkGroup, each));
    return [index, ...this.further.get(index) ?? []];
  }

  /** Whether a file is in the earlier payload as it is. */
  mayTo(index: number): boolean {
    const { cloning, share } = this;
    const old = oldOf(share, index);
    // An inode has one owner, mode and time. A file that differs in these cannot be shared, even with the same content.
    return old >= 0 && hasSameFacts(cloning.table, index, share.table, old);
  }

  /** Links all names of one file, if it may be; false if the file must be cloned. */
  tryTo(index: number): boolean {
    const { cloning, share } = this;
    const old = oldOf(share, index);
    const names = this.namesOf(index);
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
