import { CHANGED, compareEntries } from "../../tree/diff.ts";
import { NONE, type TreeTable } from "../../tree/table.ts";
import { at } from "../../tree/columns.ts";

const ANOTHER = CHANGED.type | CHANGED.content | CHANGED.unknown | CHANGED.target | CHANGED.device;

/** Whether an entry differs, or may differ, in more than modes, owners, times and attributes. */
export function isAnother(now: TreeTable, i: number, then: TreeTable, j: number): boolean {
  return hasOtherContent(compareEntries(now, i, then, j));
}

/** The same of what `compareEntries` has found. */
export function hasOtherContent(differing: number): boolean {
  return (differing & ANOTHER) !== 0;
}

/** Which names are hard links to one file (or symbolic link, or pipe), on both sides. */
export class LinkGroups {
  private readonly nowMembers: Map<number, number[]>;
  private readonly thenMembers: Map<number, number[]>;
  private readonly answers = new Map<string, boolean>();

  constructor(
    private readonly now: TreeTable,
    private readonly then: TreeTable,
    private readonly nowOf: Uint32Array,
  ) {
    this.nowMembers = membersOf(now);
    this.thenMembers = membersOf(then);
  }

  /**
   * Whether a file has other hard links than it should, so that all names of its group must be replaced. If one of them
   * is missing or has other content, the links of all of them are wrong.
   */
  differ(i: number, j: number): boolean {
    if (this.now.linkGroup[i] === NONE && this.then.linkGroup[j] === NONE) return this.nowOf[j] !== i;
    const before = this.nowMembers.get(at(this.now.linkGroup, i)) ?? [i];
    const after = this.thenMembers.get(at(this.then.linkGroup, j)) ?? [j];
    if (before.length === 1 && after.length === 1) return this.groupsDiffer(before, after);
    // The answer is the same for all names of two groups, and a file may have many names.
    const pair = `${before[0]} ${after[0]}`;
    const known = this.answers.get(pair) ?? this.groupsDiffer(before, after);
    this.answers.set(pair, known);
    return known;
  }

  /** Whether the file has hard links outside the worktree. */
  reachOutside(i: number): boolean {
    const inside = this.nowMembers.get(at(this.now.linkGroup, i))?.length ?? 1;
    return at(this.now.nlink, i) > inside;
  }

  private groupsDiffer(before: readonly number[], after: readonly number[]): boolean {
    return before.length !== after.length || after.some((j, k) => {
      const i = at(this.nowOf, j);
      return i !== before[k] || (after.length > 1 && isAnother(this.now, i, this.then, j));
    });
  }
}

function membersOf(table: TreeTable): Map<number, number[]> {
  const members = new Map<number, number[]>();
  for (let i = 0; i < table.count; i++) {
    const group = at(table.linkGroup, i);
    if (group === NONE) continue;
    const others = members.get(group);
    if (others === undefined) members.set(group, [i]);
    else others.push(i);
  }
  return members;
}
