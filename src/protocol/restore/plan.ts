import { DIR, FILE, SYMLINK } from "../../model/entry.ts";
import { TimeSlice } from "../../platform/time_slice.ts";
import { CHANGED, compareEntries } from "../../tree/diff.ts";
import { mergeTables } from "../../tree/merge_tables.ts";
import { NONE, type TreeTable } from "../../tree/table.ts";
import { at } from "../../tree/columns.ts";
import { isLeftOut } from "../payload/as_allowed.ts";
import { replacedWithDatabase } from "./databases.ts";
import { hasOtherContent, LinkGroups } from "./links.ts";
import { inOrder } from "./order.ts";
import type { PlanRequest, RestoreCounts, RestorePlan, Unit } from "./plan_form.ts";
import { changesRights } from "./rights.ts";
import { replaceWholeFolders } from "./whole_folders.ts";

/** Compares everything of two entries. */
const ALL = { metadata: true };

/** Finds the fewest changes that make the worktree equal the snapshot. Pure; other work gets its turn. */
export async function planRestore(request: PlanRequest): Promise<RestorePlan> {
  const thenOf = new Uint32Array(request.now.count).fill(NONE);
  const nowOf = new Uint32Array(request.then.count).fill(NONE);
  await mergeTables(request.now, request.then, (i, j) => {
    if (i === -1 || j === -1) return;
    thenOf[i] = j;
    nowOf[j] = i;
  });
  const plan = await new Planner(request, thenOf, nowOf).plan();
  return replaceWholeFolders(plan, request, { thenOf, nowOf });
}

class Planner {
  private readonly now: TreeTable;
  private readonly then: TreeTable;
  private readonly staged: Uint8Array;
  /** Scan entries that a swap takes away with the folder they are in. */
  private readonly swallowed: Uint8Array;
  private readonly skipped: Uint8Array;
  /** For each manifest entry 1 if something below it is in scope; computed at first use. */
  private scopedBelow: Uint8Array | undefined;
  private readonly units: Unit[] = [];
  private readonly metadata: { now: number; then: number }[] = [];
  private readonly touched: number[] = [];
  private readonly kept: number[] = [];
  private readonly inTheWay: number[] = [];
  private readonly leftAlone: number[] = [];
  private readonly groups: LinkGroups;
  private readonly withDatabase: ReadonlySet<number>;

  constructor(
    private readonly request: PlanRequest,
    private readonly thenOf: Uint32Array,
    private readonly nowOf: Uint32Array,
  ) {
    this.now = request.now;
    this.then = request.then;
    this.staged = new Uint8Array(this.then.count);
    this.skipped = new Uint8Array(this.then.count);
    this.swallowed = new Uint8Array(this.now.count);
    this.groups = new LinkGroups(this.now, this.then, this.nowOf);
    this.withDatabase = replacedWithDatabase(this.now, this.then);
  }

  async plan(): Promise<RestorePlan> {
    const slice = new TimeSlice(undefined);
    for (let j = 0; j < this.then.count; j++) {
      this.planThen(j);
      if (slice.isOver()) await slice.yield();
    }
    this.swallow();
    await slice.yield();
    this.planRemovals();
    await slice.yield();
    const { now, then, metadata, staged, touched, kept, inTheWay, leftAlone } = this;
    const units = inOrder(this.units, now, then);
    return { units, metadata, staged, touched, kept, inTheWay, leftAlone, counts: this.count() };
  }

  /** Decides on one entry of the snapshot; those above it were decided before. */
  private planThen(j: number): void {
    const { then, nowOf, staged, skipped, request } = this;
    const parent = at(then.parent, j); // NONE for the root, which no column has
    if (skipped[parent] === 1) {
      skipped[j] = 1;
      return;
    }
    if (isUnknown(then, j)) return this.leaveAlone(j);
    const wanted = this.isWanted(j);
    if (staged[parent] === 1) {
      (wanted ? staged : skipped)[j] = 1;
      return;
    }
    if (!wanted) return; // a folder on the way to wanted paths: nothing is done to it
    const i = at(nowOf, j);
    if (i === NONE && request.hidden?.(j)) return this.leaveAlone(j);
    if (i === NONE) return this.add({ kind: "create", now: NONE, then: j });
    if (request.fixed(i)) return this.meetFixed(i, j);
    const differing = compareEntries(this.now, i, then, j, ALL);
    if (this.mustSwap(i, j, differing)) {
      this.add({ kind: "swap", now: i, then: j });
      this.touched.push(i);
      if (at(this.now.type, i) === DIR) this.swallowed[i] = 1;
    } else if (request.inScope(then, j) && differsInAspects(this.now, i, differing)) {
      this.metadata.push({ now: i, then: j });
    }
  }

  /** In scope, or a folder that something in scope needs and the worktree does not have. */
  private isWanted(j: number): boolean {
    if (this.request.inScope(this.then, j)) return true;
    if (at(this.then.type, j) !== DIR || this.isFolderNow(j)) return false;
    this.scopedBelow ??= this.findScopedBelow();
    return this.scopedBelow[j] === 1;
  }

  /** One pass from the end, because a folder comes before its content. */
  private findScopedBelow(): Uint8Array {
    const { then, request } = this;
    const below = new Uint8Array(then.count);
    for (let k = then.count - 1; k > 0; k--) {
      if (below[k] === 1 || request.inScope(then, k)) below[at(then.parent, k)] = 1;
    }
    return below;
  }

