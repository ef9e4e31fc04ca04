import { DegradationList } from "../../model/degradations.ts";
import type { WorktreeConfig } from "../../model/records.ts";
import { unreadableError } from "../../tree/unreadable.ts";
import { changedBetween } from "./changed_between.ts";
import type { RepositoryContext } from "../context.ts";
import { engineFor } from "../engine_for.ts";
import type { Filled, NewRoot } from "./fill_from_snapshot.ts";
import { lookAt, scanWorktree } from "../look/look.ts";

const NOTHING_IS_LEFT_OUT = "Change the rights: a live fork takes everything, ignored files too.";

/** Makes a payload root from what a worktree holds now, ignored files too. The caller holds that worktree's lock. */
export async function fillFromWorktree(
  context: RepositoryContext,
  { into, name }: NewRoot,
  source: WorktreeConfig,
): Promise<Filled> {
  const { reporter, signal } = context;
  using look = await lookAt(context, source, { rules: null });
  const { scan, table } = look;
  // The second scan must notice every change from now on.
  await look.settle();
  const engine = await engineFor(context, { source: look.root, control: into });
  const result = await engine.clone({
    source: look.root,
    table,
    isComplete: scan.boundaries.size === 0,
    into,
    name,
    as: "worktree",
    reporter,
    signal,
  });
  const refused = [...scan.unreadable, ...result.unreadable.map((index) => table.path(index))];
  if (refused.length > 0) throw unreadableError(refused, NOTHING_IS_LEFT_OUT);
  const degradations = new DegradationList();
  degradations.addAll(scan.degradations);
  degradations.addAll(result.degradations);
  const after = await scanWorktree(look.context, look.root, { known: table });
  for (const path of changedBetween(table, after.table)) {
    degradations.add(
      "changed_during_capture",
      path,
      "it changed while it was copied, so the copy may be of any moment",
    );
  }
  return { degradations, verified: false };
}
