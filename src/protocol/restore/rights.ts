import { FILE } from "../../model/entry.ts";
import { at } from "../../tree/columns.ts";
import { CHANGED } from "../../tree/diff.ts";
import type { TreeTable } from "../../tree/table.ts";
import { isPrivileged } from "../payload/as_allowed.ts";

const RIGHTS = CHANGED.mode | CHANGED.owner | CHANGED.xattrs;

/**
 * Whether a file becomes another user's word, or gets or loses what gives rights (set-id bits, capabilities): of two files with
 * these differences. Who owned it, could write it or has it open can write into it after it was compared. So such a file is made
 * anew in staging, which is closed, and the old one keeps what it has.
 */
export function changesRights(
  now: TreeTable,
  i: number,
  then: TreeTable,
  j: number,
  differing: number,
): boolean {
  if ((differing & RIGHTS) === 0 || now.type[i] !== FILE || then.type[j] !== FILE) return false;
  return at(now.uid, i) !== at(then.uid, j) || isPrivileged(now, i) || isPrivileged(then, j);
}
