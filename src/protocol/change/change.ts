import { JvsError } from "../../model/errors.ts";
import type { WorktreeConfig } from "../../model/records.ts";
import type { RepositoryContext } from "../context.ts";
import { acceptFolder } from "./accept_folder.ts";
import { type NewChange, withIntent } from "./commit.ts";
import type { AnyChangeKind, Change, WorktreeChange } from "./kind.ts";
import { lockRepository, lockWorktree } from "./locks.ts";
import { recoverOpenIntents } from "./recover.ts";

/**
 * Changes one worktree. Every change takes these steps:
 *
 * 1. Take the lock (`locks.ts`), and recover what was interrupted under it (`recover.ts`).
 * 2. Write an intent (`commit.ts`), and run the body with the worktree as it is under the lock.
 * 3. The body calls `intent.step` before each step that leaves something behind, with what recovery must know.
 * 4. The body ends with `commitChange` (`commit.ts`): it makes the change true, and writes the audit record.
 *
 * An error or a kill may interrupt it anywhere. Then the recovery of the kind of change (`kind.ts`) finishes or undoes it:
 * at once after an error, in the next change after a kill. The reasons are in docs/design/one-change-wrapper.md.
 */
export async function changeWorktree<T, K extends AnyChangeKind>(
  context: RepositoryContext,
  worktree: WorktreeConfig,
  change: NewChange<K>,
  body: (change: WorktreeChange<K>) => Promise<T>,
): Promise<T> {
  using _lock = await lockWorktree(context, worktree.worktree_id, change.kind.operation);
  await recoverOpenIntents(context, worktree.worktree_id);
  const { worktrees } = context.store;
  const sameName = worktrees.find(worktree.name);
  // The usual case needs no search through all records.
  const current = sameName?.worktree_id === worktree.worktree_id
    ? sameName
    : worktrees.withId(worktree.worktree_id);
  if (current === undefined) {
    throw new JvsError(
      "E_NOT_FOUND",
      `Cannot change worktree "${worktree.name}": it was removed meanwhile`,
      { hint: "See what worktrees there are with `jvs worktree list`." },
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

/** Takes the lock of a worktree (null: of the repository) and recovers what was interrupted. Returns how many changes. */
export async function recoverUnderLock(
  context: RepositoryContext,
  worktreeId: string | null,
): Promise<number> {
  using _lock = worktreeId === null
    ? await lockRepository(context, "doctor")
    : await lockWorktree(context, worktreeId, "doctor");
  return await recoverOpenIntents(context, worktreeId);
}
