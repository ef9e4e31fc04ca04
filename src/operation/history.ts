import { JvsError } from "../model/errors.ts";
import { firstFew } from "../model/first_few.ts";
import { shortId } from "../model/ids.ts";
import { parseWhen } from "../model/duration.ts";
import { Descriptor, type WorktreeConfig } from "../model/records.ts";
import { WORKTREE } from "../model/result_fields.ts";
import { boolean, type Infer, integer, list, nullable, record, text } from "../model/schema.ts";
import { nowMs } from "../platform/clock.ts";
import { TimeSlice } from "../platform/time_slice.ts";
import { lineWithLeaves } from "../repo/line_with_leaves.ts";
import { requireFolders } from "../repo/kept_folders.ts";
import { warnOf } from "../repo/behind.ts";
import { standsOn } from "../repo/lineage.ts";
import { byIndex, type Indexed } from "../repo/snapshot_index.ts";
import type { Rows, SnapshotTable } from "../repo/snapshot_table.ts";
import { unknownRows } from "../repo/unknown_snapshots.ts";
import { defineOperation, OTHER_WORKTREE } from "./define.ts";
import type { RepositoryContext } from "../protocol/context.ts";
import { isDetached, requireWorktree, worktreeIfAny } from "../protocol/worktree/which.ts";

const Input = record({
  limit: integer({ min: 1 }).optional().about("Show only the newest N.")
    .cli({ short: "n", placeholder: "N" }),
  all: boolean().default(false)
    .about("Show every snapshot of the repository, not only this worktree's line."),
  tag: text().optional().about("Show only snapshots with this tag.").cli({ placeholder: "TAG" }),
  tag_grep: text().optional().about("Show only snapshots with a tag that matches.")
    .cli({ placeholder: "REGEX" }),
  grep: text().optional().about("Show only snapshots whose note contains this.").cli({ placeholder: "TEXT" }),
  since: text().optional().about("Show only snapshots since then: a date, a time, or `3d` ago.")
    .cli({ placeholder: "TIME" }),
  until: text().optional().about("Show only snapshots until then.").cli({ placeholder: "TIME" }),
  size: boolean().default(false).about("Show sizes."),
  worktree: OTHER_WORKTREE,
}, { closed: true });

/** Lists the snapshots of a worktree's line, newest first. */
export const history = defineOperation({
  name: "history",
  summary: "List the snapshots of this worktree's line",
  examples: [
    ["jvs history", "the line, with a mark at the snapshot the worktree stands on"],
    ["jvs history --tag good --since 7d", "the good ones of the last week"],
    ["jvs history --all -n 20", "the newest 20 of the whole repository"],
  ],
  changes: "nothing",
  input: Input,
  output: record({
    worktree: nullable(WORKTREE.worktree)
      .about("The worktree's name; null if --all is asked for where there is none."),
    head_snapshot_id: WORKTREE.head_snapshot_id,
    latest_snapshot_id: WORKTREE.latest_snapshot_id,
    detached: WORKTREE.detached,
    snapshots: list(record({
      ...Descriptor.fields,
      is_head: boolean().about("The worktree stands on it."),
      is_latest: boolean().about("It is the newest of the worktree's line."),
      side: boolean().about("It is not on the line: an autosave or a partial snapshot."),
      pruned: boolean().about("Its content was deleted; its place in the line was kept."),
    })).about("The snapshots that match, the newest first, at most --limit of them."),
    total: integer().about("How many there are without --limit."),
    unread: list(text())
      .about("Snapshots that are missing or cannot be read: --all leaves them out, and a line ends at one."),
  }),
  async run(context, input) {
    const { store } = context;
    const worktree = input.all
      ? worktreeIfAny(context, input.worktree)
      : requireWorktree(context, input.worktree);
    requireFolders(store.layout, ["snapshots"], "list the snapshots");
    const fits = filterOf(input);
    const { unknown, ...found } = await byIndex(store, context, async (index) => {
      const { table } = index;
      const { rows, unread } = worktree === undefined || input.all
        ? everyReadable(table)
        : await lineWithLeaves(store, index, {
          latest: standsOn(store, worktree, "latest"),
          worktreeId: worktree.worktree_id,
        });
      const left = new Set(unread);
      const found = await fits(rows, index);
      const slice = new TimeSlice(context.signal);
      const snapshots = [];
      for (const row of found.subarray(0, input.limit)) {
        if (slice.isOver()) await slice.yield();
        const descriptor = await index.confirm(row);
        snapshots.push(shown(context, worktree, descriptor));
        const { parent_snapshot_id: parent } = descriptor;
        if (parent !== null && table.find(parent) === -1) left.add(parent);
      }
      return {
        snapshots,
        total: found.length,
        unread: [...left].sort(),
        unknown: unknownIn(table, worktree),
      };
    });
    if (worktree !== undefined && !input.all) warnOf(store, worktree, context.reporter, unknown);
    if (found.unread.length > 0) context.reporter.warn(notListed(found.unread, input.all));
    return {
      worktree: worktree?.name ?? null,
      head_snapshot_id: worktree?.head_snapshot_id ?? null,
      latest_snapshot_id: worktree?.latest_snapshot_id ?? null,
      detached: worktree !== undefined && isDetached(worktree),
      ...found,
    };
  },
});

