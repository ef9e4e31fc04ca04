import { isJvsError } from "../../model/errors.ts";
import type { AuditEntry } from "../../repo/audit_record.ts";
import type { OpenIntent } from "../../repo/intents.ts";
import type { Store } from "../../repo/store.ts";
import type { Context, RepositoryContext } from "../context.ts";
import type { AnyChangeKind, AuditNote, Change } from "./kind.ts";

/** The steps of a commit that differ from change to change. */
export interface CommitSteps {
  /** Makes the change true. */
  readonly commit: () => void | Promise<void>;
  /** Removes what only the intent knows of, after the audit record is written; nothing by default. */
  readonly cleanUp?: () => void | Promise<void>;
}

/**
 * The last steps of every change. The audit record is decided in the intent, so that recovery can write it too. `commit`
 * makes the change true. The record is written, `cleanUp` runs, and the intent is removed. An error after the record is
 * only a warning: the intent stays, and the next change cleans up.
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

/** The audit record of a change. */
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

/** Ends the recovery of a change that was done: writes the audit record that was decided, once, and removes the intent. */
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

/** Ends the recovery of a change that has only one step: either that was done, or nothing was. */
export async function finishIf(
  isDone: boolean,
  context: RepositoryContext,
  intent: Pick<OpenIntent, "decided" | "complete" | "isRecorded">,
): Promise<void> {
  if (isDone) await finishDecided(context, intent);
  else intent.complete();
}
