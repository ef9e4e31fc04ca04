import { isJvsError, JvsError } from "../../model/errors.ts";
import type { WorktreeConfig } from "../../model/records.ts";
import type { OpenIntent } from "../../repo/intents.ts";
import type { RepositoryContext } from "../define.ts";
import type { Change, WorktreeChange } from "./commit.ts";
import { lockRepository, lockWorktree } from "./locks.ts";
import { acceptFolder } from "../_worktree/open.ts";
import { recoverIntent, recoverOpenIntents } from "./recover.ts";

/** What a change says of itself. */
export interface ChangeOptions {
  /** The operation's name, as the audit trail has it. */
  readonly operation: string;
  /** What it is about, for the intent: a worktree's name, a snapshot's id. */
  readonly target: string;
  /** More for the intent; recovery reads it. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/**
 * Changes one worktree: takes its lock, recovers what was interrupted, and hands on the worktree as it is then. What
 * `body` begins with `openIntent` is recovered when it throws, just as after a kill.
 */
export async function changeWorktree<T>(
  context: RepositoryContext,
  worktree: WorktreeConfig,
  options: ChangeOptions,
  body: (change: WorktreeChange) => Promise<T>,
): Promise<T> {
  using _lock = await lockWorktree(context, worktree.worktree_id, options.operation);
  await recoverOpenIntents(context, worktree.worktree_id);
  const current = asItIsNow(context, worktree);
  if (current === undefined) {
    throw new JvsError(
      "E_NOT_FOUND",
      `Cannot change worktree "${worktree.name}": it was removed meanwhile.`,
      {
        hint: "See what worktrees there are with `jvs worktree list`.",
      },
    );
  }
  const worktreeNow = acceptFolder(context, current);
  return await withIntent(
    context,
    current.worktree_id,
    options,
    (intent) => body({ context, store: context.store, intent, worktree: worktreeNow }),
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

/** Changes what belongs to the repository as a whole: names of worktrees, refs. */
export async function changeRepository<T>(
  context: RepositoryContext,
  options: ChangeOptions,
  body: (change: Change) => Promise<T>,
): Promise<T> {
  using _lock = await lockRepository(context, options.operation);
  await recoverOpenIntents(context, null);
  return await withIntent(
    context,
    null,
    options,
    (intent) => body({ context, store: context.store, intent }),
  );
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

/** Runs `body` with an intent of its own; if it throws, what it began is undone, or finished where it was decided. */
export async function withIntent<T>(
  context: RepositoryContext,
  worktreeId: string | null,
  options: ChangeOptions,
  body: (intent: OpenIntent) => Promise<T>,
): Promise<T> {
  // Nothing is begun that could not be recorded.
  await context.store.audit.requireEnd();
  const intent = context.store.intents.begin({
    operation: options.operation,
    worktree_id: worktreeId,
    target: options.target,
    details: { ...options.details },
  });
  try {
    return await body(intent);
  } catch (error) {
    await recoverAfter(error, context, intent);
    throw error;
  }
}

/** Recovers after a failure; a second failure does not hide the first one: the next change tries again. */
async function recoverAfter(error: unknown, context: RepositoryContext, intent: OpenIntent): Promise<void> {
  try {
    await recoverIntent(context, intent);
  } catch (second) {
    const why = isJvsError(second) ? second.message : String(second);
    context.reporter.warn(
      `Undoing what was begun failed too: ${
        why.replace(/\.$/, "")
      }. Nothing is lost; the next change, or \`jvs doctor --repair-runtime\`, ` +
        "tries again.",
    );
    if (error instanceof Error && error.cause === undefined) error.cause = second;
  }
}
