import { phase } from "../../model/progress.ts";
import { JvsError } from "../../model/errors.ts";
import { quoted } from "../../model/path_text.ts";
import type { Intent, WorktreeConfig } from "../../model/records.ts";
import { userNameOf } from "../../platform/host_names.ts";
import type { FileLock } from "../../platform/locks.ts";
import type { Distrusted } from "../../repo/intents.ts";
import type { LockWait } from "../../repo/locks.ts";
import type { Recoverable, RepositoryContext } from "../context.ts";
import { refuseHeldByOther } from "./guard.ts";
import type { AnyChangeKind } from "./kind.ts";

/** Takes a worktree's lock. It comes before the repository's lock; do not call this while you hold that. */
export async function lockWorktree(
  context: RepositoryContext,
  worktreeId: string,
  operation: string,
): Promise<FileLock> {
  using _phase = phase(context.reporter, "taking the lock");
  return await context.store.locks.worktree(worktreeId, operation, waiting(context));
}

/** Takes the repository's lock. */
export async function lockRepository(context: RepositoryContext, operation: string): Promise<FileLock> {
  using _phase = phase(context.reporter, "taking the lock");
  return await context.store.locks.repository(operation, waiting(context));
}

/** Takes the lock of garbage collections, which comes before the repository's. */
export async function lockCollection(context: RepositoryContext, operation: string): Promise<FileLock> {
  using _phase = phase(context.reporter, "taking the lock");
  return await context.store.locks.collection(operation, waiting(context));
}

/** Takes all locks, so that no change is under way until they are released. */
export async function lockEverything(
  context: RepositoryContext,
  operation: string,
): Promise<Disposable> {
  using held = new DisposableStack();
  // Always in this order, so that two processes that do it never wait for each other.
  held.use(await lockCollection(context, operation));
  const ids = context.store.worktrees.list().map((worktree) => worktree.worktree_id).sort();
  for (const id of ids) held.use(await lockWorktree(context, id, operation));
  held.use(await lockRepository(context, operation));
  return held.move();
}

function waiting(context: RepositoryContext): LockWait {
  const timeoutMs = context.lockTimeoutMs ?? context.store.config.get("lock_timeout");
  return { timeoutMs, signal: context.signal };
}

/** Takes the lock of a worktree (null: of the repository) and recovers what was interrupted. Returns how many changes. */
export async function recoverUnderLock(
  context: RepositoryContext,
  worktreeId: string | null,
): Promise<number> {
  using _lock = worktreeId === null
    ? await lockRepository(context, "doctor")
    : await lockWorktree(context, worktreeId, "doctor");
  return await recoverOpenIntents(context, worktreeId);
}

const RECOVER = (name: string) => `recover what was interrupted in worktree "${name}"`;

/**
 * Recovers every interrupted change of a worktree (null: of the repository as a whole), the oldest first. The caller holds
 * the lock under which those intents were made, so their processes are gone. Returns how many there were. Those of a worktree
 * that another session holds are left to that session: `E_LOCK_CONFLICT`.
 */
export async function recoverOpenIntents(
  context: RepositoryContext,
  worktreeId: string | null,
): Promise<number> {
  const open = context.store.intents.list().filter((intent) => intent.worktree_id === worktreeId);
  const rest: Intent[] = [];
  for (const intent of open) {
    if ((await context.kindOf(intent.operation))?.isOfLease) await recoverInterrupted(context, intent);
    else rest.push(intent);
  }
  if (rest.length > 0 && worktreeId !== null) await refuseHeldByOther(context, worktreeId, RECOVER);
  for (const intent of rest) {
    using _phase = phase(context.reporter, "recovering");
    await recoverInterrupted(context, intent);
  }
  return open.length;
}

/** Recovers what an intent of another process began. The caller holds the lock under which it was made. */
export async function recoverInterrupted(context: RepositoryContext, intent: Intent): Promise<void> {
  const kind = await context.kindOf(intent.operation);
  if (kind !== undefined) return await recoverAs(context, kind, intent);
  throw new JvsError(
    "E_FORMAT_UNSUPPORTED",
    `Cannot recover the interrupted "${intent.operation}": this version of jvs does not know it`,
    { hint: "Run the version of jvs that began it, or a newer one." },
  );
}

async function recoverAs(context: RepositoryContext, kind: Recoverable, intent: Intent): Promise<void> {
  const { intents } = context.store;
  const why = kind.touchesFiles === true ? intents.distrust(intent) : undefined;
  if (why === undefined) return await kind.recover(context, intents.takeOver(kind, intent));
  throw distrusted(intent, why);
}

/** What another member wrote could be made up, to have the caller's own files changed. */
function distrusted({ operation, target }: Intent, { misplaced, user: uid }: Distrusted): JvsError {
  const user = userNameOf(uid);
  const before = `Cannot go on before the interrupted "${operation}" of ${quoted(target)} is recovered, and `;
  if (misplaced === undefined) {
    return new JvsError("E_PERMISSION", `${before}only user ${user}, who began it, may do that`, {
      hint: `Have ${user} run \`jvs doctor --repair-runtime\` here.`,
      details: { operation, target, user },
    });
  }
  return new JvsError(
    "E_PERMISSION",
    `${before}"${misplaced}" may be forged: any member can put such a file there`,
    {
      hint:
        "JVS does nothing that it says. See whether the worktree is as it should be, then remove that file.",
      details: { operation, target, path: misplaced },
    },
  );
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
