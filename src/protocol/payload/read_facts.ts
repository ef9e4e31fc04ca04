import type { Folder } from "../../platform/platform.ts";
import { Stat } from "../../platform/stat.ts";
import { unlessFailed } from "../../platform/system_error.ts";
import { TimeSlice } from "../../platform/time_slice.ts";
import { OpenFolders } from "../../tree/open_folders.ts";
import { isAsRecorded } from "../../tree/same_entry.ts";
import { type TreeTable } from "../../tree/table.ts";
import { inodeOf } from "../../tree/entry_facts.ts";
import { at } from "../../tree/columns.ts";
import type { BroughtOut } from "./bring_out.ts";

/** What was brought out of a payload, where no other process writes. */
export type Made = Pick<BroughtOut, "table" | "hasFacts">;

/**
 * Fills a table of what was made with what the system reports. Returns for each entry 1 if it is there. Of what the engine told
 * of nothing more is asked. The root is left out.
 */
export async function readFacts(
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
    // What was not as the table says and was set right has been read (`doubtful`).
    if (!isFound || !isAsRecorded(table, i, stat)) table.hashed[i] = 0;
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
