import type { FileLock } from "../../platform/locks.ts";
import type { LockWait } from "../../repo/locks.ts";
import type { RepositoryContext } from "../context.ts";

/** Takes a worktree's lock, waiting as long as the caller allows. Before the repository's, never while that is held. */
export async function lockWorktree(
  context: RepositoryContext,
  worktreeId: string,
  operation: string,
): Promise<FileLock> {
  return await context.store.locks.worktree(worktreeId, operation, waiting(context));
}

/** Takes the repository's lock, waiting as long as the caller allows. */
export async function lockRepository(context: RepositoryContext, operation: string): Promise<FileLock> {
  return await context.store.locks.repository(operation, waiting(context));
}

/** Takes every lock that changes are made under: nothing is under way until they are released. */
export async function lockEverything(
  context: RepositoryContext,
  operation: string,
): Promise<Disposable> {
  using held = new DisposableStack();
  // In one order, so that two that do this never wait for each other.
  const ids = context.store.worktrees.list().map((worktree) => worktree.worktree_id).sort();
  for (const id of ids) held.use(await lockWorktree(context, id, operation));
  held.use(await lockRepository(context, operation));
  return held.move();
}

function waiting(context: RepositoryContext): LockWait {
  const timeoutMs = context.lockTimeoutMs ?? context.store.config.get("lock_timeout");
  return { timeoutMs, signal: context.signal };
}
