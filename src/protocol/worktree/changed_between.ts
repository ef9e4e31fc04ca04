import type { BytePath } from "../../model/bytes.ts";
import { mergeTables } from "../../tree/merge_tables.ts";
import { isUnchangedBetween } from "../../tree/same_entry.ts";
import type { TreeTable } from "../../tree/table.ts";

/** The paths that changed between two scans of one tree. Without the root, because to move it changes it. */
export function changedBetween(before: TreeTable, after: TreeTable): BytePath[] {
  const paths: BytePath[] = [];
  mergeTables(before, after, (i, j) => {
    if (i === 0 || j === 0) return;
    if (i === -1) paths.push(after.path(j));
    else if (j === -1 || !isUnchangedBetween(before, i, after, j)) paths.push(before.path(i));
  });
  return paths;
}
