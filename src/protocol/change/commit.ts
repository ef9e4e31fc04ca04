import { isJvsError } from "../../model/errors.ts";
import type { AuditEntry } from "../../repo/audit_record.ts";
import type { OpenIntent } from "../../repo/intents.ts";
import type { Store } from "../../repo/store.ts";
import type { Context, RepositoryContext } from "../context.ts";
import type { AnyChangeKind, AuditNote, Change } from "./kind.ts";

/** What acts while a change is committed. */
export interface CommitSteps {
  /** Makes the change true. */
  readonly commit: () => void | Promise<void>;
  /** Removes what only the intent accounts for, once the change is recorded; nothing by default. */
  readonly cleanUp?: () => void | Promise<void>;
}

/**
 * The last steps of every change: what the audit trail will say is decided before the step that makes the change true,
 * so that recovery can say it too; then `commit` makes it true; then the record is written, `cleanUp` removes what only
 * the intent accounts for, and the intent is done. What fails after the record is a warning: the intent stays, and the
 * next change clears up.
 */
export async function commitChange<K extends AnyChangeKind>(
  change: Change<K>,
  note: AuditNote<K>,
  { commit, cleanUp = () => {} }: CommitSteps,
): Promise<void> {
  const { intent, store } = change;
  const content = { ...entryOf(change, intent, note), after: store.audit.position() };
  intent.decide(content);
  await commit();
  await store.audit.append(content);
  intent.isRecorded = true;
  try {
    await cleanUp();
    intent.complete();
  } catch (error) {
    if (!isJvsError(error)) throw error;
    change.reporter.warn(
      `The ${intent.operation} is done and recorded; but clearing up after it failed, and is left to the next change or ` +
        `\`jvs doctor --repair-runtime\`: ${error.message}`,
    );
  }
}

/** What the audit log will say of a change. */
export function entryOf<K extends AnyChangeKind>(
  { actor, session, reason }: Context,
  { id, operation }: { readonly id: string; readonly operation: string },
  { target, details }: AuditNote<K>,
): AuditEntry {
  return {
    operation,
    actor,
    target,
    fencing_token: null,
    session_id: session ?? null,
    reason: reason ?? null,
    details,
    event_id: id,
  };
}

/** Ends a recovery of what was done: writes the audit record that was decided, once, and removes the intent. */
export async function finishDecided(
  { store }: { readonly store: Store },
  intent: Pick<OpenIntent, "decided" | "complete" | "isRecorded">,
): Promise<void> {
  const content = intent.decided();
  if (content !== null) {
    await store.audit.append(content);
    intent.isRecorded = true;
  }
  intent.complete();
}

/** Ends a recovery of a change that is made by one step, which was taken or not. */
export async function finishIf(
  isDone: boolean,
  context: RepositoryContext,
  intent: Pick<OpenIntent, "decided" | "complete" | "isRecorded">,
): Promise<void> {
  if (isDone) await finishDecided(context, intent);
  else intent.complete();
}
