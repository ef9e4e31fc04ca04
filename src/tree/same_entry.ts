import { payloadMode } from "../model/acl.ts";
import { DIR, sameXattrs } from "../model/entry.ts";
import type { Stat } from "../platform/stat.ts";
import { type TreeTable } from "./table.ts";
import { at } from "./columns.ts";

const FOR_OTHERS = 0o077;

/**
 * The one answer to "is this still the same entry?". Size and modification time alone prove nothing: a program that
 * writes in place can set both back (`rsync --inplace --times`, `tar`). Only the change time (ctime) cannot be set.
 *
 * | question | type, size, mtime | mode, owner | inode | ctime | used for, and why it is enough |
 * |---|---|---|---|---|---|
 * | `isUnchangedBetween`, `isUnchangedSince` | yes | yes | yes | yes | two scans of one tree: a change between them shows in the ctime, one tick later (`settle`) |
 * | `isCloneOf` | yes | yes | no | yes | a scan of a clone that keeps change times, and one of its source: they are of one moment |
 * | `isUnchangedButMoved` | yes | yes, and attributes | yes | no | an entry that JVS renamed or linked, which moves the ctime: the content must be known by other means |
 * | `hasSameFacts` | yes | yes | no | no | a file that may become a hard link to an earlier payload: its hash shows that the content is the same |
 * | `isOfSameMake`, `isAsRecorded` | yes | no | no | no | copies in places where no other process can write; the files that an undo finds, whose content is compared too |
 */

/** Whether the system reports exactly the same facts for two entries: nothing changed between two scans. */
export function isUnchangedBetween(a: TreeTable, i: number, b: TreeTable, j: number): boolean {
  return isSameMoment(a, i, b, j) &&
    isSameInode(a, i, b, j) && isOfSameMake(a, i, b, j);
}

/** The same for an entry of a scan and its present stat. */
export function isUnchangedSince(table: TreeTable, i: number, stat: Stat): boolean {
  return table.ctimeNsec[i] === stat.ctimeNsec && table.ctimeSec[i] === stat.ctimeSec &&
    table.mtimeNsec[i] === stat.mtimeNsec && table.mtimeSec[i] === stat.mtimeSec &&
    table.type[i] === stat.type && (stat.type === DIR || table.size[i] === stat.size) &&
    isStillInode(table, i, stat);
}

/** The same for an entry and its clone, by an engine that keeps change times. */
export function isCloneOf(a: TreeTable, i: number, b: TreeTable, j: number): boolean {
  return isSameMoment(a, i, b, j) && hasSameFacts(a, i, b, j) && a.linkGroup[i] === b.linkGroup[j];
}

/** Whether two entries were last changed at the same time. */
export function isSameMoment(a: TreeTable, i: number, b: TreeTable, j: number): boolean {
  return a.ctimeNsec[i] === b.ctimeNsec[j] && a.ctimeSec[i] === b.ctimeSec[j];
}

/** Whether two entries are one inode with the same facts, except the ctime, which a rename or a link moves. */
export function isUnchangedButMoved(a: TreeTable, i: number, b: TreeTable, j: number): boolean {
  return isSameInode(a, i, b, j) && isOfSameMake(a, i, b, j) &&
    sameXattrs(a.xattrs.get(i) ?? [], b.xattrs.get(j) ?? []);
}

/** Whether two entries can be one inode: type, size, modification time, mode and owner are the same. */
export function hasSameFacts(a: TreeTable, i: number, b: TreeTable, j: number): boolean {
  return isOfSameMake(a, i, b, j) && hasSameRights(a, i, b, j);
}

/** Whether two entries have the same type, size and modification time. */
export function isOfSameMake(a: TreeTable, i: number, b: TreeTable, j: number): boolean {
  return a.type[i] === b.type[j] && at(a.size, i) === at(b.size, j) &&
    a.mtimeNsec[i] === b.mtimeNsec[j] && a.mtimeSec[i] === b.mtimeSec[j];
}

/** Whether the stat of a payload entry matches its manifest: type, size and modification time. */
export function isAsRecorded(table: TreeTable, i: number, stat: Stat): boolean {
  return table.type[i] === stat.type && table.size[i] === stat.size &&
    table.mtimeSec[i] === stat.mtimeSec && table.mtimeNsec[i] === stat.mtimeNsec;
}

/**
 * Whether the file of a payload can be what was saved as far as it tells for whom it is: it has the same owner, and is closed to
 * nobody to whom the saved one is open. Who may write there could put another file in its place, also one that he may not read.
 */
export function isForWhomSaved(
  table: TreeTable,
  i: number,
  found: Pick<Stat, "uid" | "gid" | "mode">,
): boolean {
  const closed = payloadMode("file", at(table.mode, i)) & ~found.mode & FOR_OTHERS;
  return closed === 0 && table.uid[i] === found.uid && table.gid[i] === found.gid;
}

/** Whether two entries are one inode, with the same mode and owner. */
export function isSameInode(a: TreeTable, i: number, b: TreeTable, j: number): boolean {
  return a.inoLo[i] === b.inoLo[j] && a.inoHi[i] === b.inoHi[j] && hasSameRights(a, i, b, j);
}

/** The same for an entry of a scan and its present stat. */
export function isStillInode(table: TreeTable, i: number, stat: Stat): boolean {
  return table.inoLo[i] === stat.inoLo && table.inoHi[i] === stat.inoHi &&
    table.mode[i] === stat.mode && table.uid[i] === stat.uid && table.gid[i] === stat.gid;
}

/** Whether two entries have the same mode and owner. */
export function hasSameRights(a: TreeTable, i: number, b: TreeTable, j: number): boolean {
  return a.mode[i] === b.mode[j] && a.uid[i] === b.uid[j] && a.gid[i] === b.gid[j];
}
