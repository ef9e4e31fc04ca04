import { isJvsError, JvsError } from "../../model/errors.ts";
import type { Claims } from "../../model/records.ts";
import type { OpenIntent } from "../../repo/intents.ts";
import type { RepositoryContext } from "../context.ts";
import type { AnyChangeKind, DetailsOf, IntentOf } from "./kind.ts";

/** What a change says of itself when it begins. */
export interface NewChange<K extends AnyChangeKind> {
  readonly kind: K;
  /** What it is about: a worktree's name, a snapshot's id. */
  readonly target: string;
  /** What recovery must know from the first moment. */
  readonly details: DetailsOf<K>;
  /** What other changes leave alone meanwhile; nothing by default. */
  readonly claims?: Claims;
}

type Begun = Pick<OpenIntent, "operation" | "isRecorded">;

/**
 * Runs `body` with an intent of its own. If it throws, what it began is undone, or finished where it was decided: by the
 * kind's recovery, just as after a kill. The caller holds the lock of the worktree (null: of the repository).
 */
export async function withIntent<T, K extends AnyChangeKind>(
  context: RepositoryContext,
  worktreeId: string | null,
  { kind, ...change }: NewChange<K>,
  body: (intent: IntentOf<K>) => Promise<T>,
): Promise<T> {
  // What could not be recorded is not begun.
  await context.store.audit.requireEnd();
  const intent = context.store.intents.begin(kind, { ...change, worktree_id: worktreeId }) as IntentOf<K>;
  try {
    return await body(intent);
  } catch (error) {
    throw await recoverAfter(error, context, intent, () => kind.recover(context, intent));
  }
}

/** Recovers after a failure, and gives what to throw: the failure, as it stands in the light of what recovery did. */
async function recoverAfter(
  error: unknown,
  context: RepositoryContext,
  intent: Begun,
  recover: () => Promise<void>,
): Promise<unknown> {
  let second: unknown;
  try {
    await recover();
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

/** It had been decided already, so recovery finished it: the user must not think that nothing was changed. */
function doneAllTheSame(error: unknown, { reporter }: RepositoryContext, { operation }: Begun): unknown {
  if (!isJvsError(error)) {
    reporter.warn(`The ${operation} is done and recorded all the same.`);
    return error;
  }
  return new JvsError(
    error.code,
    `Cannot end "${operation}" without an error, though it is done and recorded: ${error.message}`,
    {
      hint: `The ${operation} need not be repeated. Mend what the message names before you go on.`,
      details: { ...error.details, done: operation },
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
