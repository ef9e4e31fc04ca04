import { JvsError } from "../../model/errors.ts";
import type { WorktreeConfig } from "../../model/records.ts";
import type { RepositoryContext } from "../context.ts";
import { acceptFolder } from "./accept_folder.ts";
import type { AnyChangeKind, Change, WorktreeChange } from "./kind.ts";
import { lockRepository, lockWorktree } from "./locks.ts";
import { recoverOpenIntents } from "./recover.ts";
import { type NewChange, withIntent } from "./with_intent.ts";

/**
 * Changes one worktree. Every change goes the same way: take the lock; recover what was interrupted under that lock;
 * write an intent (`with_intent.ts`); run the body, which says before each step that leaves something behind what
 * recovery must know (`intent.step`); make the change true and record it (`commit.ts`). An error is recovered just as a
 * kill is. The body gets the worktree as it is under the lock. docs/design/one-change-wrapper.md.
 */
export async function changeWorktree<T, K extends AnyChangeKind>(
  context: RepositoryContext,
  worktree: WorktreeConfig,
  change: NewChange<K>,
  body: (change: WorktreeChange<K>) => Promise<T>,
): Promise<T> {
  using _lock = await lockWorktree(context, worktree.worktree_id, change.kind.operation);
  await recoverOpenIntents(context, worktree.worktree_id);
  const current = asItIsNow(context, worktree);
  if (current === undefined) {
    throw new JvsError(
      "E_NOT_FOUND",
      `Cannot change worktree "${worktree.name}": it was removed meanwhile`,
      {
        hint: "See what worktrees there are with `jvs worktree list`.",
      },
    );
  }
  const accepted = await acceptFolder(context, current);
  return await withIntent(
    context,
    current.worktree_id,
    change,
    (intent) => body({ ...context, worktree: accepted, intent }),
  );
}

/** It may have been renamed; but a damaged record of another worktree is no reason to fail here. */
function asItIsNow(
  { store }: RepositoryContext,
  { name, worktree_id }: WorktreeConfig,
): WorktreeConfig | undefined {
  const sameName = store.worktrees.find(name);
  if (sameName?.worktree_id === worktree_id) return sameName;
  return store.worktrees.withId(worktree_id);
}

/** Changes what belongs to the repository as a whole, such as refs and settings. */
export async function changeRepository<T, K extends AnyChangeKind>(
  context: RepositoryContext,
  change: NewChange<K>,
  body: (change: Change<K>) => Promise<T>,
): Promise<T> {
  using _lock = await lockRepository(context, change.kind.operation);
  await recoverOpenIntents(context, null);
  return await withIntent(context, null, change, (intent) => body({ ...context, intent }));
}

/** Recovers what was interrupted on a worktree, or (null) on the repository as a whole; how many operations that were. */
export async function recoverUnderLock(
  context: RepositoryContext,
  worktreeId: string | null,
): Promise<number> {
  using _lock = worktreeId === null
    ? await lockRepository(context, "doctor")
    : await lockWorktree(context, worktreeId, "doctor");
  return await recoverOpenIntents(context, worktreeId);
}
