import { mergeTables } from "../../tree/merge_tables.ts";
import type { TreeTable } from "../../tree/table.ts";

/**
 * Takes over the hashes of entries that were just made from a manifest: same path, size and time. Not of `uncertain`
 * ones, entries of the manifest whose time was set where others could write before: there the time proves nothing.
 */
export function adoptHashes(table: TreeTable, made: TreeTable, uncertain?: ReadonlySet<number>): void {
  mergeTables(made, table, (i, j) => {
    if (
      i === -1 || j === -1 || uncertain?.has(i) || made.type[i] !== table.type[j] ||
      made.size[i] !== table.size[j]
    ) return;
    if (made.mtimeSec[i] !== table.mtimeSec[j] || made.mtimeNsec[i] !== table.mtimeNsec[j]) return;
    const hash = made.contentHash(i);
    if (hash !== undefined) table.setHash(j, hash);
  });
}
