import type { BytePath } from "../model/bytes.ts";
import { JvsError } from "../model/errors.ts";
import { shortId } from "../model/ids.ts";
import { decodePath, displayPath } from "../model/path_text.ts";
import { Degradations, type Descriptor, snapshotId, type WorktreeConfig } from "../model/records.ts";
import { boolean, type Infer, integer, list, nullable, oneOf, record, text } from "../model/schema.ts";
import { resolveSnapshot } from "../repo/resolve.ts";
import { changeWorktree } from "./_change/change.ts";
import { defineOperation, type RepositoryContext } from "./define.ts";
import { pathsInWorktree } from "./_look/paths.ts";
import { pendingOn } from "./_look/pending.ts";
import { type Restored, restoreInPlace } from "./_restore/in_place.ts";
import { previewRestore } from "./_restore/preview.ts";
import type { RestoreRequest } from "./_restore/request.ts";
import { isDetached, requireWorktree } from "./_worktree/which.ts";
import { createWorktreeFrom } from "./_worktree/create.ts";

/** What a restore gives. */
export const RestoreResult = record({
  sentence: text().about(
    "What went back, in one sentence: for a person, or a model whose memory now differs.",
  ),
  worktree: text(),
  path: text(),
  snapshot_id: snapshotId(),
  previous_head: nullable(snapshotId()),
  head_snapshot_id: nullable(snapshotId()),
  detached: boolean(),
  preview: boolean(),
  changed: integer(),
  added: integer(),
  removed: integer(),
  metadata: integer().about(
    "Entries whose content stayed and whose mode, owner, times or attributes were set.",
  ),
  folders_added: integer().about("Folders that came and hold no file."),
  folders_removed: integer().about("Folders that went and held no file."),
  kept: list(text()).about("What stays although the snapshot does not have it: ignored files, mount points."),
  left_alone: list(text()).about(
    "Not touched, as the snapshot does not hold it, or it cannot be read, entered or made here and now.",
  ),
  autosave_snapshot_id: nullable(snapshotId()).about("Holds the unsaved work there was."),
  second_autosave_id: nullable(snapshotId()).about(
    "Holds what others wrote while the restore was under way.",
  ),
  verified: boolean().about("Whether restored content was hashed before it became visible."),
  processes: list(record({
    pid: integer(),
    name: text(),
    uses: oneOf("folder", "file").about("It stands in the worktree, or has a file in it open."),
  })).about("Other programs at work in the worktree: what they had open may be the replaced file."),
  pending_recovery: list(text()).about(
    "Of a preview: operations that were interrupted; a restore recovers them first, and then plans anew.",
  ),
  degradations: Degradations,
});
type RestoreResult = Infer<typeof RestoreResult>;

const Input = record({
  snapshot: text().about("The snapshot to go back to; HEAD means the newest of this line.")
    .cli({ positional: true, completes: "snapshot" }),
  paths: list(text()).default([]).about("Just these paths; the worktree's place in its history stays.")
    .cli({ many: true, placeholder: "PATH", completes: "path" }),
  worktree: text().optional().about("Another worktree than the one you are in.")
    .cli({ placeholder: "NAME", completes: "worktree" }),
  preview: boolean().default(false).about("Say what would be done, and change nothing."),
  discard: boolean().default(false).about("Give unsaved work up instead of saving it first."),
  name: text().optional().about(
    "Leave this worktree alone and make a new one of this name (made up when left out).",
  )
    .cli({ placeholder: "WORKTREE", bare: "" }),
  verify: boolean().optional().about(
    "Hash restored content before it becomes visible, however much; or never.",
  ),
  strict: boolean().default(false).about("Fail when something could not be put back exactly."),
  inplace: boolean().default(false).about("Accepted: in place is what it does.").cli({ hidden: true }),
  force: boolean().default(false).about("Accepted: the same as --discard.").cli({ hidden: true }),
}, { closed: true });

