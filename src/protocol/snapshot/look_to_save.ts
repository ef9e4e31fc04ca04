import type { Engine } from "../../engine/contract.ts";
import type { WorktreeConfig } from "../../model/records.ts";
import type { RepositoryContext } from "../context.ts";
import { engineFor } from "../engine_for.ts";
import { type Look, lookAt, lookBack } from "../look/look.ts";
import { openWorktree } from "../open_worktree.ts";

/** A worktree that is to be saved, and the engine that works there: to try that costs more than to save a few files. */
export interface LookToSave {
  readonly look: Look;
  readonly probed: Engine;
}

/** Looks at a worktree that is to be saved, whatever it holds; where the clone itself will show that, looks back only. */
export async function lookToSave(context: RepositoryContext, worktree: WorktreeConfig): Promise<LookToSave> {
  using root = openWorktree(context, worktree);
  const { engine: probed } = await engineFor(context, { source: root });
  const remembered = probed.abilities.keepsChangeTimes ? lookBack(context, worktree) : undefined;
  return { look: remembered ?? await lookAt(context, worktree), probed };
}
