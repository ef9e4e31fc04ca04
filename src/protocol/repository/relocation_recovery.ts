import { canonicalJson } from "../../model/canonical_json.ts";
import type { OpenIntent } from "../../repo/intents.ts";
import type { RepositoryContext } from "../context.ts";
import { finishDecided } from "../change/finish.ts";

/** That an adopted folder is elsewhere is one file: it says so already, or nothing was done. */
export async function recoverRelocation({ store }: RepositoryContext, intent: OpenIntent): Promise<void> {
  const { details, worktree_id } = intent.intent;
  const worktree = store.worktrees.withId(worktree_id);
  const { path, identity } = details;
  const isDone = worktree !== undefined && worktree.path === path && identity !== undefined &&
    canonicalJson(worktree.identity) === canonicalJson(identity);
  if (isDone) await finishDecided(store, intent);
  else intent.complete();
}
