import { boolean, list, nullable, oneOf, record, text } from "../../model/schema.ts";
import { snapshotId } from "../../model/records.ts";
import { snapshotsMentioned } from "../../repo/audit_mentions.ts";
import type { Store } from "../../repo/store.ts";
import { finishDecided } from "../change/commit.ts";
import { defineChange } from "../change/kind.ts";
import { advanceHead } from "./advance_head.ts";

/**
 * Saves a snapshot. Interrupted: with READY it exists, and what follows (head, audit) is made up for; without, everything
 * of it goes. SPEC 6.
 */
export const snapshotSaving = defineChange({
  operation: "snapshot",
  details: record({
    parent: nullable(snapshotId()).about("The head that it goes behind.").optional(),
    moves_head: boolean().optional(),
    keep_line_as: nullable(text()).about("The ref that keeps the line which is left.").optional(),
  }),
  steps: ["began"],
  audit: record({
    worktree: text(),
    snapshot_id: snapshotId(),
    kind: oneOf("manual", "autosave", "partial"),
    note: text(),
    tags: list(text()),
    descriptor_checksum: text(),
  }),
  async recover(context, intent) {
    const { actor, store } = context;
    const { snapshot_id } = intent.claims;
    if (snapshot_id === undefined) return intent.complete();
    if (!store.snapshots.exists(snapshot_id)) {
      if (!wasPublished(store, snapshot_id)) await store.snapshots.discardUnfinished(snapshot_id);
      return intent.complete();
    }
    const { parent, moves_head = false, keep_line_as = null } = intent.details;
    const worktree = store.worktrees.withId(intent.worktreeId);
    // Moved on already, or gone: then the snapshot stays where it is, a leaf or a part of the line.
    if (worktree !== undefined && worktree.head_snapshot_id === parent) {
      advanceHead(store, worktree, { snapshot_id, moves_head, keep_line_as, actor });
    }
    await finishDecided(context, intent);
  },
});

/** Then its READY was lost, which is doctor's to tell; the audit log is read only where the last steps were begun. */
function wasPublished({ layout }: Store, id: string): boolean {
  if (!layout.payload(id).isThere() && !layout.descriptor(id).isThere()) return false;
  return snapshotsMentioned(layout, [id]).has(id);
}
