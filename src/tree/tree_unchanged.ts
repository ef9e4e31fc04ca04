import { TimeSlice } from "../platform/time_slice.ts";
import { type Folder, Stat } from "../platform/platform.ts";
import { isSystemError } from "../platform/system_error.ts";
import { OpenFolders } from "./open_folders.ts";
import { isUnchangedSince } from "./same_entry.ts";
import { at, type TreeTable } from "./table.ts";

/**
 * Whether the system still says of every entry what the scan saw. A name that came or went shows in its folder's times,
 * so nothing has to be listed again. SPEC 5, *quiesced*.
 */
export async function isTreeUnchangedSince(
  root: Folder,
  table: TreeTable,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const slice = new TimeSlice(signal);
  const stat = new Stat();
  using folders = new OpenFolders(root, table);
  try {
    if (!root.stat(Uint8Array.of(0x2e), stat) || !isUnchangedSince(table, 0, stat)) return false;
    for (let i = 1; i < table.count; i++) {
      const folder = folders.get(at(table.parent, i));
      if (!folder.stat(table.name(i), stat) || !isUnchangedSince(table, i, stat)) return false;
      if (slice.isOver()) await slice.yield();
    }
    return true;
  } catch (error) {
    if (isSystemError(error)) return false; // a folder on the way went: whoever looks properly finds out
    throw error;
  }
}
