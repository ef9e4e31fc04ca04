import { differsInSubstance, needsHash } from "../../tree/diff.ts";
import { TreeTable } from "../../tree/table.ts";
import { isJvsError } from "../../model/errors.ts";
import { DIR } from "../../model/entry.ts";
import type { Store } from "../../repo/store.ts";
import type { Look } from "./look.ts";

/** What a snapshot holds; for none (before the first) an empty tree. */
export async function tableOf(store: Store, id: string | null): Promise<TreeTable> {
  if (id !== null) return await store.snapshots.manifest(id);
  const empty = new TreeTable(1);
  empty.add(0xffffffff, new Uint8Array(), DIR);
  return empty;
}

/** The same; nothing where the snapshot is missing or a record of it damaged, so that nobody can tell what it holds. */
export async function savedTable(store: Store, id: string | null): Promise<TreeTable | undefined> {
  try {
    return await tableOf(store, id);
  } catch (error) {
    if (isJvsError(error, "E_DESCRIPTOR_CORRUPT", "E_NOT_FOUND")) return undefined;
    throw error;
  }
}

/** Reads as much of the worktree as is needed to tell how it differs from `table`. */
export async function hashToCompare(look: Look, table: TreeTable): Promise<void> {
  await look.hash(needsHash(table, look.table));
}

/** Whether the worktree differs from a snapshot in anything but times. */
export async function isUnsaved(look: Look, id: string | null): Promise<boolean> {
  const saved = await savedTable(look.context.store, id);
  if (saved === undefined) return true;
  if (id === null) return look.table.count > 1;
  await hashToCompare(look, saved);
  return differsInSubstance(saved, look.table);
}
