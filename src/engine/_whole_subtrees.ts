import { exactTextOf } from "../model/bytes.ts";
import { DIR } from "../model/entry.ts";
import { type TreeTable } from "../tree/table.ts";
import { at } from "../tree/columns.ts";

/** A call for a whole tree takes as long as cloning so many entries one by one. */
const WORTH_A_CALL = 40;

/** How to clone a tree by few calls. */
export interface Subtrees {
  /** The roots of trees that are cloned as they are, in the order of the table. */
  readonly roots: readonly number[];
  /** For each entry 1 if it is in one of them. */
  readonly within: Uint8Array;
}

/** What decides which trees are cloned as they are. */
interface SubtreeOptions {
  /** Folders in which something is not in the table. */
  readonly gaps: ReadonlySet<number>;
  /** Whether a clone of a whole tree takes an entry without an error. */
  readonly mayTake: (index: number) => boolean;
  /** Whether no other user may rename what is in a folder: programs are given paths. */
  readonly isFixed: (index: number) => boolean;
}

/** The largest subtrees without a gap, if they are worth a call: everything in them is in the table. */
export function wholeSubtrees(table: TreeTable, options: SubtreeOptions): Subtrees {
  const { isBroken, sizes } = lookFromBelow(table, options);
  const roots: number[] = [];
  const within = new Uint8Array(table.count);
  const isMovable = new Uint8Array(table.count);
  for (let i = 0; i < table.count; i++) {
    const parent = at(table.parent, i);
    if (i > 0 && (isMovable[parent] === 1 || !options.isFixed(parent))) isMovable[i] = 1;
    if (i > 0 && within[parent] === 1) within[i] = 1;
    else if (isMovable[i] === 0 && isBroken[i] === 0 && (i === 0 || isWorthACall(table, i, at(sizes, i)))) {
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

function lookFromBelow(table: TreeTable, { gaps, mayTake }: SubtreeOptions) {
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
