import type { WorktreeConfig } from "../../model/records.ts";
import type { RepositoryContext } from "../context.ts";

/** The operations on a worktree that were interrupted: the next change recovers them first. */
export function pendingOn({ store }: RepositoryContext, worktree: WorktreeConfig): string[] {
  return store.intents.list()
    .filter((intent) => intent.worktree_id === worktree.worktree_id && store.intents.isAbandoned(intent))
    .map((intent) => intent.operation);
}
