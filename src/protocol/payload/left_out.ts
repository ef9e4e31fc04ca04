import { FILE, LOST } from "../../model/entry.ts";
import { at, type TreeTable } from "../../tree/table.ts";

/** Whether the payload does not have this entry: it could not be read, or not be made. */
export function isLeftOut(table: TreeTable, index: number): boolean {
  return (at(table.lost, index) & LOST.type) !== 0;
}

/** Whether an entry is a file that could not be read when the snapshot was made. */
export function isUnread(table: TreeTable, index: number): boolean {
  return at(table.type, index) === FILE && isLeftOut(table, index);
}
