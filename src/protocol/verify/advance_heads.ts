import type { JvsError } from "../../model/errors.ts";
import { advanceTo, headAdvance, keepAll } from "../snapshot/catch_up.ts";
import { changeWorktree } from "../change/change.ts";
import type { RepositoryContext } from "../context.ts";
import { type NextLine, nextLine, unknownTo } from "../../repo/unknown_snapshots.ts";
import { signatureProblemOf } from "../signing/require_signature.ts";
import { describedIn, orphansOf } from "./check.ts";
import { unlessHeld } from "./unless_held.ts";

/**
 * Moves the head of each worktree to which a kill left one to move. Throws, after all others were moved, if a snapshot is not
 * signed as it must be: a forged one must not become what its worktree goes on from.
 */
export async function advanceHeads(context: RepositoryContext): Promise<string[]> {
  const { store } = context;
  const mended: string[] = [];
  const refused: JvsError[] = [];
  for (const { id, line, worktree } of orphansOf(store, await describedIn(store, []))) {
    if (line === undefined) continue;
    const problem = await signatureProblemOf(store, await store.snapshots.descriptor(id));
    if (problem !== undefined) {
      refused.push(problem);
      continue;
    }
    await unlessHeld(context, async () => {
      if (await advance(context, worktree, line)) {
        mended.push(`Moved the head of worktree "${worktree}" to ${id}.`);
      }
    });
  }
  if (refused[0] !== undefined) throw refused[0];
  return mended;
}

/** False if the head was moved meanwhile, or something else was saved in the worktree. */
async function advance(context: RepositoryContext, name: string, line: NextLine): Promise<boolean> {
  const { store } = context;
  const begun = { kind: headAdvance, target: line.end, details: {}, claims: { snapshot_id: line.end } };
  return await changeWorktree(context, store.worktrees.get(name), begun, async (change) => {
    const { unknown, unread } = await unknownTo(store, change.worktree);
    const now = nextLine(change.worktree, unknown);
    if (now?.end !== line.end) {
      change.intent.complete();
      return false;
    }
    await keepAll(change, change.worktree, { unknown: [], unread });
    await advanceTo(change, change.worktree, now);
    return true;
  });
}
