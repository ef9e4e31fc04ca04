import { compareBytes } from "../model/bytes.ts";
import type { Folder, Listing } from "../platform/platform.ts";
import { KnownChildren, KnownTree } from "./known_tree.ts";
import { PathWalker } from "./path_walker.ts";
import { type Scan, type ScanOptions, scanTree } from "./scan.ts";
import { type Splice, type SplicePlan, spliceTables } from "./splice_tables.ts";
import { NONE, type TreeTable } from "./table.ts";
import { inodeOf } from "./entry_facts.ts";
import { at } from "./columns.ts";
import { DIR, FILE } from "../model/entry.ts";

/** What the file system told of a tree since an earlier scan of it. */
export interface ChangedSince {
  /** The earlier scan, in which nothing was left out. */
  readonly known: TreeTable;
  /** Each inode of the tree whose stat, content, attributes or names may be others than the scan saw. */
  readonly inodes: ReadonlySet<number>;
}

/**
 * What a scan of the whole tree would see, by looking only at what changed, and at what was not clean:
 *
 * 1. Mark the entries of the changed inodes, and the folders above them.
 * 2. Scan, but list only folders that changed, and look only at marked and at new names. A name in a changed folder that
 *    still leads to the same unchanged inode is not looked at.
 * 3. Put what that scan saw in place of the marked entries; what a changed folder does not list any more is gone.
 *
 * `looked` is how many entries it looked at. Undefined if something is to be left out (such as a mount point), or if a changed
 * inode was not found: then the caller scans everything.
 */
export async function scanChanged(
  root: Folder,
  { known, inodes }: ChangedSince,
  options: Omit<ScanOptions, "known" | "list" | "rules" | "skipAtRoot">,
): Promise<Scan & { readonly looked: number } | undefined> {
  if (!namesAreInOrder(known)) return undefined;
  const choice = new Choice(known, inodes);
  const seen = await scanTree(root, {
    ...options,
    known,
    list: (folder, table, index, before) => choice.list(folder, table, index, before),
  });
  const { boundaries, degradations, gaps, table: part, unreadable } = seen;
  if (boundaries.size + gaps.size + unreadable.length + degradations.total > 0) return undefined;
  if (!areAllIn(part, inodes)) return undefined;
  const looked = part.count - choice.passed;
  const plan = choice.plan(part);
  const isKnown = isAllOf(known, seen, plan);
  if (isKnown && options.sharesKnown) {
    return { ...seen, table: known, knownAs: knownAs(known), isKnown, looked };
  }
  const spliced = looked === 0 ? undefined : spliceTables(known, part, plan);
  const table = spliced?.table ?? asScanned(known);
  if (spliced !== undefined) keepListed(known, seen, spliced);
  if (options.clock === undefined) { for (const column of [table.clean, table.listed]) column.fill(0); }
  return { ...seen, table, knownAs: knownAs(known, seen, spliced), isKnown, looked };
}

/** Whether the known table has the very same entries, all of them unchanged and clean. What was not looked at is. */
function isAllOf(known: TreeTable, { knownAs, table: part }: Scan, { gone }: SplicePlan): boolean {
  if (gone.includes(1) || known.columns().lost.some((bits) => bits !== 0)) return false;
  for (let j = 0; j < part.count; j++) {
    const i = knownAs[j] as number;
    if (i === -1 || part.clean[j] !== 1 || part.nlink[j] !== known.nlink[i]) return false;
  }
  return true;
}

/** An unchanged folder still has the names that the table lists. Of any other only the next scan tells that. */
function keepListed(known: TreeTable, { knownAs, table: part }: Scan, spliced: Splice): void {
  for (let j = 0; j < part.count; j++) {
    const i = knownAs[j] as number;
    if (i !== -1 && part.clean[j] === 1) spliced.table.listed[at(spliced.part, j)] = at(known.listed, i);
  }
}

/** Whether the names of a table are in one piece. Only a table that was put together otherwise has gaps between them. */
function namesAreInOrder(table: TreeTable): boolean {
  const { nameLength, nameStart } = table.columns();
  for (let i = 1; i < table.count; i++) {
    if (nameStart[i] !== at(nameStart, i - 1) + at(nameLength, i - 1)) return false;
  }
  return true;
}

function areAllIn(part: TreeTable, inodes: ReadonlySet<number>): boolean {
  const found = new Set<number>();
  for (let j = 0; j < part.count; j++) {
    const inode = inodeOf(part, j);
    if (inodes.has(inode)) found.add(inode);
  }
  return found.size === inodes.size;
}

function asScanned(known: TreeTable): TreeTable {
  const table = known.copy();
  table.lost.fill(0);
  return table;
}

/** As `Scan.knownAs`: for what was not looked at, the entry itself. */
function knownAs(known: TreeTable, seen?: Scan, spliced?: Splice): Int32Array {
  const result = new Int32Array(spliced?.table.count ?? known.count).fill(-1);
  for (let i = 0; i < known.count; i++) {
    const index = spliced === undefined ? i : at(spliced.known, i);
    if (index !== NONE && (known.type[i] !== FILE || known.hashed[i] === 1)) result[index] = i;
  }
  if (seen === undefined || spliced === undefined) return result;
  for (let j = 0; j < seen.table.count; j++) result[at(spliced.part, j)] = seen.knownAs[j] as number;
  return result;
}

/** Nothing in the entry, or below it, is to be looked at. */
const UNCHANGED = 0;
/** A folder that did not change, above something that is to be looked at. */
const ON_THE_WAY = 1;
const MARKED = 2;

/** The scan looked at the marked names of a folder only, or at the names that the system listed. */
const BY_MARKS = 1;
const BY_ITS_LIST = 2;

