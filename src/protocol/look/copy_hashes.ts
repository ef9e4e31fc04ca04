import { mergeTables } from "../../tree/merge_tables.ts";
import { isOfSameMake } from "../../tree/same_entry.ts";
import type { TreeTable } from "../../tree/table.ts";

/**
 * Copies the hashes of `made` to the entries of `table` with the same path, size and time. Only for entries that were just
 * made, where no other process can have written since: after a write by another process, size and time prove nothing.
 */
export async function copyHashes(table: TreeTable, made: TreeTable): Promise<void> {
  await mergeTables(made, table, (i, j) => {
    if (i === -1 || j === -1 || !isOfSameMake(made, i, table, j)) return;
    const hash = made.contentHash(i);
    if (hash !== undefined) table.setHash(j, hash);
  });
}
