import { JvsError } from "../../model/errors.ts";
import { quoted } from "../../model/path_text.ts";
import type { Intent, WorktreeConfig } from "../../model/records.ts";
import { userNameOf } from "../../platform/host_names.ts";
import type { Recoverable, RepositoryContext } from "../context.ts";
import type { AnyChangeKind } from "./kind.ts";

/**
 * Recovers every interrupted change of a worktree (null: of the repository as a whole), the oldest first. The caller holds
 * the lock under which those intents were made, so their processes are gone. Returns how many there were.
 */
export async function recoverOpenIntents(
  context: RepositoryContext,
  worktreeId: string | null,
): Promise<number> {
  const open = context.store.intents.list().filter((intent) => intent.worktree_id === worktreeId);
  for (const intent of open) await recoverInterrupted(context, intent);
  return open.length;
}

/** Recovers what an intent of another process began. The caller holds the lock under which it was made. */
export async function recoverInterrupted(context: RepositoryContext, intent: Intent): Promise<void> {
  const kind = await context.kindOf(intent.operation);
  if (kind === undefined) throw unknownKind(intent);
  await recoverAs(context, kind, intent);
}

async function recoverAs(context: RepositoryContext, kind: Recoverable, intent: Intent): Promise<void> {
  const { intents } = context.store;
  const maker = intents.distrustedMaker(intent);
  if (kind.touchesFiles === true && maker !== undefined) throw madeByAnother(intent, maker);
  await kind.recover(context, intents.takeOver(kind, intent));
}

/** Recovers only interrupted changes of these kinds, for a change that repairs what the recovery of others needs. */
export async function recoverOnly(
  context: RepositoryContext,
  worktreeId: string,
  kinds: readonly AnyChangeKind[],
): Promise<void> {
  const { intents } = context.store;
  for (const intent of intents.list()) {
    const kind = kinds.find(({ operation }) => operation === intent.operation);
    if (kind === undefined || intent.worktree_id !== worktreeId) continue;
    await recoverAs(context, kind, intent);
  }
}

/** The interrupted operations on a worktree, which the next change recovers first. */
export function pendingOn({ store }: RepositoryContext, worktree: WorktreeConfig): string[] {
  return store.intents.list()
    .filter((intent) => intent.worktree_id === worktree.worktree_id && store.intents.isAbandoned(intent))
    .map((intent) => intent.operation);
}

function unknownKind({ operation }: Intent): JvsError {
  return new JvsError(
    "E_FORMAT_UNSUPPORTED",
    `Cannot recover the interrupted "${operation}": this version of jvs does not know it`,
    { hint: "Run the version of jvs that began it, or a newer one." },
  );
}

/** What another member wrote could be made up, to have the caller's own files changed. */
function madeByAnother({ operation, target }: Intent, uid: number): JvsError {
  const user = userNameOf(uid);
  return new JvsError(
    "E_PERMISSION",
    `Cannot go on before the interrupted "${operation}" of ${
      quoted(target)
    } is recovered, and only user ${user}, who began it, may do that`,
    { hint: `Have ${user} run \`jvs doctor --repair-runtime\` here.`, details: { operation, target, user } },
  );
}
