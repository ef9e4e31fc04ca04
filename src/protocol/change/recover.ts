import { JvsError } from "../../model/errors.ts";
import type { OpenIntent } from "../../repo/intents.ts";
import type { RepositoryContext } from "../context.ts";

/** Finishes or undoes what an intent began; it may itself be killed and repeated. */
export type Recovery = (context: RepositoryContext, intent: OpenIntent) => Promise<void>;

const ofSnapshot = async () => (await import("../snapshot/recovery.ts")).recoverSnapshot;
const ofRestore = async () => (await import("../restore/recovery.ts")).recoverRestore;
const ofWorktree = async () => (await import("../worktree/recovery.ts")).recoverWorktreeChange;
const ofRef = async () => (await import("./ref_recovery.ts")).recoverRef;
const ofConfig = async () => (await import("./config_recovery.ts")).recoverConfig;
const ofRelocation = async () => (await import("../repository/relocation_recovery.ts")).recoverRelocation;
// A repository appears whole, with its intent in it: what is left to do is to record that.
const ofBeginning = async (): Promise<Recovery> => {
  const { finishDecided } = await import("./finish.ts");
  return ({ store }, intent) => finishDecided(store, intent);
};

/** By the operation that was interrupted. Loaded when there is something to recover, as there hardly ever is. */
const RECOVERIES: Readonly<Record<string, () => Promise<Recovery>>> = {
  "snapshot": ofSnapshot,
  "restore": ofRestore,
  "worktree create": ofWorktree,
  "worktree fork": ofWorktree,
  "worktree rename": ofWorktree,
  "worktree remove": ofWorktree,
  "ref create": ofRef,
  "ref delete": ofRef,
  "config set": ofConfig,
  "adopt relocate": ofRelocation,
  "init": ofBeginning,
  "adopt": ofBeginning,
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
  const load = RECOVERIES[intent.intent.operation];
  if (load === undefined) {
    throw new JvsError(
      "E_FORMAT_UNSUPPORTED",
      `Cannot recover the interrupted "${intent.intent.operation}": this version of jvs does not know it`,
      { hint: "Run the version of jvs that began it, or a newer one." },
    );
  }
  const recover = await load();
  await recover(context, intent);
}