/** Makes the worktree equal a snapshot, without ever losing unsaved work. docs/design/restore.md. */
export const restore = defineOperation({
  name: "restore",
  summary: "Make the worktree equal a snapshot; unsaved work is saved first",
  about:
    "Only what differs is touched. What no snapshot holds yet is saved as an autosave first, and its id printed. " +
    "Ignored files stay. Interrupted at any moment, the tree is wholly old or wholly new.",
  examples: [
    ["jvs restore 3f2a", "goes back to that snapshot"],
    ["jvs restore HEAD", "returns to the newest snapshot of the line"],
    ["jvs restore v1 --paths src data/train.csv", "brings just these paths back"],
    ["jvs restore v1 --preview", "says what would change"],
  ],
  changes: "worktree",
  input: Input,
  output: RestoreResult,
  async run(context, input) {
    const worktree = requireWorktree(context, input.worktree);
    // As an argument of restore, HEAD means the newest: that is how one gets back. SPEC 7.
    const word = input.snapshot === "HEAD" ? "LATEST" : input.snapshot;
    const id = await resolveSnapshot(context.store, word, { worktree, forProgram: context.forProgram });
    const descriptor = await restorable(context, id);
    if (input.name !== undefined) return await restoreBeside(context, worktree, descriptor, input.name);
    const scope = input.paths.length === 0 ? null : pathsInWorktree(context, worktree, input.paths);
    const request: RestoreRequest = {
      descriptor,
      paths: scope ?? ownPaths(descriptor),
      named: scope !== null,
      unsaved: input.discard || input.force ? "discard" : context.store.config.get("restore.unsaved"),
      verify: input.verify,
      preview: input.preview,
    };
    const result = input.preview
      ? await preview(context, worktree, request)
      : await changeTo(context, worktree, request);
    if (input.strict) refuseDegraded(result);
    return result;
  },
});

async function preview(
  context: RepositoryContext,
  worktree: WorktreeConfig,
  request: RestoreRequest,
): Promise<RestoreResult> {
  let result: RestoreResult | undefined;
  await previewRestore({ context, store: context.store, worktree }, request, (restored) => {
    result = resultOf(context, worktree, request, restored);
  });
  return result as RestoreResult;
}

async function changeTo(
  context: RepositoryContext,
  worktree: WorktreeConfig,
  request: RestoreRequest,
): Promise<RestoreResult> {
  const { snapshot_id } = request.descriptor;
  const options = {
    operation: "restore",
    target: snapshot_id,
    details: { snapshot_id },
  };
  return await changeWorktree(context, worktree, options, async (change) => {
    let result: RestoreResult | undefined;
    await restoreInPlace(change, request, (restored) => {
      result = resultOf(context, change.worktree, request, restored);
    });
    return result as RestoreResult;
  });
}

/** Leaves the worktree alone and makes another one that stands on the snapshot. */
async function restoreBeside(
  context: RepositoryContext,
  from: WorktreeConfig,
  descriptor: Descriptor,
  name: string,
): Promise<RestoreResult> {
  const { snapshot_id, stats } = descriptor;
  const chosen = name === "" ? `${from.name}-${shortId(snapshot_id)}` : name;
  const made = await createWorktreeFrom(context, { name: chosen, snapshotId: snapshot_id });
  return {
    sentence: `made worktree ${made.worktree.name} as ${
      shortId(snapshot_id)
    } was; ${from.name} was left alone`,
    worktree: made.worktree.name,
    path: made.path,
    snapshot_id,
    previous_head: null,
    head_snapshot_id: snapshot_id,
    detached: false,
    preview: false,
    changed: 0,
    added: stats.files + stats.symlinks + stats.other,
    removed: 0,
    metadata: 0,
    folders_added: 0,
    folders_removed: 0,
    kept: [],
    left_alone: [],
    autosave_snapshot_id: null,
    second_autosave_id: null,
    verified: made.verified,
    processes: [],
    pending_recovery: [],
    degradations: made.degradations.toRecord(),
  };
}

