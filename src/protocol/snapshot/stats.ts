import { DIR, FILE, SYMLINK } from "../../model/entry.ts";
import type { Stats } from "../../model/records.ts";
import { CHANGED, compareEntries, mergeTables } from "../../tree/diff.ts";
import { at, NONE, TreeTable } from "../../tree/table.ts";

/** What a descriptor counts of a tree, of which `changed` bytes are new. */
export function statsOf(table: TreeTable, changed: number): Stats {
  const stats = { files: 0, directories: 0, symlinks: 0, other: 0, bytes: 0, changed_bytes: changed };
  for (let i = 1; i < table.count; i++) {
    const type = at(table.type, i);
    if (type === FILE) {
      stats.files++;
      stats.bytes += at(table.size, i);
    } else if (type === DIR) stats.directories++;
    else if (type === SYMLINK) stats.symlinks++;
    else stats.other++;
  }
  return stats;
}

const CONTENT = CHANGED.type | CHANGED.content | CHANGED.unknown;

/** The bytes of files that are new or have other content than in an earlier tree; without one, of all files. */
export function changedBytes(before: TreeTable | undefined, now: TreeTable): number {
  let bytes = 0;
  const count = (j: number): void => {
    const group = at(now.linkGroup, j);
    const isFurtherName = group !== NONE && group !== j;
    if (now.type[j] === FILE && !isFurtherName) bytes += at(now.size, j);
  };
  const earlier = before ?? new TreeTable(0);
  mergeTables(earlier, now, (i, j) => {
    if (j !== -1 && (i === -1 || (compareEntries(earlier, i, now, j) & CONTENT) !== 0)) count(j);
  });
  return bytes;
}
