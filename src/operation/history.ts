import { JvsError } from "../model/errors.ts";
import { parseWhen } from "../model/duration.ts";
import { Descriptor, type WorktreeConfig } from "../model/records.ts";
import { WORKTREE } from "../model/result_fields.ts";
import { boolean, type Infer, integer, list, record, text } from "../model/schema.ts";
import { nowMs } from "../platform/clock.ts";
import { ancestors, leavesOf, standsOn } from "../repo/lineage.ts";
import { defineOperation, OTHER_WORKTREE } from "./define.ts";
import type { RepositoryContext } from "../protocol/context.ts";
import { isDetached, requireWorktree } from "../protocol/worktree/which.ts";

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
    worktree: WORKTREE.worktree,
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
  }),
  async run(context, input) {
    const worktree = requireWorktree(context, input.worktree);
    const matches = filterOf(input);
    const { snapshots } = context.store;
    const found = input.all
      ? await Promise.all(snapshots.list().reverse().map((id) => snapshots.descriptor(id)))
      : await lineWithLeaves(context, worktree);
    const entries = found.filter(matches).map((descriptor) => ({
      ...descriptor,
      is_head: descriptor.snapshot_id === worktree.head_snapshot_id,
      is_latest: descriptor.snapshot_id === worktree.latest_snapshot_id,
      side: descriptor.kind !== "manual",
      pruned: snapshots.isPruned(descriptor.snapshot_id),
    }));
    return {
      worktree: worktree.name,
      head_snapshot_id: worktree.head_snapshot_id,
      latest_snapshot_id: worktree.latest_snapshot_id,
      detached: isDetached(worktree),
      snapshots: entries.slice(0, input.limit),
      total: entries.length,
    };
  },
});

/** The line with its autosaves and partial snapshots, newest first. */
async function lineWithLeaves({ store }: RepositoryContext, worktree: WorktreeConfig): Promise<Descriptor[]> {
  const latest = standsOn(store, worktree, "latest");
  const main = latest === null ? [] : await Array.fromAsync(ancestors(store, latest));
  const leaves = await leavesOf(store, worktree);
  return [...main, ...leaves].sort((a, b) => a.snapshot_id < b.snapshot_id ? 1 : -1);
}

function filterOf(input: Infer<typeof Input>): (descriptor: Descriptor) => boolean {
  const now = nowMs();
  const since = input.since === undefined ? -Infinity : parseWhen(input.since, now);
  const until = input.until === undefined ? Infinity : parseWhen(input.until, now);
  const tagPattern = input.tag_grep === undefined ? undefined : patternOf(input.tag_grep);
  return ({ tags, note, created_at }) => {
    const at = Date.parse(created_at);
    return at >= since && at <= until &&
      (input.tag === undefined || tags.includes(input.tag)) &&
      (tagPattern === undefined || tags.some((tag) => tagPattern.test(tag))) &&
      (input.grep === undefined || note.toLowerCase().includes(input.grep.toLowerCase()));
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
