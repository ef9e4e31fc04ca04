import { asHeld } from "../../tree/as_held.ts";
import { differsInSubstance, needsHash } from "../../tree/diff.ts";
import { mergeTables } from "../../tree/merge_tables.ts";
import { selectEntries } from "../../tree/select_entries.ts";
import { NONE, TreeTable } from "../../tree/table.ts";
import { isDevice } from "../../tree/entry_facts.ts";
import { HiddenPaths } from "../../tree/unreadable.ts";
import { isJvsError } from "../../model/errors.ts";
import { DIR } from "../../model/entry.ts";
import type { Store } from "../../repo/store.ts";
import type { Look } from "./look.ts";

/** What a snapshot holds; null, before the first snapshot, is an empty tree. */
export async function tableOf(store: Store, id: string | null): Promise<TreeTable> {
  if (id !== null) return await store.snapshots.manifest(id);
  const empty = new TreeTable(1);
  empty.add(NONE, new Uint8Array(), DIR);
  return empty;
}

/** The same; undefined if the snapshot is missing or a record of it is damaged. */
export async function savedTable(store: Store, id: string | null): Promise<TreeTable | undefined> {
  try {
    return await tableOf(store, id);
  } catch (error) {
    if (isJvsError(error, "E_DESCRIPTOR_CORRUPT", "E_NOT_FOUND")) return undefined;
    throw error;
  }
}

/**
 * A saved tree in the form in which it can be compared with what the look saw, or with a part of that (`now`): as this user
 * can have it, without devices that the user may not make, and without what is in folders that the user may not enter.
 */
export async function comparable(saved: TreeTable, look: Look, now = look.table): Promise<TreeTable> {
  const { host } = look.context.store.platform;
  const hidden = new HiddenPaths(look.scan.unreadable);
  if (host.rights.devices && look.scan.unreadable.length === 0) return await asHeld(saved, now, host);
  const gone = new Set<number>();
  await mergeTables(saved, now, (i, j) => {
    if (j !== -1) return;
    if (!host.rights.devices && isDevice(saved, i) || hidden.covers(saved, i)) gone.add(i);
  });
  const seen = gone.size === 0 ? saved : selectEntries(saved, (i) => !gone.has(i)).table;
  return await asHeld(seen, now, host);
}

/**
 * Whether the worktree differs from a snapshot in anything but times. An `ignored` entry counts only if the snapshot
 * has it; it is then taken out of `ignored`. `read` is its manifest, if that was read before.
 */
export async function isUnsaved(look: Look, id: string | null, ignored?: Uint8Array, read?: TreeTable) {
  const saved = read ?? await savedTable(look.context.store, id);
  if (saved === undefined) return true;
  if (id !== null) await look.hash(await needsHash(saved, look.table));
  const now = ignored?.includes(1) ? await withoutIgnored(look.table, saved, ignored) : look.table;
  if (id === null) return now.count > 1;
  return await differsInSubstance(await comparable(saved, look, now), now);
}

async function withoutIgnored(now: TreeTable, saved: TreeTable, ignored: Uint8Array): Promise<TreeTable> {
  await mergeTables(saved, now, (i, j) => {
    if (i !== -1 && j !== -1) ignored[j] = 0;
  });
  return selectEntries(now, (j) => ignored[j] !== 1).table;
}
