import { BLOCK, CHAR } from "../model/entry.ts";
import { at } from "./columns.ts";
import type { TreeTable } from "./table.ts";

const HIGH_WORD = 2 ** 32;

/** The inode number of an entry of a scan. */
export function inodeOf(table: TreeTable, index: number): number {
  return at(table.inoHi, index) * HIGH_WORD + at(table.inoLo, index);
}

/** Whether an entry is a device node. */
export function isDevice(table: TreeTable, index: number): boolean {
  return table.type[index] === CHAR || table.type[index] === BLOCK;
}

/** Whether two entries, of one or two tables, have the same name. */
export function sameName(a: TreeTable, i: number, b: TreeTable, j: number): boolean {
  return a.compareName(i, b, j) === 0;
}

/** Copies what only a look at the disk tells: change time, inode and number of links. */
export function copyFacts(from: TreeTable, i: number, to: TreeTable, j: number): void {
  to.ctimeSec[j] = at(from.ctimeSec, i);
  to.ctimeNsec[j] = at(from.ctimeNsec, i);
  to.inoLo[j] = at(from.inoLo, i);
  to.inoHi[j] = at(from.inoHi, i);
  to.nlink[j] = at(from.nlink, i);
}
