import { ancestors } from "./lineage.ts";
import type { Indexed, IndexSource } from "./snapshot_index.ts";
import { WrongIndex } from "./snapshot_columns.ts";
import type { Rows } from "./snapshot_table.ts";

const NO_ROWS: Rows = new Uint32Array();

/**
 * The rows of a worktree's line and of its autosaves and partial snapshots, newest first. `latest` is the newest of the line.
 * Errors as of `ancestors`; of the leaves, what is damaged is left out, because verify and doctor report it.
 */
export async function lineWithLeaves(
  store: IndexSource,
  { table }: Indexed,
  { latest, worktreeId }: { readonly latest: string | null; readonly worktreeId: string },
): Promise<Rows> {
  if (latest === null) return table.withLeaves(NO_ROWS, worktreeId);
  const row = table.find(latest);
  const { rows, whole } = row === -1 ? { rows: NO_ROWS, whole: false } : table.line(row);
  if (whole) return table.withLeaves(rows, worktreeId);
  // The descriptors say why it ends there.
  const last = rows.at(-1);
  for await (const _ of ancestors(store, last === undefined ? latest : table.id(last)));
  throw new WrongIndex(); // it is mended since the table was read
}