/** A snapshot of some paths only touches those. */
function ownPaths(descriptor: Descriptor): BytePath[] | null {
  return descriptor.paths === null ? null : descriptor.paths.map(decodePath);
}

async function restorable({ store }: RepositoryContext, id: string): Promise<Descriptor> {
  const descriptor = await store.snapshots.descriptor(id);
  if (store.snapshots.exists(id)) return descriptor;
  throw new JvsError(
    "E_NOT_FOUND",
    `Cannot restore ${shortId(id)}: its content was pruned; only its place in the history was kept.`,
    {
      hint: "Restore another snapshot; `jvs history` marks those that were pruned.",
      details: { snapshot_id: id },
    },
  );
}

function resultOf(
  context: RepositoryContext,
  before: WorktreeConfig,
  request: RestoreRequest,
  { plan, look, then, autosaveId, notSaved, secondAutosaveId, verified, degradations }: Restored,
): RestoreResult {
  const { store } = context;
  const now = store.worktrees.get(before.name);
  const result = {
    worktree: before.name,
    path: store.worktrees.root(before),
    snapshot_id: request.descriptor.snapshot_id,
    previous_head: before.head_snapshot_id,
    head_snapshot_id: now.head_snapshot_id,
    detached: isDetached(now),
    preview: request.preview,
    ...plan.counts,
    kept: plan.kept.map((i) => displayPath(look.table.path(i))),
    left_alone: plan.leftAlone.map((j) => displayPath(then.path(j))),
    autosave_snapshot_id: autosaveId,
    second_autosave_id: secondAutosaveId,
    verified,
    processes: store.platform.usersOf(store.worktrees.root(before)),
    pending_recovery: request.preview ? pendingOn(context, before) : [],
    degradations: degradations.toRecord(),
  };
  return { sentence: sentenceOf(result, notSaved.length), ...result };
}

function sentenceOf(result: Omit<RestoreResult, "sentence">, notSaved: number): string {
  const { changed, added, removed, metadata, folders_added, folders_removed } = result;
  const counts = [
    ...(changed > 0 ? [`${changed} ${changed === 1 ? "file" : "files"} changed`] : []),
    ...(removed > 0 ? [`${removed} removed`] : []),
    ...(added > 0 ? [`${added} added`] : []),
    ...(folders_removed > 0 ? [`${foldersText(folders_removed)} removed`] : []),
    ...(folders_added > 0 ? [`${foldersText(folders_added)} added`] : []),
    ...(metadata > 0 ? [`attributes of ${metadata} set`] : []),
  ];
  const what = counts.length === 0 ? "nothing differed" : counts.join(", ");
  const saved = [result.autosave_snapshot_id, result.second_autosave_id].filter((id) => id !== null);
  const but = notSaved === 0 ? "" : `, but for ${notSaved} that cannot be read`;
  const kept = saved.length === 0 ? "" : `; unsaved work kept as ${saved.map(shortId).join(" and ")}${but}`;
  const verb = result.preview ? "would roll back" : "rolled back";
  return `${verb} to ${shortId(result.snapshot_id)}: ${what}${kept}`;
}

function foldersText(count: number): string {
  return `${count} empty ${count === 1 ? "folder" : "folders"}`;
}

function refuseDegraded({ snapshot_id, degradations }: RestoreResult): void {
  const kinds = Object.entries(degradations.counts);
  if (kinds.length === 0) return;
  const counts = kinds.map(([kind, count]) => `${kind} ${count}`).join(", ");
  throw new JvsError(
    "E_DEGRADED",
    `Restored ${shortId(snapshot_id)}, but not everything could be put back exactly: ${counts}.`,
    { details: { snapshot_id, degradations } },
  );
}
