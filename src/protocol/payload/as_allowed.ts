import { FILE, LOST, setIdsOf, withoutSetIds } from "../../model/entry.ts";
import type { Descriptor } from "../../model/records.ts";
import { indexesWhere, type TreeTable } from "../../tree/table.ts";
import { isDevice } from "../../tree/entry_facts.ts";
import { at } from "../../tree/columns.ts";
import type { RepositoryContext } from "../context.ts";

const PRIVILEGED = /^(security|trusted)\./;

/**
 * What a snapshot holds, as the caller may bring it out. In a repository that a group shares a member can write a snapshot
 * that names any owner: brought out by that user, its set-id programs, capabilities and devices would give the member that
 * user's rights. So of another member's snapshot they are left out, and said to be; and of each one in a user's own repository
 * where another user brings it out, such as root.
 */
export function asAllowed(
  { reporter, store }: RepositoryContext,
  descriptor: Descriptor,
  manifest: TreeTable,
): TreeTable {
  if (store.snapshots.mayGiveRights(descriptor)) return manifest;
  const privileged = privilegedIn(manifest);
  if (privileged.length === 0) return manifest;
  const table = manifest.copy();
  for (const i of privileged) withhold(table, i);
  reporter.warn(
    `Another user could have written this snapshot. Set-id bits, capabilities and devices in it are left out ` +
      `(${privileged.length} of its entries).`,
  );
  return table;
}

/** Whether the payload does not have this entry: it could not be read, or not be made. */
export function isLeftOut(table: TreeTable, index: number): boolean {
  return (at(table.lost, index) & LOST.type) !== 0;
}

/** Whether an entry is a file that could not be read when the snapshot was made. */
export function isUnread(table: TreeTable, index: number): boolean {
  return at(table.type, index) === FILE && isLeftOut(table, index);
}

/** What gives rights to those who run or open it. */
export function privilegedIn(table: TreeTable): Uint32Array {
  return indexesWhere(table, (i) => isPrivileged(table, i));
}

/** Whether an entry gives rights to those who run or open it. */
export function isPrivileged(table: TreeTable, i: number): boolean {
  return isDevice(table, i) || hasSetId(table, i) ||
    (table.xattrs.get(i)?.some(({ name }) => PRIVILEGED.test(name)) ?? false);
}

function hasSetId(table: TreeTable, i: number): boolean {
  return (at(table.mode, i) & setIdsOf(at(table.type, i))) !== 0;
}

function withhold(table: TreeTable, i: number): void {
  if (isDevice(table, i)) table.lost[i] = at(table.lost, i) | LOST.type;
  table.mode[i] = withoutSetIds(at(table.type, i), at(table.mode, i));
  const kept = table.xattrs.get(i)?.filter(({ name }) => !PRIVILEGED.test(name));
  if (kept !== undefined) table.xattrs.set(i, kept);
}
