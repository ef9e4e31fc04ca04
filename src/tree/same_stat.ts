import { at, type TreeTable } from "./table.ts";

/**
 * Whether the system says exactly the same of two entries: nothing was written, changed or replaced between the two
 * looks, as far as times can tell (SPEC 5, *clean*).
 */
export function sameStat(a: TreeTable, i: number, b: TreeTable, j: number): boolean {
  return a.type[i] === b.type[j] && a.inoLo[i] === b.inoLo[j] && a.inoHi[i] === b.inoHi[j] &&
    a.ctimeNsec[i] === b.ctimeNsec[j] && a.ctimeSec[i] === b.ctimeSec[j] &&
    a.mtimeNsec[i] === b.mtimeNsec[j] && a.mtimeSec[i] === b.mtimeSec[j] &&
    at(a.size, i) === at(b.size, j) && a.mode[i] === b.mode[j] && a.uid[i] === b.uid[j] &&
    a.gid[i] === b.gid[j];
}
