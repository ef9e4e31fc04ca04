import { LEASE_HELD } from "../model/lease.ts";
import { WORKTREE } from "../model/result_fields.ts";
import { boolean, integer, list, record, text } from "../model/schema.ts";
import { warnIfBehind } from "../repo/behind.ts";
import { standsOn } from "../repo/lineage.ts";
import { compareSides, DifferenceRecord, Hidden, Summary } from "../protocol/look/differences.ts";
import { pendingOn } from "../protocol/change/locks.ts";
import { defineOperation, EVERY_PATH, OTHER_WORKTREE } from "./define.ts";
import { nowSide, snapshotSide } from "../protocol/look/side.ts";
import { holderOf } from "../protocol/worktree/holder.ts";
import { isDetached, requireWorktree } from "../protocol/worktree/which.ts";

/** Shows the snapshot that a worktree stands on, and its unsaved work. */
export const status = defineOperation({
  name: "status",
  summary: "Show where this worktree stands, and what is not saved",
  examples: [["jvs status", "the worktree you are in"], ["jvs status --worktree experiment", "another one"]],
  changes: "nothing",
  input: record({
    worktree: OTHER_WORKTREE,
    all: EVERY_PATH,
  }, { closed: true }),
  output: record({
    ...WORKTREE,
    clean: boolean().about("Everything in the worktree that you may read is in the snapshot it stands on."),
    changes: Summary.about("How many paths differ from the snapshot the worktree stands on, by kind."),
    differences: list(DifferenceRecord).about(
      "Each path that differs from that snapshot, the older side; times alone do not count.",
    ),
    hidden: Hidden,
    entries: integer().about("Files, folders and links in the worktree, ignored ones left out."),
    ignored: integer().about("Files and whole folders that .jvsignore leaves out."),
    lease: LEASE_HELD,
    pending_recovery: list(text()).about("Operations that were interrupted; the next change recovers them."),
  }),
  async run(context, input) {
    const worktree = requireWorktree(context, input.worktree);
    const { store } = context;
    await warnIfBehind(store, worktree, context.reporter);
    using now = await nowSide(context, worktree); // first: the memory of the stat cache is free afterwards
    const id = standsOn(store, worktree);
    using head = await snapshotSide(context, id, now.look);
    const { differences, summary, hidden } = await compareSides(context, head, now, {
      metadata: true,
      times: false,
    });
    await now.look?.rememberSeen(
      id !== null && differences.length === 0 ? { id, table: head.table } : undefined,
    );
    return {
      worktree: worktree.name,
      path: store.worktrees.root(worktree),
      base_snapshot_id: worktree.base_snapshot_id,
      head_snapshot_id: worktree.head_snapshot_id,
      latest_snapshot_id: worktree.latest_snapshot_id,
      detached: isDetached(worktree),
      clean: differences.length === 0,
      changes: summary,
      differences,
      hidden,
      entries: now.table.count - 1,
      ignored: now.look?.scan.ignored.length ?? 0,
      lease: await holderOf(context, worktree.worktree_id),
      pending_recovery: pendingOn(context, worktree),
    };
  },
});
