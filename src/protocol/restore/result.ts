import { JvsError } from "../../model/errors.ts";
import { grouped } from "../../model/grouped.ts";
import { HOOKS_RUN } from "../../model/hooks.ts";
import { shortId } from "../../model/ids.ts";
import { displayPath } from "../../model/path_text.ts";
import { Degradations, snapshotId, type WorktreeConfig } from "../../model/records.ts";
import { WORKTREE } from "../../model/result_fields.ts";
import { boolean, type Infer, integer, list, nullable, oneOf, record, text } from "../../model/schema.ts";
import type { UserOfFolder } from "../../platform/uses_of_folder.ts";
import type { Store } from "../../repo/store.ts";
import type { RepositoryContext } from "../context.ts";
import { pendingOn } from "../change/locks.ts";
import { isDetached } from "../worktree/which.ts";
import type { RestoreRequest } from "./comparison.ts";
import { RestoreCounts } from "./plan_form.ts";
import type { PreparedRestore } from "./prepare.ts";

/** What a restore gives. */
export const RestoreResult = record({
  sentence: text()
    .about("What was done, in one sentence: for a person, or a model whose memory now differs."),
  worktree: WORKTREE.worktree,
  path: WORKTREE.path,
  snapshot_id: snapshotId().about("The snapshot that was restored."),
  previous_head: nullable(snapshotId()).about(
    "The snapshot that the worktree stood on before; null if on none, or if the worktree is new.",
  ),
  head_snapshot_id: WORKTREE.head_snapshot_id,
  detached: WORKTREE.detached,
  preview: boolean().about("Nothing was changed: the result says what a restore would do."),
  ...RestoreCounts.fields,
  kept: list(text()).about(
    "What stays although the snapshot does not have it: ignored files, mount points. " +
      "These paths are as messages show them, not encoded.",
  ),
  left_alone: list(text()).about(
    "Not touched, as the snapshot does not hold it, or it cannot be read, entered or made here and now. " +
      "These paths are as messages show them, not encoded.",
  ),
  autosave_snapshot_id: nullable(snapshotId()).about(
    "Holds the unsaved work there was; null if nothing was saved.",
  ),
  second_autosave_id: nullable(snapshotId())
    .about("Holds what others wrote while the restore was under way; null if they wrote nothing."),
  verified: boolean().about("Whether restored content was hashed before it became visible."),
  processes: list(record({
    pid: integer().about("Its process id."),
    name: text().about("The program's name."),
    uses: oneOf("folder", "file").about("It stands in the worktree, or has a file in it open."),
  })).about("Other programs at work in the worktree: what they had open may be the replaced file."),
  pending_recovery: list(text()).about(
    "Of a preview: operations that were interrupted; a restore recovers them first, and then plans again.",
  ),
  degradations: Degradations.about("What could not be restored exactly; empty in a preview."),
  hooks: HOOKS_RUN,
});
export type RestoreResult = Infer<typeof RestoreResult>;

const MOST_NAMED = 20;

/** The result of a restore, or of a preview, which has no intent. */
export function resultOf(
  context: RepositoryContext,
  { worktree: before, intent }: { worktree: WorktreeConfig; intent?: { readonly id: string } },
  request: RestoreRequest,
  restored: PreparedRestore,
): RestoreResult {
  const { store } = context;
  const { plan, look, autosaveId } = restored;
  const now = store.worktrees.get(before.name);
  const path = store.worktrees.root(before);
  const result = {
    worktree: before.name,
    path,
    snapshot_id: request.descriptor.snapshot_id,
    previous_head: before.head_snapshot_id,
    head_snapshot_id: now.head_snapshot_id,
    detached: isDetached(now),
    preview: request.preview,
    ...plan.counts,
    kept: plan.kept.map((i) => displayPath(look.table.path(i))),
    left_alone: plan.leftAlone.map((j) => displayPath(restored.then.path(j))),
    autosave_snapshot_id: autosaveId,
    second_autosave_id: restored.secondAutosaveId,
    verified: restored.verified,
    processes: usersOf(store, path, intent?.id),
    pending_recovery: request.preview ? pendingOn(context, before) : [],
    degradations: restored.degradations.toRecord(),
    hooks: [],
  };
  const what = `${request.paths === null ? "" : "paths of "}${shortId(result.snapshot_id)}`;
  const where = `in worktree ${before.name}${restored.direction}`;
  return { sentence: sentenceOf(result, `${what} ${where}`, restored), ...result };
}

/** The processes that work in the worktree, or have open what the restore of this id replaced. */
function usersOf({ platform, layout }: Store, path: string, id: string | undefined): UserOfFolder[] {
  const folders = id === undefined ? [path] : [layout.replaced.at(id).path, path];
  return platform.usersOf(folders).sort((a, b) => a.pid - b.pid);
}

function sentenceOf(
  result: Omit<RestoreResult, "sentence">,
  what: string,
  { givesUp, notSaved }: PreparedRestore,
): string {
  const { changed, added, removed, metadata, folders_added, folders_removed, left_alone } = result;
  const counts = [
    changed > 0 && `${grouped(changed)} ${changed === 1 ? "file" : "files"} changed`,
    removed > 0 && `${grouped(removed)} removed`,
    added > 0 && `${grouped(added)} added`,
    folders_removed > 0 && `${foldersText(folders_removed)} removed`,
    folders_added > 0 && `${foldersText(folders_added)} added`,
    metadata > 0 && `attributes of ${grouped(metadata)} set`,
    left_alone.length > 0 && `${grouped(left_alone.length)} left alone`,
  ].filter((text) => text !== false);
  const how = counts.length === 0 ? "nothing differed" : counts.join(", ");
  const saved = [result.autosave_snapshot_id, result.second_autosave_id].filter((id) => id !== null);
  const but = notSaved.length === 0 ? "" : `, but for ${grouped(notSaved.length)} that cannot be read`;
  const kept = saved.length === 0 ? "" : `; unsaved work kept as ${saved.map(shortId).join(" and ")}${but}`;
  if (result.preview) return `Would restore ${what}: ${how}; nothing was changed.`;
  return `Restored ${what}: ${how}${givesUp ? "; unsaved work given up" : ""}${kept}.`;
}

function foldersText(count: number): string {
  return `${grouped(count)} empty ${count === 1 ? "folder" : "folders"}`;
}

/** For `--strict`: fails if something is not as the snapshot has it. */
export function refuseDegraded({ snapshot_id, preview, left_alone, degradations }: RestoreResult): void {
  const kinds = Object.entries(degradations.counts).map(([kind, count]) => `${kind} ${count}`);
  const paths = left_alone.slice(0, MOST_NAMED).join(", ") + (left_alone.length > MOST_NAMED ? ", …" : "");
  const what = [kinds.join(", "), paths && `left alone ${paths}`].filter((text) => text !== "");
  if (what.length === 0) return;
  const done = preview ? "Would restore" : "Restored";
  throw new JvsError(
    "E_DEGRADED",
    `${done} ${shortId(snapshot_id)}, but not everything could be put back exactly: ${what.join("; ")}`,
    { details: { snapshot_id, left_alone, degradations } },
  );
}
