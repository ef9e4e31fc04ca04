import type { OpenIntent } from "../../repo/intents.ts";
import { snapshotsMentioned } from "../../repo/audit_mentions.ts";
import type { Store } from "../../repo/store.ts";
import { advanceHead } from "./advance_head.ts";
import type { RepositoryContext } from "../context.ts";
import { finishDecided } from "../change/finish.ts";

/**
 * An interrupted snapshot: with READY it exists, and what follows (head, audit) is made up for; without, everything of
 * it goes. SPEC 6.
 */
export async function recoverSnapshot(
  { store, actor }: RepositoryContext,
  intent: OpenIntent,
): Promise<void> {
  const { snapshot_id, parent, moves_head, keep_line_as } = intent.intent.details;
  if (typeof snapshot_id !== "string") return intent.complete();
  if (!store.snapshots.exists(snapshot_id)) {
    if (!wasPublished(store, snapshot_id)) await store.snapshots.discardUnfinished(snapshot_id);
    return intent.complete();
  }
  const worktree = store.worktrees.withId(intent.intent.worktree_id);
  // Moved on already, or gone: then the snapshot stays where it is, a leaf or a part of the line.
  if (worktree !== undefined && worktree.head_snapshot_id === parent) {
    advanceHead(store, worktree, {
      snapshot_id,
      moves_head: moves_head === true,
      keep_line_as: typeof keep_line_as === "string" ? keep_line_as : null,
      actor,
    });
  }
  await finishDecided(store, intent);
}

/** Then its READY was lost, which is doctor's to tell; the audit log is read only where the last steps were begun. */
function wasPublished({ layout }: Store, id: string): boolean {
  if (!layout.payload(id).isThere() && !layout.descriptor(id).isThere()) return false;
  return snapshotsMentioned(layout, [id]).has(id);
}