/** Every snapshot that exists or is pruned, newest first, but for those that cannot be read: who has a damaged repository needs the others. */
function everyReadable(table: SnapshotTable): { rows: Rows; unread: string[] } {
  const rows = Uint32Array.from({ length: table.count }, (_, i) => table.count - 1 - i);
  if (!table.hasUnread()) return { rows, unread: [] };
  const unread = [...rows.filter((row) => table.isUnread(row))].map((row) => table.id(row));
  return { rows: rows.filter((row) => !table.isUnread(row)), unread };
}

function unknownIn(table: SnapshotTable, worktree: WorktreeConfig | undefined): { readonly id: string }[] {
  return worktree === undefined
    ? []
    : unknownRows(table, [worktree]).map(({ row }) => ({ id: table.id(row) }));
}

function notListed(unread: readonly string[], all: boolean): string {
  const [what, is] = unread.length === 1 ? ["1 snapshot", "is"] : [`${unread.length} snapshots`, "are"];
  const rest = all
    ? "`jvs doctor --strict` says what is wrong."
    : "What is before cannot be told: `jvs history --all` lists it, and `jvs doctor --strict` says what is wrong.";
  return `${what} ${is} missing or cannot be read, and ${is} not listed: ${
    firstFew(unread.map(shortId))
  }. ${rest}`;
}

function shown({ store }: RepositoryContext, worktree: WorktreeConfig | undefined, descriptor: Descriptor) {
  return {
    ...descriptor,
    is_head: descriptor.snapshot_id === worktree?.head_snapshot_id,
    is_latest: descriptor.snapshot_id === worktree?.latest_snapshot_id,
    side: descriptor.kind !== "manual",
    pruned: store.snapshots.isPruned(descriptor.snapshot_id),
  };
}

/** Gives those rows that the user asks for. */
function filterOf(
  input: Infer<typeof Input>,
): (rows: Rows, index: Indexed) => Promise<Rows> {
  const now = nowMs();
  const since = input.since === undefined ? -Infinity : parseWhen(input.since, now);
  const until = input.until === undefined ? Infinity : parseWhen(input.until, now);
  const tagPattern = input.tag_grep === undefined ? undefined : patternOf(input.tag_grep);
  const text = input.grep?.toLowerCase();
  return async (rows, index) => {
    const { table } = index;
    const tagged = input.tag === undefined ? undefined : table.withTag((tag) => tag === input.tag);
    const matched = tagPattern && table.withTag((tag) => tagPattern.test(tag));
    const isTimed = input.since !== undefined || input.until !== undefined;
    if (isTimed || text !== undefined) await table.readDetails();
    else if (tagged === undefined && matched === undefined) return rows;
    const found = new Uint32Array(rows.length);
    let length = 0;
    for (const row of rows) {
      if (isTimed && !(table.created(row) >= since && table.created(row) <= until)) continue;
      if (tagged?.has(row) === false || matched?.has(row) === false) continue;
      if (text !== undefined) {
        const note = table.isNoteCut(row) ? (await index.confirm(row)).note : table.note(row);
        if (!note.toLowerCase().includes(text)) continue;
      }
      found[length++] = row;
    }
    return found.subarray(0, length);
  };
}

function patternOf(source: string): RegExp {
  try {
    return new RegExp(source);
  } catch (error) {
    throw new JvsError("E_USAGE", `Cannot use "${source}" as a pattern: it is not a regular expression`, {
      hint: "Give a JavaScript regular expression, such as ^v[0-9]+$.",
      cause: error,
    });
  }
}
