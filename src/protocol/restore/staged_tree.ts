import type { Folder } from "../../platform/platform.ts";
import { inodeText, Stat } from "../../platform/stat.ts";
import { unlessFailed } from "../../platform/system_error.ts";
import { TimeSlice } from "../../platform/time_slice.ts";
import { OpenFolders } from "../../tree/open_folders.ts";
import { isAsRecorded, isUnchangedSince } from "../../tree/same_entry.ts";
import { at, inodeOf, NONE, type TreeTable } from "../../tree/table.ts";
import type { BroughtOut } from "../payload/bring_out.ts";

type Made = Omit<BroughtOut, "degradations">;

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
    brought: Made,
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

/** Fills a table of what was made with what the system reports. Returns for each entry 1 if it is there. */
async function readFacts(
  root: Folder,
  { table, hasFacts }: Made,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const isThere = new Uint8Array(table.count);
  using folders = new OpenFolders(root, table);
  const slice = new TimeSlice(signal);
  const stat = new Stat();
  for (let i = 1; i < table.count; i++) {
    if (slice.isOver()) await slice.yield();
    const isTold = hasFacts && inodeOf(table, i) !== 0;
    const wantsXattrs = table.xattrs.has(i); // the system may not have taken them
    if (isTold) isThere[i] = 1;
    if (isTold && !wantsXattrs) continue;
    // A folder may be closed even to its owner; what is in it is read by the next look.
    const isFound = unlessFailed([], () =>
      folders.get(at(table.parent, i)).stat(table.name(i), stat)) === true;
    // What the engine did not tell of is not as the table says, or was touched since.
    if (!isFound || (hasFacts && !isTold) || !isAsRecorded(table, i, stat)) table.hashed[i] = 0;
    if (isFound) table.setStat(i, stat);
    if (isFound) isThere[i] = 1;
    if (wantsXattrs) readXattrs(folders, table, i);
  }
  return isThere;
}

/** Reads the attributes that an entry got; if that fails, takes care that no look believes the table. */
function readXattrs(folders: OpenFolders, table: TreeTable, i: number): void {
  const found = unlessFailed([], () => folders.get(at(table.parent, i)).xattrs(table.name(i)));
  if (found === undefined) table.ctimeSec[i] = 0;
  else if (found.length > 0) table.xattrs.set(i, found);
  else table.xattrs.delete(i);
}
