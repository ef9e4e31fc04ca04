import { isJvsError } from "../model/errors.ts";
import { isUnreadableRecord } from "./control_errors.ts";
import type { Indexed, IndexSource } from "./snapshot_index.ts";
import { WrongIndex } from "./snapshot_columns.ts";
import type { Rows } from "./snapshot_table.ts";

const NO_ROWS: Rows = new Uint32Array();

/** The rows of a line with its leaves, newest first. */
export interface LineWithLeaves {
  readonly rows: Rows;
  /** Where the line ends too early the snapshot at which it does, because that is missing or cannot be read. */
  readonly unread: readonly string[];
}

/**
 * The rows of a worktree's line and of its autosaves and partial snapshots. `latest` is the newest of the line; an error where just
 * that cannot be read. Of the leaves, what is damaged is left out, because verify and doctor report it.
 */
export async function lineWithLeaves(
  store: IndexSource,
  { table }: Indexed,
  { latest, worktreeId }: { readonly latest: string | null; readonly worktreeId: string },
): Promise<LineWithLeaves> {
  const upTo = (line: Rows, unread: string[]) => ({ rows: table.withLeaves(line, worktreeId), unread });
  if (latest === null) return upTo(NO_ROWS, []);
  const row = table.find(latest);
  const { rows, whole } = row === -1 ? { rows: NO_ROWS, whole: false } : table.line(row);
  if (whole) return upTo(rows, []);
  // The descriptors say why it ends there.
  const last = rows.at(-1);
  const { snapshot_id: id, parent_snapshot_id: parent } = await store.snapshots.descriptor(
    last === undefined ? latest : table.id(last),
  );
  if (last === undefined || parent === null) throw new WrongIndex();
  if (parent >= id || !await canBeRead(store, parent)) return upTo(rows, [parent]);
  throw new WrongIndex(); // it is mended since the table was read
}

async function canBeRead({ snapshots }: IndexSource, id: string): Promise<boolean> {
  try {
    await snapshots.descriptor(id);
    return true;
  } catch (error) {
    if (isUnreadableRecord(error) || isJvsError(error, "E_NOT_FOUND")) return false;
    throw error;
  }
}
