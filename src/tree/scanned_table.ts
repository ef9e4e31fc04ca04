import type { Stat } from "../platform/stat.ts";
import { FILE } from "../model/entry.ts";
import { NONE, TreeTable } from "./table.ts";
import { at } from "./columns.ts";

/**
 * The table that a scan makes, in step with the known table as long as that has the same paths:
 *
 * 1. As long as nothing differs it *is* the known table, and nothing is written: an unchanged tree takes neither the time nor
 *    the memory of a second table.
 * 2. From the first entry that differs it is a copy, in which such entries are overwritten.
 * 3. From the first path that came or went on, the rest of the copy is forgotten, and each entry is added.
 */
export class ScannedTable {
  /** Where the entries are that the scan has seen, and others behind them as long as it is in step. */
  table: TreeTable;
  /** How many entries the scan has seen. */
  count = 0;
  private isCopied = false;
  private isInStep: boolean;
  /** For each entry its index in the known table, or -1; not before there is a copy. */
  private knownAs: Int32Array = new Int32Array();
  /** The first entry of each file with several names, by device and inode. */
  private readonly firstLinks = new Map<string, number>();

  /** Without a known table there is room for about `expected` entries. `onCopy` is told when there is a copy. */
  constructor(
    private readonly known: TreeTable | undefined,
    private readonly expected: number,
    private readonly onCopy: (table: TreeTable) => void,
  ) {
    this.isInStep = known !== undefined;
    this.table = known ?? this.emptyTable();
  }

  /**
   * Adds an unchanged and clean entry of the known table, without writing anything: true if it is the next one there, and is as a scan
   * would add it.
   */
  addNext(before: number, stat: Stat): boolean {
    const { table } = this;
    if (table.lost[before] !== 0 || table.nlink[before] !== stat.nlink) return false;
    if ((stat.nlink === 1 || stat.mountRoot) && table.linkGroup[before] !== NONE) return false;
    return this.addPlain(before);
  }

  /** The same for one that has a single name, and of which nothing is lost. */
  addPlain(before: number): boolean {
    if (!this.isInStep || before !== this.count) return false;
    if (this.isCopied) this.knownAs[before] = isHashed(this.table, before) ? before : -1;
    this.count++;
    return true;
  }

  /**
   * Adds an entry. `named` is the index of the known entry with its path or NONE, `same` the same if that is unchanged, else -1.
   */
  add(
    parent: number,
    name: Uint8Array,
    stat: Stat,
    { named, same }: { named: number; same: number },
  ): number {
    this.copy();
    const index = this.count;
    if (this.isInStep && named === index) this.table.replace(index, stat);
    else {
      this.endStep();
      this.table.addStat(parent, name, stat);
    }
    this.count++;
    if (index >= this.knownAs.length) this.growKnownAs();
    this.knownAs[index] = same;
    return index;
  }

  /** Joins an entry with the entries before it that are names of the same file. */
  group(index: number, { devMajor, devMinor, inoHi, inoLo }: Stat): void {
    const key = `${devMajor}:${devMinor}:${inoHi}:${inoLo}`;
    const first = this.firstLinks.get(key);
    if (first === undefined) this.firstLinks.set(key, index);
    const group = at(this.table.linkGroup, index);
    if (first === undefined ? group === NONE || group === index : group === first) return;
    this.copy();
    const { linkGroup } = this.table;
    if (first !== undefined) linkGroup[first] = first;
    linkGroup[index] = first ?? NONE;
  }

  /** Notes whether the table lists all names of a folder, and the folder's times prove that. */
  setListed(index: number, isListed: boolean): void {
    const listed = isListed ? 1 : 0;
    if (this.table.listed[index] === listed) return;
    if (isListed && !this.isCopied && this.isInStep) return; // not worth a copy
    this.copy();
    this.table.listed[index] = listed;
  }

  /** The whole table, and what is known of it. With `share` it may be the known table itself. */
  finish(share: boolean): { table: TreeTable; knownAs: Int32Array; isKnown: boolean } {
    if (this.isInStep && this.count < this.table.count) this.copy();
    const isKnown = !this.isCopied && this.known !== undefined;
    if (isKnown && !share) this.copy();
    if (this.isCopied) this.endStep();
    const knownAs = isKnown ? knownUpTo(this.count, this.table, this.count) : this.knownAs;
    return { table: this.table, knownAs, isKnown };
  }

  /** From now on the table is not the known one. */
  private copy(): void {
    if (this.isCopied || this.known === undefined || !this.isInStep) return;
    this.isCopied = true;
    this.table = this.emptyTable();
    this.table.addAll(this.known);
    this.knownAs = knownUpTo(this.count, this.known, this.table.capacity);
    this.onCopy(this.table);
  }

  /** From now on entries are added. */
  private endStep(): void {
    if (!this.isInStep) return;
    this.isInStep = false;
    this.table.cut(this.count);
    this.forgetSingleLinks();
  }

  /** A file whose other names come later, or no more, has no group yet. */
  private forgetSingleLinks(): void {
    const { linkGroup } = this.table;
    for (let i = 0; i < this.count; i++) {
      const first = at(linkGroup, i);
      if (first === i) linkGroup[i] = NONE;
      else if (first !== NONE) linkGroup[first] = first;
    }
  }

  private emptyTable(): TreeTable {
    // A table that grows is copied. Room that is not used takes no memory.
    return new TreeTable(8192 + 1.25 * (this.known?.count ?? this.expected) >>> 0);
  }

  private growKnownAs(): void {
    const grown = new Int32Array(this.table.capacity).fill(-1);
    grown.set(this.knownAs);
    this.knownAs = grown;
  }
}

/** For the first so many entries their own numbers, -1 for files that are not hashed; and -1 behind them. */
function knownUpTo(count: number, table: TreeTable, length: number): Int32Array {
  const known = new Int32Array(length).fill(-1, count);
  for (let i = 0; i < count; i++) known[i] = isHashed(table, i) ? i : -1;
  return known;
}

/** Whether the content of an entry is known; only files need a hash for that. */
function isHashed(table: TreeTable, index: number): boolean {
  return table.hashed[index] === 1 || table.type[index] !== FILE;
}
