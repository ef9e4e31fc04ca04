import type { BytePath } from "../model/bytes.ts";
import { JvsError } from "../model/errors.ts";
import { shortId } from "../model/ids.ts";
import { decodePath } from "../model/path_text.ts";
import type { Descriptor, WorktreeConfig } from "../model/records.ts";
import { boolean, type Infer, list, record, text } from "../model/schema.ts";
import { resolveSnapshot } from "../repo/resolve.ts";
import { changeWorktree } from "../protocol/change/change.ts";
import { defineOperation } from "./define.ts";
import type { RepositoryContext } from "../protocol/context.ts";
import { pathsInWorktree } from "../protocol/look/paths.ts";
import { restoreInPlace, restoring } from "../protocol/restore/in_place.ts";
import { previewRestore } from "../protocol/restore/prepare.ts";
import { refusedChange } from "../protocol/restore/refused_change.ts";
import type { RestoreRequest } from "../protocol/restore/request.ts";
import { refuseDegraded, RestoreResult, resultOf } from "../protocol/restore/result.ts";
import { requireWorktree } from "../protocol/worktree/which.ts";
import { createWorktreeFrom } from "../protocol/worktree/create.ts";

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
  kinds: [restoring],
  input: Input,
  output: RestoreResult,
  async run(context, input) {
    const worktree = requireWorktree(context, input.worktree);
    // As an argument of restore, HEAD means the newest: that is how one gets back. SPEC 7.
    const word = input.snapshot === "HEAD" ? "LATEST" : input.snapshot;
    const id = await resolveSnapshot(context.store, word, { worktree, forProgram: context.forProgram });
    const descriptor = await restorable(context, id);
    if (input.name !== undefined) {
      requireWholeAndNew(input);
      const made = await restoreBeside(context, worktree, descriptor, { ...input, name: input.name });
      if (input.strict) refuseDegraded(made);
      return made;
    }
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
  await previewRestore({ ...context, worktree }, request, (restored) => {
    result = resultOf(context, { worktree }, request, restored);
  });
  return result as RestoreResult;
}

async function changeTo(
  context: RepositoryContext,
  worktree: WorktreeConfig,
  request: RestoreRequest,
): Promise<RestoreResult> {
  const { snapshot_id } = request.descriptor;
  const options = { kind: restoring, target: snapshot_id, details: {}, claims: { snapshot_id } };
  return await changeWorktree(context, worktree, options, async (change) => {
    let result: RestoreResult | undefined;
    try {
      await restoreInPlace(change, request, (restored) => {
        result = resultOf(context, change, request, restored);
      });
    } catch (error) {
      throw refusedChange(error, worktree.name);
    }
    return result as RestoreResult;
  });
}

/** What is about this worktree means nothing for a new one; to leave it unsaid would be to do something else than asked. */
function requireWholeAndNew({ paths, preview, discard, force, inplace }: Infer<typeof Input>): void {
  const given = { paths: paths.length > 0, preview, discard, force, inplace };
  const wrong = Object.entries(given).filter(([, is]) => is).map(([option]) => `--${option}`);
  if (wrong.length === 0) return;
  throw new JvsError(
    "E_USAGE",
    `Cannot restore into a new worktree with ${
      wrong.join(" and ")
    }: --name leaves this worktree alone and makes ` +
      "a whole new one",
    { hint: "Leave --name out to restore this worktree, or give --name only." },
  );
}

/** Leaves the worktree alone and makes another one that stands on the snapshot. */
async function restoreBeside(
  context: RepositoryContext,
  from: WorktreeConfig,
  descriptor: Descriptor,
  { name, verify }: { name: string; verify?: boolean | undefined },
): Promise<RestoreResult> {
  const { snapshot_id, stats } = descriptor;
  const chosen = name === "" ? `${from.name}-${shortId(snapshot_id)}` : name;
  const made = await createWorktreeFrom(context, { name: chosen, snapshotId: snapshot_id, verify });
  return {
    sentence: `Restored ${
      shortId(snapshot_id)
    } in new worktree ${made.worktree.name}; ${from.name} was left alone.`,
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
    `Cannot restore ${shortId(id)}: its content was pruned; only its place in the history was kept`,
    {
      hint: "Restore another snapshot; `jvs history` marks those that were pruned.",
      details: { snapshot_id: id },
    },
  );
}
