import { parseWhen } from "../model/duration.ts";
import { JvsError } from "../model/errors.ts";
import { quoted } from "../model/path_text.ts";
import { isSnapshotId } from "../model/ids.ts";
import { nearest } from "../model/nearest.ts";
import { AuditRecord, uuid } from "../model/records.ts";
import { type Infer, integer, list, nullable, record, text } from "../model/schema.ts";
import { nowMs } from "../platform/clock.ts";
import { TimeSlice } from "../platform/time_slice.ts";
import type { RepositoryContext } from "../protocol/context.ts";
import { OF_THE_LOG } from "../repo/audit_end.ts";
import { defineOperation } from "./define.ts";

const DAY_MS = 86_400_000;
const USUAL_LIMIT = 50;

const Input = record({
  since: text().optional().about("Only what was done since then: a date, a time, or `3d` ago.").cli({
    placeholder: "TIME",
  }),
  until: text().optional().about("Only what was done until then.").cli({ placeholder: "TIME" }),
  operation: text().optional().about(
    "Only this operation, such as `snapshot`, `worktree fork`, or all that begin with `worktree`.",
  )
    .cli({ placeholder: "NAME" }),
  target: text().optional().about(
    "Only what was done to this: a name, or a snapshot's id or its first digits; the garbage collection that took it, too.",
  )
    .cli({ placeholder: "NAME" }),
  actor: text().optional().about("Only what this actor did: `user@host`, or the user alone.").cli({
    placeholder: "NAME",
  }),
  worktree: text().optional().about(
    "Only what was done in or to this worktree, also under its earlier names; where none has the name now, the last that had it.",
  )
    .cli({ placeholder: "NAME", completes: "worktree" }),
  limit: integer({ min: 1 }).default(USUAL_LIMIT).about("At most so many.").cli({
    short: "n",
    placeholder: "N",
  }),
  before: uuid().optional().about("Only what came before this event: `next` of the page before.").cli({
    placeholder: "EVENT",
  }),
}, { closed: true });

/** Reads the audit trail. */
export const audit = defineOperation({
  name: "audit",
  summary: "Show what was done in this repository, by whom and why, newest first",
  about:
    "Reads the audit trail backwards, over all its files. Each record that is shown was proved by the one after it, and the newest " +
    "by HEAD. `jvs audit verify` proves the whole.",
  examples: [
    ["jvs audit", "the newest 50 changes"],
    ["jvs audit --operation restore --since 7d", "the restores of the last week"],
    ["jvs audit --actor ann --json", "what ann did, for a program"],
  ],
  changes: "nothing",
  input: Input,
  output: record({
    records: list(AuditRecord).about("The records that match, the newest first."),
    next: nullable(uuid()).about(
      "There are more: give this as --before for the next page; null if these are all.",
    ),
  }),
  async run(context, input) {
    const fits = filterOf(context, input);
    const slice = new TimeSlice(context.signal);
    const records: AuditRecord[] = [];
    let isReached = input.before === undefined;
    for await (const each of context.store.audit.newestFirst()) {
      if (slice.isOver()) await slice.yield();
      const before = records.at(-1);
      if (isReached && fits.isOver(each)) break;
      if (isReached && fits.accepts(each)) {
        if (before !== undefined && records.length === input.limit) return { records, next: before.event_id };
        records.push(each);
      }
      fits.pass(each);
      isReached ||= each.event_id === input.before;
    }
    if (!isReached) throw unknownEvent(input.before ?? "");
    if (records.length === 0 && input.operation !== undefined) {
      await requireOperation(context, input.operation);
    }
    return { records, next: null };
  },
});

function unknownEvent(id: string): JvsError {
  return new JvsError(
    "E_NOT_FOUND",
    `Cannot find the event ${quoted(id)}: no record of the audit trail has this id`,
    {
      hint: "Give `next` of the page before. Without --before it begins with the newest.",
      details: { event_id: id },
    },
  );
}

interface Filter {
  accepts(record: AuditRecord): boolean;
  /** Whether no earlier record can fit. */
  isOver(record: AuditRecord): boolean;
  /** Reads on behind this record: a worktree had another name before it was renamed, and was not there before it was made. */
  pass(record: AuditRecord): void;
}

