import { phase } from "../../model/progress.ts";
import { isJvsError, JvsError } from "../../model/errors.ts";
import type { AuditEntry } from "../../repo/audit_record.ts";
import type { NewIntent, OpenIntent } from "../../repo/intents.ts";
import type { Store } from "../../repo/store.ts";
import type { Context, RepositoryContext } from "../context.ts";
import type { AnyChangeKind, AuditNote, Change, DetailsOf, IntentOf } from "./kind.ts";

/** What an intent says when a change begins. Its target is what the change is about: a worktree's name, a snapshot's id. */
export type NewChange<K extends AnyChangeKind> =
  & Omit<NewIntent<DetailsOf<K>>, "worktree_id">
  & { readonly kind: K };

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
    // What was begun is undone even where the lease is gone: the lock is still held.
    const unguarded = { ...context, guard: undefined };
    throw await recoverAfter(error, context, intent, () => kind.recover(unguarded, intent));
  }
}

/** Recovers after an error, and returns the error to throw: it says what recovery did or could not do. */
async function recoverAfter(
  error: unknown,
  { reporter }: Context,
  intent: Pick<OpenIntent, "operation" | "isRecorded">,
  recover: () => Promise<void>,
): Promise<unknown> {
  let second: unknown;
  try {
    await recover();
  } catch (thrown) {
    second = thrown;
    const why = (isJvsError(thrown) ? thrown.message : String(thrown)).replace(/\.$/, "");
    const what = intent.isRecorded ? "Clearing up after it" : "Undoing what was begun";
    reporter.warn(
      `${what} failed too: ${why}. Nothing is lost; the next change, or \`jvs doctor --repair-runtime\`, tries again.`,
    );
  }
  const { operation, isRecorded } = intent;
  if (isJvsError(error)) {
    if (isRecorded) return doneDespite(error, operation);
    return second === undefined ? error : halfDone(error, second);
  }
  if (isRecorded) reporter.warn(`Even so, the ${operation} is done and recorded.`);
  return error;
}

/** Recovery finished the change. The error must not say that nothing was changed. */
function doneDespite(error: JvsError, operation: string): JvsError {
  const { code, message, details } = error;
  return new JvsError(
    code,
    `Cannot end "${operation}" without an error, though it is done and recorded: ${message}`,
    {
      hint: `Do not repeat the ${operation}. Fix what the message names before you go on.`,
      details: { ...details, done: operation },
      cause: error,
    },
  );
}

/** Recovery failed too. The first error stays, but with another hint: its own may say that nothing was changed. */
function halfDone({ code, message, details, cause }: JvsError, second: unknown): JvsError {
  const hint =
    "What was begun could not be undone yet. Fix what the message names, such as a full disk, then run " +
    "`jvs doctor --repair-runtime`.";
  return new JvsError(code, message, { hint, details, cause: cause ?? second });
}

/** The steps of a commit that differ from change to change. */
export interface CommitSteps {
  /** Makes the change true. */
  readonly commit: () => void | Promise<void>;
  /** Removes what only the intent knows of, after the audit record is written; nothing by default. */
  readonly cleanUp?: (() => Promise<void>) | undefined;
}

/**
 * The last steps of every change. A change that lost its worktree to another session ends here. The audit record is decided in the intent, so that recovery can write it too. `commit`
 * makes the change true. The record is written, `cleanUp` runs, and the intent is removed. An error after the record is
 * only a warning: the intent stays, and the next change cleans up.
 */
export async function commitChange<K extends AnyChangeKind>(
  change: Change<K>,
  note: AuditNote<K>,
  { commit, cleanUp }: CommitSteps,
): Promise<void> {
  const { intent, store } = change;
  using _phase = phase(change.reporter, "committing");
  const content = { ...entryOf(change, intent, note), after: store.audit.position() };
  await change.guard?.check();
  intent.decide(content);
  await commit();
  await store.audit.append(intent.decided() ?? content); // `commit` may have known more
  intent.isRecorded = true;
  try {
    await cleanUp?.();
    intent.complete();
  } catch (error) {
    if (!isJvsError(error)) throw error;
    change.reporter.warn(
      `The ${intent.operation} is done and recorded; but clearing up after it failed, and is left to the next change or ` +
        `\`jvs doctor --repair-runtime\`: ${error.message}`,
    );
  }
}

/** The audit record of a change. */
export function entryOf<K extends AnyChangeKind>(
  { actor, session, reason, guard }: Context & Pick<RepositoryContext, "guard">,
  { id, operation }: { readonly id: string; readonly operation: string },
  { target, details }: AuditNote<K>,
): AuditEntry {
  return {
    operation,
    actor,
    target,
    fencing_token: guard?.fencingToken ?? null,
    session_id: session ?? null,
    reason: reason ?? null,
    details,
    event_id: id,
  };
}

type RecoveredIntent = Pick<OpenIntent, "decided" | "complete" | "isRecorded">;

/** Ends the recovery of a change that was done: writes the audit record that was decided, once, and removes the intent. */
export async function finishDecided(
  { store }: { readonly store: Store },
  intent: RecoveredIntent,
): Promise<void> {
  const content = intent.decided();
  if (content !== null) {
    await store.audit.append(content);
    intent.isRecorded = true;
  }
  intent.complete();
}

/** Ends the recovery of a change that has only one step: either that was done, or nothing was. */
export async function finishIf(
  isDone: boolean,
  context: RepositoryContext,
  intent: RecoveredIntent,
): Promise<void> {
  if (isDone) await finishDecided(context, intent);
  else intent.complete();
}