  /** A mount point, a nested repository or an unreadable entry where the snapshot has something. */
  private meetFixed(i: number, j: number): void {
    if (at(this.now.type, i) === at(this.then.type, j)) this.leaveAlone(j);
    else this.inTheWay.push(i);
  }

  private mustSwap(i: number, j: number, differing: number): boolean {
    if ((differing & CHANGED.type) !== 0) return true;
    if (this.now.type[i] === DIR) return false;
    if (this.withDatabase.has(i)) return true;
    if (hasOtherContent(differing) || this.groups.differ(i, j)) return true;
    if (changesRights(this.now, i, this.then, j, differing)) return true;
    return differsInAspects(this.now, i, differing) && this.groups.reachOutside(i);
  }

  /** What is in a folder that is replaced goes with it, or is in the way. */
  private swallow(): void {
    for (let i = 1; i < this.now.count; i++) {
      if (this.swallowed[at(this.now.parent, i)] !== 1) continue;
      this.swallowed[i] = 1;
      if (this.request.fixed(i)) this.inTheWay.push(i);
      else this.touched.push(i);
    }
  }

  private add(unit: Unit): void {
    this.units.push(unit);
    this.staged[unit.then] = 1;
  }

  private leaveAlone(j: number): void {
    this.leftAlone.push(j);
    this.skipped[j] = 1;
  }

  /** Removes what only the worktree has, unless it or something in it must stay. */
  private planRemovals(): void {
    const { now, thenOf, swallowed, request } = this;
    const stays = new Uint8Array(now.count);
    const guarded = new Uint8Array(now.count); // it and all in it must stay; a folder that is only out of scope does not guard its content
    const below = new Uint8Array(now.count); // something below stays
    for (let i = 1; i < now.count; i++) {
      if (thenOf[i] !== NONE || swallowed[i] === 1) continue;
      const parent = at(now.parent, i);
      const unknownThen = thenOf[parent] !== NONE && this.skipped[at(thenOf, parent)] === 1;
      const asked = request.inScope(now, i);
      if (guarded[parent] === 1 || unknownThen || request.ignored(i) || request.fixed(i)) guarded[i] = 1;
      if (guarded[i] !== 1 && asked) continue;
      stays[i] = 1;
      if (asked && !(guarded[parent] === 1 && request.inScope(now, parent))) this.kept.push(i);
    }
    for (let i = now.count - 1; i > 0; i--) {
      if (stays[i] === 1 || below[i] === 1) below[at(now.parent, i)] = 1;
    }
    const goes = new Uint8Array(now.count);
    for (let i = 1; i < now.count; i++) {
      if (thenOf[i] !== NONE || swallowed[i] === 1 || stays[i] === 1 || below[i] === 1) continue;
      goes[i] = 1;
      this.touched.push(i);
      if (goes[at(now.parent, i)] !== 1) this.units.push({ kind: "remove", now: i, then: NONE });
    }
  }

  private count(): RestoreCounts {
    const { now, then } = this;
    let added = 0;
    let changed = 0;
    for (let j = 1; j < then.count; j++) {
      if (this.staged[j] !== 1 || then.type[j] === DIR) continue;
      const i = at(this.nowOf, j);
      if (i !== NONE && now.type[i] !== DIR) changed++;
      else added++;
    }
    const goes = new Uint8Array(now.count);
    for (const i of this.touched) {
      const j = at(this.thenOf, i); // where a folder comes, a file goes
      if (j === NONE || (then.type[j] === DIR && now.type[i] !== DIR)) goes[i] = 1;
    }
    const removed = this.touched.filter((i) => goes[i] === 1 && now.type[i] !== DIR).length;
    // That only the time of a folder changes says that something in it came or went: it does not count.
    const metadata = this.metadata.filter(({ now: i, then: j }) =>
      now.type[i] !== DIR || compareEntries(now, i, then, j) !== 0
    );
    const isNew = (j: number) => this.staged[j] === 1 && !this.isFolderNow(j);
    return {
      changed,
      added,
      removed,
      metadata: metadata.length,
      folders_added: countEmptyFolders(then, isNew),
      folders_removed: countEmptyFolders(now, (i) => goes[i] === 1),
    };
  }

  private isFolderNow(j: number): boolean {
    const i = at(this.nowOf, j);
    return i !== NONE && this.now.type[i] === DIR;
  }
}

/** How many of these entries are folders without a file among these entries. */
function countEmptyFolders(table: TreeTable, counts: (index: number) => boolean): number {
  const holds = new Uint8Array(table.count);
  let empty = 0;
  for (let i = table.count - 1; i > 0; i--) {
    if (!counts(i)) continue;
    if (table.type[i] === DIR && holds[i] !== 1) empty++;
    else holds[at(table.parent, i)] = 1;
  }
  return empty;
}

/** A file or folder that could not be read when the snapshot was made: its content is unknown. */
function isUnknown(then: TreeTable, j: number): boolean {
  const type = at(then.type, j);
  return (type === FILE || type === DIR) && isLeftOut(then, j);
}

/** Whether anything is to be set in place, such as a mode or a time. */
function differsInAspects(now: TreeTable, i: number, differing: number): boolean {
  const aspects = differing & ~CHANGED.hardlink;
  return aspects !== 0 && !(now.type[i] === SYMLINK && aspects === CHANGED.mode);
}
