import { isJvsError, JvsError } from "../../model/errors.ts";
import type { WorktreeConfig } from "../../model/records.ts";
import type { OpenIntent } from "../../repo/intents.ts";
import type { RepositoryContext } from "../context.ts";
import type { Change, WorktreeChange } from "./commit.ts";
import { lockRepository, lockWorktree } from "./locks.ts";
import { acceptFolder } from "../worktree/open.ts";
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
 * `body` begins under its intent is recovered when it throws, just as after a kill.
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
      `Cannot change worktree "${worktree.name}": it was removed meanwhile`,
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
    throw await recoverAfter(error, context, intent);
  }
}

/** Recovers after a failure, and gives what to throw: the failure, as it stands in the light of what recovery did. */
async function recoverAfter(
  error: unknown,
  context: RepositoryContext,
  intent: OpenIntent,
): Promise<unknown> {
  let second: unknown;
  try {
    await recoverIntent(context, intent);
  } catch (thrown) {
    second = thrown;
  }
  if (second !== undefined) {
    const why = (isJvsError(second) ? second.message : String(second)).replace(/\.$/, "");
    const what = intent.isRecorded ? "Clearing up after it" : "Undoing what was begun";
    context.reporter.warn(
      `${what} failed too: ${why}. Nothing is lost; the next change, or \`jvs doctor --repair-runtime\`, tries again.`,
    );
  }
  if (intent.isRecorded) return doneAllTheSame(error, context, intent);
  return second === undefined ? error : halfDone(error, second);
}

/** It had been decided already, so recovery finished it: nobody may think that nothing was changed. */
function doneAllTheSame(error: unknown, { reporter }: RepositoryContext, { intent }: OpenIntent): unknown {
  if (!isJvsError(error)) {
    reporter.warn(`The ${intent.operation} is done and recorded all the same.`);
    return error;
  }
  return new JvsError(
    error.code,
    `Cannot end "${intent.operation}" without an error, though it is done and recorded: ${error.message}`,
    {
      hint: `The ${intent.operation} need not be repeated. Mend what the message names before you go on.`,
      details: { ...error.details, done: intent.operation },
      cause: error,
    },
  );
}

/** The way out that errors name by themselves may be that nothing was changed; a second failure does not hide the first. */
function halfDone(error: unknown, second: unknown): unknown {
  if (!isJvsError(error)) return error;
  const { code, message, details, cause = second } = error;
  return new JvsError(code, message, {
    hint: "What was begun could not be undone yet. Mend what the message names (free space, say), then run " +
      "`jvs doctor --repair-runtime`.",
    details,
    cause,
  });
}
