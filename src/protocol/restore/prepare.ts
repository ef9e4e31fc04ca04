import { type BytePath, keyOf } from "../../model/bytes.ts";
import { DegradationList } from "../../model/degradations.ts";
import { FILE } from "../../model/entry.ts";
import { JvsError } from "../../model/errors.ts";
import { shortId } from "../../model/ids.ts";
import { namedPaths } from "../../model/path_text.ts";
import { asHeld } from "../../tree/as_held.ts";
import { needsHash } from "../../tree/diff.ts";
import { FoldersByPath } from "../../tree/folders_by_path.ts";
import type { TreeTable } from "../../tree/table.ts";
import { isReadable } from "../../tree/unreadable.ts";
import type { WorktreeContext } from "../change/kind.ts";
import { isUnsaved } from "../look/compare.ts";
import { asAllowed } from "../payload/as_allowed.ts";
import { type Look, lookAt } from "../look/look.ts";
import { refuseClosed, willVerify } from "../payload/bring_out.ts";
import { autosave } from "../snapshot/autosave.ts";
import { Comparison, ignoredEntries, type RestoreRequest, rulesExcept } from "./comparison.ts";
import { directionTo } from "./head.ts";
import type { RestorePlan } from "./plan.ts";

/** Everything that is known before the first change. At the end it says what was restored. */
export interface PreparedRestore {
  /** The caller of `prepareRestore` closes it; the table of it stays. */
  readonly look: Look;
  /** What the snapshot holds, as this user can hold it here. */
  readonly then: TreeTable;
  readonly plan: RestorePlan;
  /** For each entry of `then` 1 if it is to be restored. */
  readonly scope: Uint8Array;
  /** See `directionTo`. */
  readonly direction: string;
  /** What the autosave or the head holds of the worktree; with `--discard` what the look saw. */
  readonly saved: TreeTable;
  readonly autosaveId: string | null;
  /** Unsaved work that could not be read, so that the autosave does not hold it. It stays as it is. */
  readonly notSaved: readonly BytePath[];
  /** Whether there was unsaved work that was given up, as the user asked. */
  readonly givesUp?: boolean;
  /** The autosave of what other processes wrote during the restore. */
  readonly secondAutosaveId: string | null;
  /** Whether staged content is hashed. */
  readonly verified: boolean;
  readonly degradations: DegradationList;
}

/** Looks, plans, and saves what no snapshot holds; refuses if it cannot be saved. Changes nothing in the worktree. */
export async function prepareRestore(
  context: WorktreeContext,
  request: RestoreRequest,
): Promise<PreparedRestore> {
  const { store, worktree: { head_snapshot_id } } = context;
  using opened = new DisposableStack();
  const look = opened.use(await lookAt(context, context.worktree, { rules: null }));
  // What an earlier restore brought back unread is known by its times alone: here all of it is read.
  if (request.verify === true) look.table.hashed.fill(0);
  if (!request.preview) await look.settle();
  const target = request.descriptor.snapshot_id;
  const readTarget = () => store.snapshots.manifest(target, { verify: true });
  const same = head_snapshot_id === target ? await readTarget() : undefined;
  const ignoredNow = await ignoredEntries(look.table, [look.ownRules]);
  const differs = await isUnsaved(look, head_snapshot_id, { ignored: ignoredNow, read: same });
  const manifest = same ?? await readTarget();
  const then = await asHeld(asAllowed(context, target, manifest), look.table, store.platform.host);
  const comparison = await Comparison.between(look, then, request, ignoredNow);
  await look.hash(await needsHash(then, look.table));
  const firstPlan = await comparison.plan(new Set());
  refuseInTheWay(look, firstPlan);
  const direction = request.paths === null ? await directionTo(store, head_snapshot_id, target) : "";
  const ignoredToo = comparison.ignoredPathsOf(firstPlan);
  const kept = differs || ignoredToo.length > 0
    ? await keepUnsaved(context, request, look, firstPlan, comparison, ignoredToo)
    : { saved: look.table, autosaveId: null, notSaved: [] };
  const plan = kept.notSaved.length === 0
    ? firstPlan
    : await comparison.plan(new Set(kept.notSaved.map(keyOf)));
  refuseInTheWay(look, plan);
  if (request.preview) refuseClosed(store, "restore", target, then, (j) => plan.staged[j] === 1);
  const verified = willVerify(store, request.verify, then, (j) => plan.staged[j] === 1);
  opened.move();
  return {
    look,
    then,
    plan,
    scope: comparison.scope,
    direction,
    ...kept,
    secondAutosaveId: null,
    verified,
    degradations: new DegradationList(),
  };
}

/**
 * Finds out what a restore would do. It takes no lock, recovers nothing and writes no intent: it plans on what is there,
 * even if an interrupted restore left that half done.
 */
export async function previewRestore(
  context: WorktreeContext,
  request: RestoreRequest,
): Promise<PreparedRestore> {
  const prepared = await prepareRestore(context, request);
  prepared.look[Symbol.dispose]();
  return prepared;
}

/** Does with unsaved work what the user wants. `ignoredToo` are the ignored paths that an autosave must hold. */
async function keepUnsaved(
  context: WorktreeContext,
  { descriptor: { snapshot_id }, preview, unsaved }: RestoreRequest,
  look: Look,
  plan: RestorePlan,
  { ignoresSome }: Comparison,
  ignoredToo: readonly Uint8Array[],
): Promise<Pick<PreparedRestore, "saved" | "autosaveId" | "notSaved" | "givesUp">> {
  const id = shortId(snapshot_id);
  const unchanged = { saved: look.table, autosaveId: null };
  if (unsaved === "discard") return { ...unchanged, notSaved: [], givesUp: true };
  if (unsaved === "refuse") {
    throw new JvsError(
      "E_UNSAVED_CHANGES",
      `Cannot restore ${id} in worktree "${context.worktree.name}": it has work that no snapshot holds, and ` +
        "restore.unsaved is set to refuse",
      { hint: "Save it with `jvs snapshot`, or give it up with --discard." },
    );
  }
  // A preview saves nothing; it only finds out what could not be saved.
  if (preview) return { ...unchanged, notSaved: unreadableFiles(look, plan) };
  const rules = rulesExcept(look.ownRules, ignoredToo);
  // This look saw what is ignored too. Where nothing is, another would cost time and memory, and see the same.
  using other = ignoresSome ? await lookAt(context, context.worktree, { rules }) : undefined;
  const { snapshotId, missing, table } = await autosave(context, other ?? look, `before restoring ${id}`);
  return { saved: table, autosaveId: snapshotId, notSaved: missing };
}

/** The files that the plan takes away or changes and the caller may not read: no autosave could hold them. */
function unreadableFiles({ root, table }: Look, { touched, metadata }: RestorePlan): BytePath[] {
  using folders = new FoldersByPath(root);
  const files = [...touched, ...metadata.map(({ now }) => now)].filter((i) => table.type[i] === FILE);
  return files.map((i) => table.path(i)).filter((path) => !isReadable(folders, path));
}

function refuseInTheWay({ worktree, table }: Look, { inTheWay }: RestorePlan): void {
  if (inTheWay.length === 0) return;
  const paths = inTheWay.map((i) => table.path(i));
  throw new JvsError(
    "E_UNSAVED_CHANGES",
    `Cannot restore worktree "${worktree.name}": these stand where the snapshot has something else, and cannot be ` +
      `saved: ${namedPaths(paths)}. Nothing was changed`,
    { hint: "Unmount or move them away, or make them readable, then restore again." },
  );
}
