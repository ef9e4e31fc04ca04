import { FILE } from "../../model/entry.ts";
import { type Folder, Stat } from "../../platform/platform.ts";
import { hashFiles } from "../../tree/hash.ts";
import { OpenFolders } from "../../tree/open_folders.ts";
import { selectEntries } from "../../tree/select_entries.ts";
import { at, type TreeTable } from "../../tree/table.ts";

/**
 * For a worktree that changed while it was captured: corrects the table by the payload, so that manifest and payload of the
 * snapshot agree. It removes what the payload does not have, and takes sizes and hashes from the payload. An entry that
 * `isSteady` did not change since the scan, so its known hash is right.
 */
export async function correctFromPayload(
  payload: Folder,
  table: TreeTable,
  isSteady: (index: number) => boolean,
): Promise<TreeTable> {
  const stat = new Stat();
  const keep = new Uint8Array(table.count);
  const again: number[] = [];
  using folders = new OpenFolders(payload, table);
  for (let i = 0; i < table.count; i++) {
    const parent = at(table.parent, i);
    if (i !== 0 && keep[parent] !== 1) continue;
    const there = i === 0 || folders.get(parent).stat(table.name(i), stat);
    if (!there || (i !== 0 && stat.type !== table.type[i])) continue;
    keep[i] = 1;
    if (table.type[i] !== FILE || (table.hashed[i] === 1 && isSteady(i))) continue;
    table.size[i] = stat.size;
    table.hashed[i] = 0;
    again.push(i);
  }
  await hashFiles(payload, table, again, { flush: false });
  return selectEntries(table, (index) => keep[index] === 1).table;
}
