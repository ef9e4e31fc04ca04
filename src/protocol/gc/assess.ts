import type { Policy } from "../../model/gc_records.ts";
import type { SnapshotTable } from "../../repo/snapshot_table.ts";
import type { KeptBy, Root } from "./roots.ts";

const DAY_MS = 86_400_000;

/** What becomes of a snapshot. */
export type Action = "keep" | "prune" | "delete";

/** A reason to keep a snapshot. */
export interface Reason {
  readonly by: KeptBy;
  readonly why: string;
  /** Whether a damaged or missing record is the cause. */
  readonly isDamage?: boolean;
}

/** What is assessed: all snapshots, what keeps some of them, and by which policy. */
export interface Question {
  /** With its details read. */
  readonly table: SnapshotTable;
  readonly roots: readonly Root[];
  /** The worktrees that there are: only of these some are kept by number. */
  readonly worktreeIds: ReadonlySet<string>;
  readonly policy: Policy;
  readonly now: number;
  /** Rows that only number or age would keep, and that go in spite of it. None by default. */
  readonly givenUp?: ReadonlySet<number>;
}

/**
 * Says of each row what becomes of it, and why. Pure: the same question has the same answer. SPEC 9.
 *
 * A snapshot keeps its content if anything is a reason for it. One that has no reason is pruned where a kept one descends from it,
 * because the history leads through it, and deleted where none does.
 */
export function assess(question: Question): Assessment {
  const assessment = new Assessment(question.table);
  addRoots(assessment, question);
  addDoubts(assessment, question);
  addRetention(assessment, question);
  assessment.followLines();
  return assessment;
}

/** The answer for each row of the table. */
export class Assessment {
  readonly #reasons: (Reason[] | undefined)[];
  /** Whether a kept snapshot descends from a row. */
  readonly #leadsOn: Uint8Array;

  constructor(private readonly table: SnapshotTable) {
    this.#reasons = new Array(table.count);
    this.#leadsOn = new Uint8Array(table.count);
  }

  /** Adds a reason to keep a row; of very many the first of each kind are enough. */
  keep(row: number, reason: Reason): void {
    const reasons = this.#reasons[row] ??= [];
    if (
      reasons.some(({ by, why }) => why === reason.why || reasons.length >= MOST_REASONS && by === reason.by)
    ) return;
    reasons.push(reason);
  }

