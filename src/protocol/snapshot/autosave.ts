import type { BytePath } from "../../model/bytes.ts";
import { isJvsError, JvsError } from "../../model/errors.ts";
import type { TreeTable } from "../../tree/table.ts";
import { withIntent } from "../change/commit.ts";
import type { WorktreeContext } from "../change/kind.ts";
import type { Look } from "../look/look.ts";
import { isLeftOut } from "../payload/as_allowed.ts";
import { type Saved, saveSnapshot, snapshotSaving } from "./save_snapshot.ts";

/**
 * Saves what a look saw of the worktree before something changes it: a leaf on the head, which moves nothing. `missing` are the paths that
 * could not be read, so that it does not hold them. SPEC 7.
 */
export async function autosave(
  context: WorktreeContext,
  look: Look,
  note: string,
): Promise<{ snapshotId: string; missing: readonly BytePath[]; table: TreeTable }> {
  try {
    const { descriptor, table } = await autosaveLook(context, look, note, null);
    const missing = [...look.scan.unreadable];
    for (let i = 0; i < table.count; i++) if (isLeftOut(table, i)) missing.push(table.path(i));
    return { snapshotId: descriptor.snapshot_id, missing, table };
  } catch (error) {
    if (!isJvsError(error) || error.code === "E_INTERRUPTED") throw error;
    const { code, details, hint, message } = error;
    throw new JvsError(
      code,
      `Cannot save the unsaved work in "${context.worktree.name}" first, so nothing was changed: ${message}`,
      { hint: `${hint} To go on without saving it, and lose it, say --discard.`, details, cause: error },
    );
  }
}

/** Saves what a look saw as an autosave: all of it (null), or only these paths. */
export async function autosaveLook(
  context: WorktreeContext,
  look: Look,
  note: string,
  paths: readonly string[] | null,
): Promise<Saved> {
  const { name, worktree_id } = context.worktree;
  const begun = { kind: snapshotSaving, target: name, details: {} };
  const how = { tags: [], consistency: "either", skipUnreadable: true, keepLineAs: null } as const;
  return await withIntent(
    context,
    worktree_id,
    begun,
    (intent) => saveSnapshot({ ...context, intent }, look, { kind: "autosave", note, paths, ...how }),
  );
}
