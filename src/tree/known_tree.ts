import { compareBytes } from "../model/bytes.ts";
import type { Stat } from "../platform/platform.ts";
import { isUnchangedSince } from "./same_entry.ts";
import { at, NONE, type TreeTable } from "./table.ts";

/** An earlier table. The scan walks it in step with the tree and so finds each earlier entry without a search. */
export class KnownTree {
  private readonly firstChild: Uint32Array;
  private readonly nextSibling: Uint32Array;

  constructor(readonly table: TreeTable) {
    this.firstChild = new Uint32Array(table.count).fill(NONE);
    this.nextSibling = new Uint32Array(table.count);
    for (let i = table.count - 1; i > 0; i--) {
      const parent = at(table.parent, i);
      this.nextSibling[i] = at(this.firstChild, parent);
      this.firstChild[parent] = i;
    }
  }

  /** The entries in a known folder, in the order of their names. */
  *indexes(folder: number): Generator<number> {
    for (let i = at(this.firstChild, folder); i !== NONE; i = at(this.nextSibling, i)) yield i;
  }

  /** Finds entries of a known folder: the index of a name's, or NONE. The names of successive calls must be in order. */
  children(folder: number): (name: Uint8Array) => number {
    const { nextSibling, table } = this;
    let next = at(this.firstChild, folder);
    return (name) => {
      while (next !== NONE) {
        const found = next;
        const order = compareBytes(table.name(found), name);
        if (order > 0) return NONE;
        next = at(nextSibling, found);
        if (order === 0) return found;
      }
      return NONE;
    };
  }

  /** Whether an entry was clean and the system reports the same facts as before. SPEC 5. */
  isUnchanged(index: number, stat: Stat): boolean {
    return this.table.clean[index] === 1 && isUnchangedSince(this.table, index, stat);
  }
}
