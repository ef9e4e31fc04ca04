import { mergeTables } from "./merge_tables.ts";
import { isUnchangedBetween } from "./same_entry.ts";
import type { TreeTable } from "./table.ts";

/**
 * Compares two looks at a tree: for each entry of the second its unchanged twin in the first, or -1. What was hashed for
 * the twin is taken over. `missed` are entries of the first that do not count.
 */
export function matchUnchanged(
  before: TreeTable,
  after: TreeTable,
  missed: ReadonlySet<number> = new Set(),
): { match: Int32Array; steady: boolean } {
  const match = new Int32Array(after.count).fill(-1);
  let steady = true;
  mergeTables(before, after, (i, j) => {
    if (i !== -1 && j !== -1 && !missed.has(i) && isUnchangedBetween(before, i, after, j)) {
      match[j] = i;
      const hash = before.contentHash(i);
      if (hash !== undefined) after.setHash(j, hash);
    } else steady = false;
  });
  return { match, steady };
}
