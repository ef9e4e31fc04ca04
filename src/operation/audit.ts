import { parseWhen } from "../model/duration.ts";
import { JvsError } from "../model/errors.ts";
import { quoted } from "../model/path_text.ts";
import { AuditRecord, uuid } from "../model/records.ts";
import { type Infer, integer, list, nullable, record, text } from "../model/schema.ts";
import { nowMs } from "../platform/clock.ts";
import { TimeSlice } from "../platform/time_slice.ts";
import type { RepositoryContext } from "../protocol/context.ts";
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
    "Only what was done to this: a name, or a snapshot's id or its first digits.",
  )
    .cli({ placeholder: "NAME" }),
  actor: text().optional().about("Only what this actor did: `user@host`, or the user alone.").cli({
    placeholder: "NAME",
  }),
  worktree: text().optional().about("Only what was done in or to this worktree; it may be removed since.")
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
      isReached ||= each.event_id === input.before;
    }
    if (!isReached) throw unknownEvent(input.before ?? "");
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
}

function filterOf({ store }: RepositoryContext, input: Infer<typeof Input>): Filter {
  const now = nowMs();
  const since = input.since === undefined ? -Infinity : parseWhen(input.since, now);
  const until = input.until === undefined ? Infinity : parseWhen(input.until, now);
  const { actor, operation, target, worktree } = input;
  const worktreeId = worktree === undefined || !store.worktrees.names().includes(worktree)
    ? undefined
    : store.worktrees.find(worktree)?.worktree_id;
  return {
    accepts: (each) =>
      isBetween(each, since, until) &&
      (operation === undefined || each.operation === operation ||
        each.operation.startsWith(`${operation} `)) &&
      (actor === undefined || each.actor === actor || each.actor.startsWith(`${actor}@`)) &&
      (target === undefined || isTarget(each.target, target)) &&
      (worktree === undefined || isOfWorktree(each, worktree, worktreeId)),
    // The clocks of hosts differ, so that an earlier record may have a later time.
    isOver: ({ timestamp }) => Date.parse(timestamp) < since - DAY_MS,
  };
}

function isBetween({ timestamp }: AuditRecord, since: number, until: number): boolean {
  const time = Date.parse(timestamp);
  return time >= since && time <= until;
}

/** A snapshot is also named by the first digits that people see. */
function isTarget(target: string, wanted: string): boolean {
  if (target === wanted) return true;
  if (!/^\d{13}-[0-9a-f]{8}$/.test(target) || wanted.length < 4) return false;
  return target.startsWith(wanted) || target.slice(14).startsWith(wanted);
}

function isOfWorktree({ details, target }: AuditRecord, name: string, id: string | undefined): boolean {
  return target === name || details["worktree"] === name || id !== undefined && details["worktree_id"] === id;
}
