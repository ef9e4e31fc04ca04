import { isJvsError, JvsError } from "../../model/errors.ts";
import type { Claims } from "../../model/records.ts";
import type { OpenIntent } from "../../repo/intents.ts";
import type { RepositoryContext } from "../context.ts";
import type { AnyChangeKind, DetailsOf, IntentOf } from "./kind.ts";

/** What an intent says when a change begins. */
export interface NewChange<K extends AnyChangeKind> {
  readonly kind: K;
  /** What the change is about: a worktree's name, a snapshot's id. */
  readonly target: string;
  /** What recovery must know from the beginning. */
  readonly details: DetailsOf<K>;
  /** What other changes must leave alone meanwhile; nothing by default. */
  readonly claims?: Claims;
}

type Begun = Pick<OpenIntent, "operation" | "isRecorded">;

/**
 * Runs `body` with a new intent. If the body throws, the kind's recovery undoes what it began, or finishes it if its audit
 * record was decided, the same as after a kill. The caller holds the lock of the worktree (null: of the repository).
 */
export async function withIntent<T, K extends AnyChangeKind>(
  context: RepositoryContext,
  worktreeId: string | null,
  { kind, ...change }: NewChange<K>,
  body: (intent: IntentOf<K>) => Promise<T>,
): Promise<T> {
  // A change that could not be recorded must not begin.
  await context.store.audit.requireEnd();
  const intent = context.store.intents.begin(kind, { ...change, worktree_id: worktreeId }) as IntentOf<K>;
  try {
    return await body(intent);
  } catch (error) {
    throw await recoverAfter(error, context, intent, () => kind.recover(context, intent));
  }
}

/** Recovers after an error, and returns the error to throw: it says what recovery did or could not do. */
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

/** Recovery finished the change. The error must not say that nothing was changed. */
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

/** Recovery failed too. The first error stays, but with another hint: its own may say that nothing was changed. */
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
