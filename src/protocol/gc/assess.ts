import type { Policy } from "../../model/gc_records.ts";
import type { SnapshotTable } from "../../repo/snapshot_table.ts";
import type { KeptBy, OpenEnd, Root } from "./roots.ts";

const DAY_MS = 86_400_000;

/** What becomes of a snapshot. */
export type Action = "keep" | "prune" | "delete";

/** A reason to keep a snapshot. */
export interface Reason {
  readonly by: KeptBy;
  readonly why: string;
}

/** What is assessed: all snapshots, what keeps some of them, and by which policy. */
export interface Question {
  /** With its details read. */
  readonly table: SnapshotTable;
  readonly roots: readonly Root[];
  readonly policy: Policy;
  readonly now: number;
  /** None by default. */
  readonly openEnds?: readonly OpenEnd[];
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
  addOpenEnds(assessment, question);
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

function addRoots(assessment: Assessment, { policy, roots, table }: Question): void {
  const told = new Set<string>(); // rows whose ancestors have a reason of this kind already
  for (const { by, id, isPromised, line, why } of roots) {
    const row = table.find(id);
    if (row === -1) continue;
    assessment.keep(row, { by, why });
    if (line === undefined || policy.prune_ancestors && !isPromised) continue;
    for (let at = row; !told.has(`${by} ${at}`); at = table.columns.parent[at] as number) {
      told.add(`${by} ${at}`);
      if (at !== row) assessment.keep(at, { by, why: line });
      const before = table.columns.parent[at] ?? -1;
      if (before < 0 || before >= at || table.isUnread(at)) break;
    }
  }
}

/** What follows the head of a worktree, saved there, is its line: only the move of the head was lost. */
function addOpenEnds(assessment: Assessment, { openEnds = [], table }: Question): void {
  const { parent, words, worktree } = table.columns;
  for (const { head, name, worktreeId } of openEnds) {
    const wanted = words.worktrees.indexOf(worktreeId);
    const first = head === null ? -1 : table.find(head);
    if (wanted === -1 || head !== null && first === -1) continue;
    const line = new Set([first]); // -1 is the parent of a first snapshot
    for (let row = first + 1; row < table.count; row++) {
      if (
        worktree[row] !== wanted || table.isAutosave(row) || table.isUnread(row) ||
        !line.has(parent[row] ?? -1)
      ) continue;
      line.add(row);
      const reason = {
        by: "lineage",
        why: `after the head of worktree ${name}, which was not moved to it`,
      } as const;
      assessment.keep(row, reason);
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
    for (let row = 0; row < end; row++) assessment.keep(row, { by: "other", why });
  }
  let newest = -1;
  for (let row = table.count - 1; row >= 0 && newest === -1; row--) {
    if (table.isUnread(row)) {
      assessment.keep(row, { by: "other", why: "its record is damaged" });
      newest = row;
    } else if (isLost(table, row)) newest = row;
  }
  if (newest === -1) return;
  const why = `perhaps before ${
    table.id(newest)
  }, whose record, or that of what it descends from, is damaged or missing`;
  for (let row = 0; row < newest; row++) assessment.keep(row, { by: "other", why });
}

/** Whether its parent is not in the table. */
function isLost(table: SnapshotTable, row: number): boolean {
  return (table.columns.parent[row] ?? -1) < 0 && table.parentId(row) !== null;
}

function addRetention(assessment: Assessment, { givenUp, now, policy, table }: Question): void {
  const { keep_autosave_days, keep_days, keep_last_n, keep_tag_prefixes } = policy;
  const keep = (row: number, why: string) => assessment.keep(row, { by: "retention", why });
  const seen = new Map<number, number>();
  for (let row = table.count - 1; row >= 0; row--) {
    if (table.isPruned(row) || table.isUnread(row) || givenUp?.has(row)) continue;
    const age = Math.max(0, now - table.created(row)); // a clock may have been ahead
    if (table.isAutosave(row)) {
      if (age < keep_autosave_days * DAY_MS) keep(row, `autosave of less than ${days(keep_autosave_days)}`);
      continue;
    }
    const worktree = table.columns.worktree[row] ?? 0;
    const rank = (seen.get(worktree) ?? 0) + 1;
    seen.set(worktree, rank);
    if (rank <= keep_last_n) keep(row, `among the newest ${keep_last_n} of its worktree`);
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