function filterOf({ store }: RepositoryContext, input: Infer<typeof Input>): Filter {
  const { since, until } = timesOf(input);
  const { actor, operation, target, worktree } = input;
  const worktreeId = worktree === undefined || !store.worktrees.names().includes(worktree)
    ? undefined
    : store.worktrees.find(worktree)?.worktree_id;
  let name = worktree;
  let isMade = false;
  return {
    accepts: (each) =>
      isBetween(each, since, until) &&
      (operation === undefined || isOperation(each.operation, operation)) &&
      (actor === undefined || each.actor === actor || each.actor.startsWith(`${actor}@`)) &&
      (target === undefined || isTarget(each, target)) &&
      (name === undefined || isOfWorktree(each, name, worktreeId)),
    // The clocks of hosts differ, so that an earlier record may have a later time.
    isOver: ({ timestamp }) => isMade || Date.parse(timestamp) < since - DAY_MS,
    pass({ details, operation, target }) {
      // What had the name before that is another one.
      isMade ||= name === target && MAKE.includes(operation);
      if (operation !== RENAME || details["name"] !== name) return;
      if (typeof details["old_name"] === "string") name = details["old_name"];
    },
  };
}

const RENAME = "worktree rename";
/** The groups of operations whose target is a worktree: a ref, a key or a setting may have the same name. */
const OF_WORKTREES = ["worktree", "lock"];
const MAKE = ["worktree create", "worktree fork"];

function timesOf(input: Infer<typeof Input>): { readonly since: number; readonly until: number } {
  const now = nowMs();
  const since = input.since === undefined ? -Infinity : parseWhen(input.since, now);
  const until = input.until === undefined ? Infinity : parseWhen(input.until, now);
  if (since <= until) return { since, until };
  throw new JvsError("E_USAGE", "Cannot show the audit trail: --since is after --until", {
    hint: "Nothing can be between them. Exchange them; `3d` is a time before `1d`.",
    details: { since: input.since, until: input.until },
  });
}

/** `worktree` stands for all operations that begin with this word. */
function isOperation(operation: string, wanted: string): boolean {
  return operation === wanted || operation.startsWith(`${wanted} `);
}

/** That no record matches must not be due to a slip in the name of the operation. */
async function requireOperation({ recordedOperations }: RepositoryContext, wanted: string): Promise<void> {
  const all = [...await recordedOperations(), ...OF_THE_LOG];
  if (all.some((each) => isOperation(each, wanted))) return;
  const near = nearest(wanted, all);
  throw new JvsError(
    "E_USAGE",
    `Cannot show what ${quoted(wanted)} did: no operation with this name is recorded`,
    {
      hint: near === undefined
        ? `There are: ${all.sort().join(", ")}.`
        : `Did you mean \`--operation ${quoted(near)}\`?`,
      details: { operation: wanted, operations: all },
    },
  );
}

function isBetween({ timestamp }: AuditRecord, since: number, until: number): boolean {
  const time = Date.parse(timestamp);
  return time >= since && time <= until;
}

/** A garbage collection is recorded by its plan, with the snapshots that it took. */
function isTarget({ details, target }: AuditRecord, wanted: string): boolean {
  const several = [details["pruned"], details["deleted"]].flat();
  return [target, ...several].some((each) => typeof each === "string" && isNamed(each, wanted));
}

/** A snapshot is also named by the first digits that people see. */
function isNamed(target: string, wanted: string): boolean {
  if (target === wanted) return true;
  if (!isSnapshotId(target) || wanted.length < 4) return false;
  return target.startsWith(wanted) || target.slice(14).startsWith(wanted);
}

function isOfWorktree(
  { details, operation, target }: AuditRecord,
  name: string,
  id: string | undefined,
): boolean {
  const hasWorktrees = OF_WORKTREES.includes(operation.split(" ")[0] ?? "");
  return hasWorktrees && target === name || details["worktree"] === name ||
    id !== undefined && details["worktree_id"] === id ||
    operation === RENAME && (details["name"] === name || details["old_name"] === name);
}
