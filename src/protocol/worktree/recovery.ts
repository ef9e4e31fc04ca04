import { isJvsError } from "../../model/errors.ts";
import type { OpenIntent } from "../../repo/intents.ts";
import type { RepositoryContext } from "../context.ts";
import { finishDecided } from "../change/finish.ts";
import { discardStaged, isWorktreeVisible, publishWorktree } from "./publish.ts";
import { putBack } from "./removal.ts";
import { carryOutRenaming, isRenamingBegun } from "./renaming.ts";

/** Finishes or undoes an interrupted change of what worktrees there are. The caller holds that worktree's lock. */
export async function recoverWorktreeChange(context: RepositoryContext, intent: OpenIntent): Promise<void> {
  switch (intent.intent.operation) {
    case "worktree rename":
      return await recoverRenaming(context, intent);
    case "worktree remove":
      return await recoverRemoval(context, intent);
    default:
      return await recoverMaking(context, intent);
  }
}

/**
 * Recovers what was interrupted on worktrees that nobody may ever change again, as they were never made or are gone.
 * Their locks tell whether somebody is still at it: those are left alone.
 */
export async function recoverLostWorktrees(context: RepositoryContext): Promise<void> {
  const { intents, locks } = context.store;
  for (const intent of intents.list()) {
    const { operation, worktree_id } = intent;
    if (worktree_id === null || !operation.startsWith("worktree ")) continue;
    try {
      using _lock = await locks.worktree(worktree_id, `recovery of ${operation}`, { timeoutMs: 0 });
      // Under the lock it may be gone: whoever held it just finished.
      const open = intents.list().find(({ id }) => id === intent.id);
      if (open !== undefined) await recoverWorktreeChange(context, intents.adopt(open));
    } catch (error) {
      if (!isJvsError(error, "E_BUSY")) throw error;
    }
  }
}

/** Once its folder is to be seen somebody may work in it, so then it is finished; before, nothing of it stays. */
async function recoverMaking({ store }: RepositoryContext, intent: OpenIntent): Promise<void> {
  if (isWorktreeVisible(store, intent)) {
    publishWorktree(store, intent);
    return await finishDecided(store, intent);
  }
  await discardStaged(store, intent);
  intent.complete();
}

async function recoverRenaming({ store }: RepositoryContext, intent: OpenIntent): Promise<void> {
  if (!isRenamingBegun(store, intent)) return intent.complete();
  carryOutRenaming(store, intent);
  await finishDecided(store, intent);
}

/** Without its record a worktree is removed, and its content goes; with it everything is put back. */
async function recoverRemoval({ store }: RepositoryContext, intent: OpenIntent): Promise<void> {
  const worktree = store.worktrees.withId(intent.intent.worktree_id);
  if (worktree !== undefined) {
    putBack(store, worktree, intent);
    store.pins.remove(intent.id);
    return intent.complete();
  }
  await discardStaged(store, intent);
  await finishDecided(store, intent);
}
