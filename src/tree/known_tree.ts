import { compareBytes } from "../model/bytes.ts";
import type { Stat } from "../platform/stat.ts";
import { isUnchangedSince } from "./same_entry.ts";
import { NONE, type TreeTable } from "./table.ts";
import { at } from "./columns.ts";

/** What a worker says of an entry: nothing; it is unchanged; it is also clean, has one name, and is no folder. */
export const FOUND = { nothing: 0, same: 1, plain: 2 } as const;

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

  /** The first entry in a known folder, or NONE. */
  firstIn(folder: number): number {
    return at(this.firstChild, folder);
  }

  /** The next entry in the same known folder, or NONE. */
  after(index: number): number {
    return at(this.nextSibling, index);
  }

  /** Whether an entry was clean and the system reports the same facts as before. SPEC 5. */
  isUnchanged(index: number, stat: Stat): boolean {
    return this.table.clean[index] === 1 && isUnchangedSince(this.table, index, stat);
  }

  /** Whether an entry is the same inode as before. */
  isInode(index: number, stat: Stat): boolean {
    return this.table.inoLo[index] === stat.inoLo && this.table.inoHi[index] === stat.inoHi;
  }

  /** What the system reports of an entry that is unchanged, on the device of the root, without flags, and no device node. */
  recall(index: number, root: Stat, into: Stat): void {
    const { table } = this;
    into.type = at(table.type, index);
    into.mode = at(table.mode, index);
    into.uid = at(table.uid, index);
    into.gid = at(table.gid, index);
    into.nlink = at(table.nlink, index);
    into.size = at(table.size, index);
    into.mtimeSec = at(table.mtimeSec, index);
    into.mtimeNsec = at(table.mtimeNsec, index);
    into.ctimeSec = at(table.ctimeSec, index);
    into.ctimeNsec = at(table.ctimeNsec, index);
    into.bornSec = into.bornNsec = 0;
    into.inoLo = at(table.inoLo, index);
    into.inoHi = at(table.inoHi, index);
    into.devMajor = root.devMajor;
    into.devMinor = root.devMinor;
    into.rdevMajor = into.rdevMinor = 0;
    into.mountRoot = into.inodeFlags = false;
  }

  /** Whether an unchanged folder has the names that the table lists, so that it need not be listed again. */
  isListed(folder: number): boolean {
    return this.table.listed[folder] === 1;
  }
}

/** Finds entries of a known folder by their names. These must be asked for in their order. */
export class KnownChildren {
  private next: number;

  constructor(private readonly tree: KnownTree, folder: number) {
    this.next = tree.firstIn(folder);
  }

  /** The index of the entry with this name, or NONE. */
  find(name: Uint8Array): number {
    const { tree } = this;
    while (this.next !== NONE) {
      const found = this.next;
      const order = compareBytes(tree.table.name(found), name);
      if (order > 0) return NONE;
      this.next = tree.after(found);
      if (order === 0) return found;
    }
    return NONE;
  }
}
