import { JvsError } from "../model/errors.ts";
import type { OpenIntent } from "../repo/intents.ts";
import type { RepositoryContext } from "./define.ts";
import { recoverRelocation } from "./_adoption_recovery.ts";
import { recoverConfig } from "./_config_recovery.ts";
import { finishDecided } from "./_finish.ts";
import { recoverSnapshot } from "./_snapshot_recovery.ts";
import { recoverRef } from "./_ref_recovery.ts";
import { recoverRestore } from "./_restore_recovery.ts";
import { recoverWorktreeChange } from "./_worktree_recovery.ts";

/** Finishes or undoes what an intent began; it may itself be killed and repeated. */
export type Recovery = (context: RepositoryContext, intent: OpenIntent) => Promise<void>;

const RECOVERIES: Readonly<Record<string, Recovery>> = {
  "snapshot": recoverSnapshot,
  "restore": recoverRestore,
  "worktree create": recoverWorktreeChange,
  "worktree fork": recoverWorktreeChange,
  "worktree rename": recoverWorktreeChange,
  "worktree remove": recoverWorktreeChange,
  "ref create": recoverRef,
  "ref delete": recoverRef,
  "config set": recoverConfig,
  "adopt relocate": recoverRelocation,
  // A repository appears whole, with its intent in it: what is left to do is to record that.
  "init": ({ store }, intent) => finishDecided(store, intent),
  "adopt": ({ store }, intent) => finishDecided(store, intent),
};

/**
 * Recovers all that was interrupted on a worktree (null: on the repository as a whole), oldest first. The caller holds
 * the lock that those intents were made under, so whoever began them is gone.
 */
export async function recoverOpenIntents(
  context: RepositoryContext,
  worktreeId: string | null,
): Promise<number> {
  const { intents } = context.store;
  const open = intents.list().filter((intent) => intent.worktree_id === worktreeId);
  open.sort((a, b) => a.started_at < b.started_at ? -1 : 1);
  for (const intent of open) await recoverIntent(context, intents.adopt(intent));
  return open.length;
}

/** Recovers one intent. */
export async function recoverIntent(context: RepositoryContext, intent: OpenIntent): Promise<void> {
  const recovery = RECOVERIES[intent.intent.operation];
  if (recovery === undefined) {
    throw new JvsError(
      "E_FORMAT_UNSUPPORTED",
      `Cannot recover the interrupted "${intent.intent.operation}": this version of jvs does not know it.`,
      { hint: "Run the version of jvs that began it, or a newer one." },
    );
  }
  await recovery(context, intent);
}