/** Chooses what of a tree is to be looked at. */
class Choice {
  /** How many folders were only passed through. */
  passed = 0;
  private readonly marks: Uint8Array;
  private readonly tree: KnownTree;
  /** For each folder that the scan entered, by which names. */
  private readonly entered: Uint8Array;
  /** 1: an unchanged entry that its changed folder still lists. */
  private readonly stays: Uint8Array;

  constructor(private readonly known: TreeTable, inodes: ReadonlySet<number>) {
    this.tree = new KnownTree(known);
    this.marks = marksOf(known, inodes);
    this.entered = new Uint8Array(known.count);
    this.stays = new Uint8Array(known.count);
  }

  /** The names of a folder at which the scan is to look. `before` is its index in the known table. */
  list(folder: Folder, table: TreeTable, index: number, before: number): Listing {
    const { entered, known, marks } = this;
    if (before === NONE) return folder.list();
    const isSame = known.type[before] === DIR && inodeOf(known, before) === inodeOf(table, index);
    entered[before] = isSame && marks[before] === ON_THE_WAY ? BY_MARKS : BY_ITS_LIST;
    if (entered[before] === BY_MARKS) this.passed++;
    if (entered[before] === BY_MARKS) return this.markedIn(before);
    return isSame ? this.changedIn(before, folder.list()) : folder.list();
  }

  private markedIn(folder: number): Listing {
    const { known, marks, tree } = this;
    const names: Uint8Array[] = [];
    for (let i = tree.firstIn(folder); i !== NONE; i = tree.after(i)) {
      if (marks[i] !== UNCHANGED) names.push(known.name(i));
    }
    return { count: names.length, name: (index) => names[index] as Uint8Array };
  }

  private changedIn(folder: number, listing: Listing): Listing {
    const { known, marks, stays, tree } = this;
    const byName = new Map<string, number>();
    for (let i = tree.firstIn(folder); i !== NONE; i = tree.after(i)) byName.set(textKey(known.name(i)), i);
    const chosen: number[] = [];
    for (let n = 0; n < listing.count; n++) {
      const i = byName.get(textKey(listing.name(n)));
      const isUnchanged = i !== undefined && marks[i] === UNCHANGED &&
        listing.inode?.(n) === inodeOf(known, i);
      if (isUnchanged) stays[i] = 1;
      else chosen.push(n);
    }
    return { count: chosen.length, name: (index) => listing.name(chosen[index] as number) };
  }

  /** How what was seen belongs between what was known. */
  plan(part: TreeTable): SplicePlan {
    const replaces = this.samePaths(part);
    return { replaces, before: this.places(part, replaces), gone: this.gone(replaces) };
  }

  /** For each entry that was seen the known one with the same path, or NONE. */
  private samePaths(part: TreeTable): Uint32Array {
    const same = new Uint32Array(part.count).fill(NONE);
    const children = new Map<number, KnownChildren>();
    same[0] = 0;
    for (let j = 1; j < part.count; j++) {
      const parent = at(part.parent, j);
      const folder = at(same, parent);
      if (folder === NONE) continue;
      let inFolder = children.get(parent);
      if (inFolder === undefined) children.set(parent, inFolder = new KnownChildren(this.tree, folder));
      same[j] = inFolder.find(part.name(j));
    }
    return same;
  }

  private places(part: TreeTable, same: Uint32Array): Uint32Array {
    const { known } = this;
    const before = new Uint32Array(part.count);
    const paths = new PathWalker(part);
    /** Where all content of a new folder belongs: nothing that is known lies between it. */
    const contents = new Map<number, number>();
    for (let j = 1; j < part.count; j++) {
      const parent = at(part.parent, j);
      const isInNew = same[parent] === NONE;
      const place = same[j] !== NONE ? at(same, j) : isInNew ? contents.get(parent) : undefined;
      before[j] = place ?? firstBehind(known, at(before, j - 1), paths.path(j));
      if (!isInNew) continue;
      contents.set(parent, at(before, j));
    }
    return before;
  }

  /** Each known entry that is not there any more, because its folder does not list it, or is gone or another one. */
  private gone(same: Uint32Array): Uint8Array {
    const { entered, known, marks, stays } = this;
    const isSeen = new Uint8Array(known.count);
    for (const i of same) if (i !== NONE) isSeen[i] = 1;
    const gone = new Uint8Array(known.count);
    for (let i = 1; i < known.count; i++) {
      if (isSeen[i] === 1) continue;
      const parent = at(known.parent, i);
      const isMissing = marks[i] !== UNCHANGED || (entered[parent] === BY_ITS_LIST && stays[i] !== 1);
      const wasFolder = isSeen[parent] === 1 && entered[parent] === 0; // and is something else now
      if (isMissing || wasFolder || gone[parent] === 1) gone[i] = 1;
    }
    return gone;
  }
}

function marksOf(known: TreeTable, inodes: ReadonlySet<number>): Uint8Array {
  const marks = new Uint8Array(known.count);
  marks[0] = ON_THE_WAY;
  for (let i = 0; i < known.count; i++) {
    if (known.clean[i] === 1 && !(inodes.size > 0 && inodes.has(inodeOf(known, i)))) continue;
    marks[i] = MARKED;
    for (let above = i; above !== 0;) {
      above = at(known.parent, above);
      if (marks[above] !== UNCHANGED) break;
      marks[above] = ON_THE_WAY;
    }
  }
  return marks;
}

/** The first known entry, from one on, whose path comes after this one. */
function firstBehind(known: TreeTable, from: number, path: Uint8Array): number {
  let [low, high] = [from, known.count];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareBytes(known.path(middle), path) > 0) high = middle;
    else low = middle + 1;
  }
  return low;
}

function textKey(name: Uint8Array): string {
  return String.fromCharCode(...name);
}
