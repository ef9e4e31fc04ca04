import { type BytePath, keyOf } from "../../model/bytes.ts";
import { DegradationList } from "../../model/degradations.ts";
import { FILE } from "../../model/entry.ts";
import { JvsError } from "../../model/errors.ts";
import { shortId } from "../../model/ids.ts";
import { namedPaths } from "../../model/path_text.ts";
import { phase, silentReporter } from "../../model/progress.ts";
import { asHeld } from "../../tree/as_held.ts";
import { needsHash } from "../../tree/diff.ts";
import { FoldersByPath } from "../../tree/folders_by_path.ts";
import type { TreeTable } from "../../tree/table.ts";
import { isReadable } from "../../tree/unreadable.ts";
import type { WorktreeContext } from "../change/kind.ts";
import { isUnsaved } from "../look/compare.ts";
import { asAllowed } from "../payload/as_allowed.ts";
import { type Look, lookAt } from "../look/look.ts";
import { clonesWhole, refuseClosed, willVerify } from "../payload/bring_out.ts";
import { autosave } from "../snapshot/autosave.ts";
import { Comparison, ignoredEntries, type RestoreRequest, rulesExcept } from "./comparison.ts";
import { foldersInUse } from "./folders_in_use.ts";
import { directionTo } from "./head.ts";
import type { RestorePlan } from "./plan_form.ts";

/** Everything that is known before the first change. At the end it says what was restored. */
export interface PreparedRestore {
  /** The caller of `prepareRestore` closes it; the table of it stays. */
  readonly look: Look;
  /** What the snapshot holds, as this user can hold it here. */
  readonly then: TreeTable;
  readonly plan: RestorePlan;
  /** For each entry of `then` 1 if it is to be restored. */
  readonly scope: Uint8Array;
  /** For each entry of the look 1 if the worktree's own rules ignore it. */
  readonly ignored: Uint8Array;
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

/**
 * Looks, plans, and saves what no snapshot holds; refuses if it cannot be saved. Changes nothing in the worktree; for a
 * preview, nothing at all.
 */
export async function prepareRestore(
  context: WorktreeContext,
  request: RestoreRequest,
): Promise<PreparedRestore> {
  const { store, worktree: { head_snapshot_id } } = context;
  const target = request.descriptor.snapshot_id;
  using _phase = phase(context.reporter, "planning");
  using opened = new DisposableStack();
  const look = opened.use(await lookAt(context, context.worktree, { rules: null }));
  // What an earlier restore brought back unread is known by its times alone: here all of it is read.
  if (request.verify === true) look.table.hashed.fill(0);
  if (!request.preview) await look.settle();
  const ignored = await ignoredEntries(look.table, [look.ownRules]);
  const unheld = ignored.slice();
  let read = head_snapshot_id === target
    ? await store.snapshots.manifestOf(request.descriptor, { verify: true })
    : undefined;
  const differs = await isUnsaved(look, head_snapshot_id, unheld, read);
  let planned: Planned | undefined = await planOn(look, context, request, [], read);
  const direction = request.paths === null ? await directionTo(store, head_snapshot_id, target) : "";
  let kept: Kept = { saved: look.table, autosaveId: null, notSaved: [] };
  if (differs || planned.losses.some((i) => unheld[i] === 1)) {
    if (request.unsaved === "refuse") throw unsavedChanges(context, target);
    if (request.unsaved === "discard") kept = { ...kept, givesUp: true };
    // A preview saves nothing; it only finds out what could not be saved.
    else if (request.preview) kept = { ...kept, notSaved: unreadableFiles(look, planned.plan) };
    else {
      const ignoredToo = planned.losses.filter((i) => ignored[i] === 1).map((i) => look.table.path(i));
      planned = read = undefined; // the autosave needs as much memory
      using _saving = phase(context.reporter, "saving unsaved work");
      kept = await keepUnsaved(context, look, ignored, ignoredToo, `before restoring ${shortId(target)}`);
    }
  }
  if (planned === undefined || kept.notSaved.length > 0) {
    const quiet = { ...context, reporter: silentReporter }; // what there is to warn of was said before
    planned = await planOn(look, quiet, request, kept.notSaved, read);
  }
  const { then, plan, scope } = planned;
  const isStaged = (j: number) => plan.staged[j] === 1;
  if (request.preview) refuseClosed(store, "restore", target, then, isStaged);
  const verified = await willVerify(context, {
    action: "restore",
    entriesMoveOut: true,
    asked: request.verify,
    manifest: then,
    snapshotId: target,
    wanted: isStaged,
  });
  opened.move();
  const degradations = new DegradationList();
  const known = { look, then, plan, scope, ignored, direction, ...kept };
  return { ...known, secondAutosaveId: null, verified, degradations };
}

/** What became of unsaved work. */
type Kept = Pick<PreparedRestore, "saved" | "autosaveId" | "notSaved" | "givesUp">;

/** A plan, and the entries of the worktree that lose something by it. */
type Planned = Pick<PreparedRestore, "then" | "plan" | "scope"> & { readonly losses: readonly number[] };

/** Plans on what was seen; refuses if something that must stay is in the way. `notSaved` must stay. */
async function planOn(
  look: Look,
  context: WorktreeContext,
  request: RestoreRequest,
  notSaved: readonly BytePath[],
  read: TreeTable | undefined,
): Promise<Planned> {
  const { store } = context;
  const target = request.descriptor.snapshot_id;
  const manifest = read ?? await store.snapshots.manifestOf(request.descriptor, { verify: true });
  const allowed = asAllowed(context, request.descriptor, manifest);
  const then = await asHeld(allowed, look.table, store.platform.host);
  const comparison = await Comparison.between(look, then, request);
  if (then !== read) await look.hash(await needsHash(then, look.table)); // else `isUnsaved` did that
  // Where entries are renamed out of a clone of the whole payload, the renames are what a restore costs.
  const isWhole = await clonesWhole(context, target, { action: "restore", entriesMoveOut: true });
  const inUse = () => foldersInUse(store.platform, look.root, look.table);
  const plan = await comparison.plan(new Set(notSaved.map(keyOf)), isWhole ? inUse : undefined);
  refuseInTheWay(look, plan);
  return { then, plan, scope: comparison.scope, losses: comparison.losses(plan) };
}

/** Saves unsaved work in an autosave, with these of the ignored paths too. */
async function keepUnsaved(
  context: WorktreeContext,
  look: Look,
  ignored: Uint8Array,
  ignoredToo: readonly BytePath[],
  note: string,
): Promise<Kept> {
  const rules = rulesExcept(look.ownRules, ignoredToo);
  // This look saw what is ignored too. Where nothing is, another would cost time and memory, and see the same.
  using other = ignored.includes(1) ? await lookAt(context, context.worktree, { rules }) : undefined;
  const { snapshotId, missing, table } = await autosave(context, other ?? look, note);
  return { saved: table, autosaveId: snapshotId, notSaved: missing };
}

function unsavedChanges({ worktree }: WorktreeContext, target: string): JvsError {
  return new JvsError(
    "E_UNSAVED_CHANGES",
    `Cannot restore ${
      shortId(target)
    } in worktree "${worktree.name}": it has work that no snapshot holds, and ` +
      "restore.unsaved is set to refuse",
    { hint: "Save it with `jvs snapshot`, or give it up with --discard." },
  );
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
