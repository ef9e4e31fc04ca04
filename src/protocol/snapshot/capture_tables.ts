import { FILE } from "../../model/entry.ts";
import { type Folder, Stat } from "../../platform/platform.ts";
import { mergeTables } from "../../tree/diff.ts";
import { hashFiles } from "../../tree/hash.ts";
import { OpenFolders } from "../../tree/open_folders.ts";
import { sameStat } from "../../tree/same_stat.ts";
import { selectEntries } from "../../tree/select_entries.ts";
import { at, type TreeTable } from "../../tree/table.ts";

/**
 * Compares two looks at a worktree, before and after it was captured: for each entry of the second its unchanged twin
 * in the first, or -1. What was hashed for the twin is taken over. `gone` are entries that the capture itself missed.
 */
export function adoptUnchanged(
  before: TreeTable,
  after: TreeTable,
  gone: readonly number[],
): { match: Int32Array; steady: boolean } {
  const missed = new Set(gone);
  const match = new Int32Array(after.count).fill(-1);
  let steady = true;
  mergeTables(before, after, (i, j) => {
    if (i !== -1 && j !== -1 && !missed.has(i) && sameStat(before, i, after, j)) {
      match[j] = i;
      const hash = before.contentHash(i);
      if (hash !== undefined) after.setHash(j, hash);
    } else steady = false;
  });
  return { match, steady };
}

/**
 * After a capture that changed under it: the table as the payload really is, so that the snapshot is at least true to
 * itself. What the payload lacks goes; sizes and hashes are those of the payload.
 */
export async function correctFromPayload(payload: Folder, table: TreeTable): Promise<TreeTable> {
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
    if (table.type[i] !== FILE || (stat.size === table.size[i] && table.hashed[i] === 1)) continue;
    table.size[i] = stat.size;
    table.hashed[i] = 0;
    again.push(i);
  }
  await hashFiles(payload, table, again, { flush: false });
  return selectEntries(table, (index) => keep[index] === 1).table;
}
