import { isJvsError } from "../../model/errors.ts";
import type { WorktreeConfig } from "../../model/records.ts";
import type { OpenIntent } from "../../repo/intents.ts";
import type { Store } from "../../repo/store.ts";
import type { RepositoryContext } from "../context.ts";

/** A change under way: what it may use, and where it says how far it is. */
export interface Change {
  readonly context: RepositoryContext;
  readonly store: Store;
  readonly intent: OpenIntent;
}

/** A change of one worktree. */
export interface WorktreeChange extends Change {
  /** As it is under the lock. */
  readonly worktree: WorktreeConfig;
}

/** What the audit trail keeps of a change that was made. */
export interface AuditNote {
  readonly target: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/**
 * The last steps of every change: what the audit trail will say is decided before the step that makes the change true,
 * so that recovery can say it too; then `commit` makes it true; then the record is written, `cleanUp` removes what only
 * the intent accounts for, and the intent is done. What fails after the record is a warning: the intent stays, and the
 * next change clears up.
 */
export async function commitChange(
  change: Change,
  operation: string,
  note: AuditNote,
  commit: () => void | Promise<void>,
  cleanUp: () => void | Promise<void> = () => {},
): Promise<void> {
  const { context, intent, store } = change;
  const content = {
    operation,
    actor: context.actor,
    target: note.target,
    fencing_token: null,
    session_id: context.session ?? null,
    reason: context.reason ?? null,
    details: note.details,
    event_id: intent.id,
    after: store.audit.position(),
  };
  intent.decide(content);
  await commit();
  await store.audit.append(content);
  intent.isRecorded = true;
  try {
    await cleanUp();
    intent.complete();
  } catch (error) {
    if (!isJvsError(error)) throw error;
    context.reporter.warn(
      `The ${operation} is done and recorded; but clearing up after it failed, and is left to the next change or ` +
        `\`jvs doctor --repair-runtime\`: ${error.message}`,
    );
  }
}
