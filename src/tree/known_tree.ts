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

  /** The children of a known folder, to be found one after the other in the order of names. */
  children(folder: number): KnownChildren {
    return new KnownChildren(this.table, at(this.firstChild, folder), this.nextSibling);
  }

  /** Whether an entry was clean and the system reports the same facts as before. SPEC 5. */
  isUnchanged(index: number, stat: Stat): boolean {
    return this.table.clean[index] === 1 && isUnchangedSince(this.table, index, stat);
  }
}

/** The known entries of one folder. */
export class KnownChildren {
  constructor(
    private readonly table: TreeTable,
    private next: number,
    private readonly nextSibling: Uint32Array,
  ) {}

  /** The index of the entry with this name, or NONE. The names of successive calls must be in order. */
  find(name: Uint8Array): number {
    while (this.next !== NONE) {
      const found = this.next;
      const order = compareBytes(this.table.name(found), name);
      if (order > 0) return NONE;
      this.next = at(this.nextSibling, found);
      if (order === 0) return found;
    }
    return NONE;
  }
}
