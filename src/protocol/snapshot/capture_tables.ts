import { FILE } from "../../model/entry.ts";
import { type Folder, Stat } from "../../platform/platform.ts";
import { hashFiles } from "../../tree/hash.ts";
import { OpenFolders } from "../../tree/open_folders.ts";
import { selectEntries } from "../../tree/select_entries.ts";
import { at, type TreeTable } from "../../tree/table.ts";

/**
 * After a capture that changed under it: the table as the payload really is, so that the snapshot is at least true to
 * itself. What the payload lacks goes; sizes and hashes are those of the payload. Only what `isSteady` did not change
 * since the scan, so that a hash which was known before it is that of the payload too.
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
