import type { FileLock } from "../../platform/locks.ts";
import type { LockWait } from "../../repo/locks.ts";
import type { RepositoryContext } from "../context.ts";

/** Takes a worktree's lock. It comes before the repository's lock; do not call this while you hold that. */
export async function lockWorktree(
  context: RepositoryContext,
  worktreeId: string,
  operation: string,
): Promise<FileLock> {
  return await context.store.locks.worktree(worktreeId, operation, waiting(context));
}

/** Takes the repository's lock. */
export async function lockRepository(context: RepositoryContext, operation: string): Promise<FileLock> {
  return await context.store.locks.repository(operation, waiting(context));
}

/** Takes all locks, so that no change is under way until they are released. */
export async function lockEverything(
  context: RepositoryContext,
  operation: string,
): Promise<Disposable> {
  using held = new DisposableStack();
  // Always in this order, so that two processes that do it never wait for each other.
  const ids = context.store.worktrees.list().map((worktree) => worktree.worktree_id).sort();
  for (const id of ids) held.use(await lockWorktree(context, id, operation));
  held.use(await lockRepository(context, operation));
  return held.move();
}

function waiting(context: RepositoryContext): LockWait {
  const timeoutMs = context.lockTimeoutMs ?? context.store.config.get("lock_timeout");
  return { timeoutMs, signal: context.signal };
}
