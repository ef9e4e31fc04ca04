import type { WorktreeConfig } from "../../model/records.ts";
import type { RepositoryContext } from "../context.ts";
import { engineFor } from "../engine_for.ts";
import { type Look, lookAt, lookBack } from "../look/look.ts";
import { openWorktree } from "../open_worktree.ts";

/** Looks at a worktree that is to be saved, whatever it holds; where the clone itself will show that, looks back only. */
export async function lookToSave(context: RepositoryContext, worktree: WorktreeConfig): Promise<Look> {
  using root = openWorktree(context, worktree);
  const { engine } = await engineFor(context, { source: root });
  const remembered = engine.abilities.keepsChangeTimes ? lookBack(context, worktree) : undefined;
  return remembered ?? await lookAt(context, worktree);
}
