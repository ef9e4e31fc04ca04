import type { Folder } from "../../platform/platform.ts";
import { inodeText, type Stat } from "../../platform/stat.ts";
import { isUnchangedSince } from "../../tree/same_entry.ts";
import { NONE, type TreeTable } from "../../tree/table.ts";
import { at } from "../../tree/columns.ts";
import type { Selection } from "../../tree/select_entries.ts";
import { type Made, readFacts } from "../payload/read_facts.ts";

/**
 * What is staged, with the facts that the system reports of it before any of it is visible: no other process writes in
 * staging. So one look at each entry is enough, for the journal and for the stat cache.
 */
export class StagedTree {
  private constructor(
    /** What was to be staged, and the folders on the way to it. */
    readonly table: TreeTable,
    /** For each entry of the manifest its index in the table, or NONE. */
    private readonly places: Uint32Array,
    /** For each entry of the table 1 if it could be made. */
    private readonly isMade: Uint8Array,
  ) {}

  /** Looks at what was brought out into `root`; the manifest has so many entries. */
  static async look(
    root: Folder,
    brought: Made & Pick<Selection, "origin">,
    entries: number,
    signal: AbortSignal,
  ): Promise<StagedTree> {
    const places = new Uint32Array(entries).fill(NONE);
    brought.origin.forEach((index, i) => places[index] = i);
    return new StagedTree(brought.table, places, await readFacts(root, brought, signal));
  }

  /** The inode of an entry of the manifest; null if it could not be made. */
  inode(index: number): string | null {
    const place = at(this.places, index);
    if (place === NONE || this.isMade[place] !== 1) return null;
    return inodeText(at(this.table.inoHi, place), at(this.table.inoLo, place));
  }

  /**
   * Takes the change time that the system reports now of an entry of the manifest, which a rename moved. What differs in anything
   * else is another's work already: the next look reads it.
   */
  wasMoved(index: number, stat: Stat): void {
    const { table } = this;
    const i = at(this.places, index);
    const { ctimeSec, ctimeNsec } = stat;
    [stat.ctimeSec, stat.ctimeNsec] = [at(table.ctimeSec, i), at(table.ctimeNsec, i)];
    if (!isUnchangedSince(table, i, stat)) return void (table.hashed[i] = 0);
    [table.ctimeSec[i], table.ctimeNsec[i]] = [ctimeSec, ctimeNsec];
  }
}
