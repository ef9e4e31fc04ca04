import { ITSELF } from "../model/bytes.ts";
import { sameXattrs, SYMLINK } from "../model/entry.ts";
import type { Folder } from "../platform/platform.ts";
import { unlessFailed } from "../platform/system_error.ts";
import { type TreeTable } from "../tree/table.ts";
import { at } from "../tree/columns.ts";

/*
 * Entries that were cloned with the aspects of their source: `i` is an entry of the table that was asked for, `j` the same in
 * a scan of the clone.
 */

const OWNER_MAY_CHANGE = 0o300;

/** Whether an entry of the clone has the time, owner, mode and attributes that the table wants. */
export function hasAspects(table: TreeTable, i: number, made: TreeTable, j: number): boolean {
  return table.mtimeNsec[i] === made.mtimeNsec[j] && table.mtimeSec[i] === made.mtimeSec[j] &&
    table.uid[i] === made.uid[j] && table.gid[i] === made.gid[j] &&
    (table.type[i] === SYMLINK || table.mode[i] === made.mode[j]) &&
    sameXattrs(table.xattrs.get(i) ?? [], made.xattrs.get(j) ?? []);
}

/** Notes that an entry of the clone now has the aspects of the table. */
export function copyAspects(table: TreeTable, i: number, made: TreeTable, j: number): void {
  made.mtimeSec[j] = at(table.mtimeSec, i);
  made.mtimeNsec[j] = at(table.mtimeNsec, i);
  made.uid[j] = at(table.uid, i);
  made.gid[j] = at(table.gid, i);
  made.mode[j] = at(table.mode, i);
  const xattrs = table.xattrs.get(i);
  if (xattrs === undefined) made.xattrs.delete(j);
  else made.xattrs.set(j, xattrs);
}

/** Removes attributes that a table does not have: it may leave some out on purpose, such as a file's capabilities. */
export function removeOtherXattrs(
  folder: Folder,
  name: Uint8Array,
  table: TreeTable,
  i: number,
  made: TreeTable,
  j: number,
) {
  const wanted = new Set(table.xattrs.get(i)?.map((xattr) => xattr.name));
  for (const xattr of made.xattrs.get(j) ?? []) {
    if (!wanted.has(xattr.name)) folder.removeXattr(name, xattr.name);
  }
}

/** Gives an open folder of the clone the rights that a change in it needs; its true mode comes back with its aspects. */
export function makeUsable(folder: Folder, mode: number): void {
  if ((mode & OWNER_MAY_CHANGE) === OWNER_MAY_CHANGE) return;
  unlessFailed(["EPERM"], () => folder.setMode(ITSELF, mode | OWNER_MAY_CHANGE));
}
