import { equalBytes } from "../../model/bytes.ts";
import { at, NONE, type TreeTable } from "../../tree/table.ts";

/** Which files are one file, on both sides. */
export class LinkGroups {
  private readonly nowMembers: Map<number, number[]>;
  private readonly thenMembers: Map<number, number[]>;

  constructor(
    private readonly now: TreeTable,
    private readonly then: TreeTable,
    private readonly nowOf: Uint32Array,
  ) {
    this.nowMembers = membersOf(now);
    this.thenMembers = membersOf(then);
  }

  /**
   * Whether a file is linked with other files than it was. Then all of its group are made anew; and when one member's
   * content differs or is missing all others' links are wrong too.
   */
  differ(i: number, j: number): boolean {
    const before = this.nowMembers.get(at(this.now.linkGroup, i)) ?? [i];
    const after = this.thenMembers.get(at(this.then.linkGroup, j)) ?? [j];
    return before.length !== after.length || after.some((member, k) => this.nowOf[member] !== before[k]) ||
      (after.length > 1 && this.differsAnywhere(after));
  }

  /** Whether the file has names that the worktree does not show. */
  reachOutside(i: number): boolean {
    const inside = this.nowMembers.get(at(this.now.linkGroup, i))?.length ?? 1;
    return at(this.now.nlink, i) > inside;
  }

  private differsAnywhere(members: readonly number[]): boolean {
    return members.some((j) => {
      const before = this.now.contentHash(at(this.nowOf, j));
      const after = this.then.contentHash(j);
      return before === undefined || after === undefined || !equalBytes(before, after);
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