  /** Finds from which rows kept ones descend. Ids rise along a line, so one pass from the newest on is enough. */
  followLines(): void {
    const { parent } = this.table.columns;
    for (let row = this.table.count - 1; row >= 0; row--) {
      const before = parent[row] ?? -1;
      if (before < 0 || before >= row) continue;
      if (this.#reasons[row] !== undefined || this.#leadsOn[row] === 1) this.#leadsOn[before] = 1;
    }
  }

  /** Why a row is kept; none if nothing is a reason. */
  reasons(row: number): readonly Reason[] {
    return this.#reasons[row] ?? [];
  }

  /** What becomes of a row. One that was pruned and is still needed is kept as it is. */
  action(row: number): Action {
    if (this.#reasons[row] !== undefined) return "keep";
    if (this.#leadsOn[row] === 0) return "delete";
    return this.table.isPruned(row) ? "keep" : "prune";
  }

  /** The rows with this action, the oldest first. */
  rows(action: Action): number[] {
    const rows: number[] = [];
    for (let row = 0; row < this.table.count; row++) if (this.action(row) === action) rows.push(row);
    return rows;
  }

  /** The rows that are kept by number or age alone, the oldest first. */
  onlyRetained(): number[] {
    const rows: number[] = [];
    for (let row = 0; row < this.table.count; row++) {
      const reasons = this.reasons(row);
      if (reasons.length > 0 && reasons.every(({ by, why }) => by === "retention" && !why.startsWith(TAG))) {
        rows.push(row);
      }
    }
    return rows;
  }
}

/** Thousands of pins may keep one line. */
const MOST_REASONS = 4;

/** How the reason begins that is a tag: whoever gave it wanted the snapshot kept at any size. */
const TAG = "tag ";

function addRoots(
  assessment: Assessment,
  { policy: { prune_ancestors: prunes }, roots, table }: Question,
): void {
  const { parent, worktree } = table.columns;
  const told = new Set<string>(); // rows whose ancestors have a reason of this kind already
  for (const { by, id, isPromised, line, why } of roots) {
    const row = table.find(id);
    if (row === -1) continue;
    assessment.keep(row, { by, why });
    if (line === undefined || prunes && !isPromised) continue;
    // Where a policy prunes, what was promised is the worktree's own line, down to what it was forked from: before that it is another's.
    const own = prunes ? worktree[row] : undefined;
    const toldAt = (at: number) => `${by} ${own} ${at}`;
    for (let at = row; !told.has(toldAt(at)); at = parent[at] as number) {
      told.add(toldAt(at));
      if (at !== row) assessment.keep(at, { by, why: line });
      const before = parent[at] ?? -1;
      if (before < 0 || before >= at || table.isUnread(at)) break;
      if (own !== undefined && worktree[at] !== own) break;
    }
  }
}

/** Where a record is damaged or missing, nobody knows what it descends from: then all that is older stays. */
function addDoubts(assessment: Assessment, { roots, table }: Question): void {
  const missing = roots.filter(({ id, mayBeNew }) => !mayBeNew && table.find(id) === -1).map(({ id }) => id)
    .sort().at(-1);
  if (missing !== undefined) {
    const why = `perhaps before ${missing}, whose records are missing`;
    const end = table.place(missing);
    for (let row = 0; row < end; row++) assessment.keep(row, doubt(why));
  }
  let newest = -1;
  for (let row = table.count - 1; row >= 0 && newest === -1; row--) {
    if (table.isUnread(row)) {
      assessment.keep(row, doubt("its record is damaged"));
      newest = row;
    } else if (isLost(table, row)) newest = row;
  }
  if (newest === -1) return;
  const why = `perhaps before ${
    table.id(newest)
  }, whose record, or that of what it descends from, is damaged or missing`;
  for (let row = 0; row < newest; row++) assessment.keep(row, doubt(why));
}

function doubt(why: string): Reason {
  return { by: "other", why, isDamage: true };
}

/** Whether its parent is not in the table. */
function isLost(table: SnapshotTable, row: number): boolean {
  return (table.columns.parent[row] ?? -1) < 0 && table.parentId(row) !== null;
}

function addRetention(
  assessment: Assessment,
  { givenUp, now, policy, table, worktreeIds }: Question,
): void {
  const { keep_autosave_days, keep_days, keep_last_n, keep_tag_prefixes } = policy;
  const keep = (row: number, why: string) => assessment.keep(row, { by: "retention", why });
  // By number of each worktree: of one that was removed the same number would stay for ever.
  const left = table.columns.words.worktrees.map((id) => worktreeIds.has(id) ? keep_last_n : 0);
  for (let row = table.count - 1; row >= 0; row--) {
    if (table.isPruned(row) || table.isUnread(row) || givenUp?.has(row)) continue;
    const age = Math.max(0, now - table.created(row)); // a clock may have been ahead
    if (table.isAutosave(row)) {
      if (age < keep_autosave_days * DAY_MS) keep(row, `autosave of less than ${days(keep_autosave_days)}`);
      continue;
    }
    const worktree = table.columns.worktree[row] ?? 0;
    const places = left[worktree] ?? 0;
    if (places > 0) {
      left[worktree] = places - 1;
      keep(row, `among the newest ${keep_last_n} of its worktree`);
    }
    if (age < keep_days * DAY_MS) keep(row, `younger than ${days(keep_days)}`);
  }
  for (const prefix of keep_tag_prefixes) {
    for (const row of table.withTag((tag) => tag.startsWith(prefix))) {
      if (!table.isPruned(row)) keep(row, `${TAG}that begins with ${prefix}`);
    }
  }
}

function days(count: number): string {
  return count === 1 ? "a day" : `${count} days`;
}
