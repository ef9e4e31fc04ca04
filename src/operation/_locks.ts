import type { FileLock } from "../platform/locks.ts";
import type { LockWait } from "../repo/locks.ts";
import type { RepositoryContext } from "./define.ts";

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

function waiting(context: RepositoryContext): LockWait {
  const timeoutMs = context.lockTimeoutMs ?? context.store.config.get("lock_timeout");
  return { timeoutMs, signal: context.signal };
}
