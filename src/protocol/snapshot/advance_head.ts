import { nowIso } from "../../platform/clock.ts";
import type { WorktreeConfig } from "../../model/records.ts";
import type { Store } from "../../repo/store.ts";

/** How a new snapshot moves its worktree; its intent holds this. */
export interface Advance {
  readonly snapshot_id: string;
  /** False for autosaves and partial snapshots: they are leaves. */
  readonly moves_head: boolean;
  /** The ref that keeps the line which the worktree leaves. */
  readonly keep_line_as: string | null;
  readonly actor: string;
}

/** Moves head and latest of a worktree to its new snapshot. Repeatable. */
export function advanceHead(store: Store, worktree: WorktreeConfig, advance: Advance): void {
  const { snapshot_id, keep_line_as } = advance;
  if (!advance.moves_head) return;
  if (
    keep_line_as !== null && worktree.latest_snapshot_id !== null &&
    store.refs.find(keep_line_as) === undefined
  ) {
    store.refs.create({
      ref_name: keep_line_as,
      snapshot_id: worktree.latest_snapshot_id,
      created_at: nowIso(),
      created_by: advance.actor,
      note: `the line of ${worktree.name} before it branched`,
    });
  }
  store.worktrees.update(worktree.name, {
    base_snapshot_id: worktree.base_snapshot_id ?? snapshot_id,
    head_snapshot_id: snapshot_id,
    latest_snapshot_id: snapshot_id,
  });
}
