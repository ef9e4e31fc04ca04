import { exactTextOf } from "../model/bytes.ts";
import { DIR } from "../model/entry.ts";
import { at, type TreeTable } from "../tree/table.ts";

/** A call for a whole tree takes as long as cloning so many entries one by one. */
const WORTH_A_CALL = 40;

/** How to clone a tree by few calls. */
export interface Subtrees {
  /** The roots of trees that are cloned as they are, in the order of the table. */
  readonly roots: readonly number[];
  /** For each entry 1 if it is in one of them. */
  readonly within: Uint8Array;
}

/**
 * The largest subtrees without a gap, if they are worth a call: everything in them is in the table. `mayTake` tells which
 * entries a clone of a whole tree takes without an error.
 */
export function wholeSubtrees(
  table: TreeTable,
  gaps: ReadonlySet<number>,
  mayTake: (index: number) => boolean,
): Subtrees {
  const { isBroken, sizes } = lookFromBelow(table, gaps, mayTake);
  const roots: number[] = [];
  const within = new Uint8Array(table.count);
  for (let i = 0; i < table.count; i++) {
    if (i > 0 && within[at(table.parent, i)] === 1) within[i] = 1;
    else if (isBroken[i] === 0 && (i === 0 || isWorthACall(table, i, at(sizes, i)))) {
      roots.push(i);
      within[i] = 1;
    }
  }
  return { roots, within };
}

/** Programs take paths as text. */
function isWorthACall(table: TreeTable, index: number, size: number): boolean {
  return table.type[index] === DIR && size >= WORTH_A_CALL && exactTextOf(table.path(index)) !== undefined;
}

function lookFromBelow(table: TreeTable, gaps: ReadonlySet<number>, mayTake: (index: number) => boolean) {
  const isBroken = new Uint8Array(table.count);
  const sizes = new Uint32Array(table.count).fill(1);
  for (let i = table.count - 1; i >= 0; i--) {
    if (gaps.has(i) || !mayTake(i)) isBroken[i] = 1;
    if (i === 0) break;
    const parent = at(table.parent, i);
    sizes[parent] = at(sizes, parent) + at(sizes, i);
    if (isBroken[i] === 1) isBroken[parent] = 1;
  }
  return { isBroken, sizes };
}
