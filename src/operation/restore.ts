import type { BytePath } from "../model/bytes.ts";
import { JvsError } from "../model/errors.ts";
import { shortId } from "../model/ids.ts";
import { decodePath } from "../model/path_text.ts";
import type { Descriptor, WorktreeConfig } from "../model/records.ts";
import { boolean, type Infer, list, record, text } from "../model/schema.ts";
import { resolveSnapshot } from "../repo/resolve.ts";
import { changeWorktree } from "../protocol/change/change.ts";
import { defineOperation } from "./define.ts";
import { OTHER_WORKTREE } from "./inputs.ts";
import type { RepositoryContext } from "../protocol/context.ts";
import { pathsInWorktree } from "../protocol/look/paths.ts";
import { restoreInPlace, restoring } from "../protocol/restore/in_place.ts";
import { previewRestore } from "../protocol/restore/prepare.ts";
import { refusedChange } from "../protocol/restore/apply.ts";
import type { RestoreRequest } from "../protocol/restore/comparison.ts";
import { refuseDegraded, RestoreResult, resultOf } from "../protocol/restore/result.ts";
import { requireWorktree } from "../protocol/worktree/which.ts";
import { createWorktreeFrom } from "../protocol/worktree/create.ts";

const Input = record({
  snapshot: text().about("The snapshot to go back to; HEAD means the newest snapshot of this line.")
    .cli({ positional: true, completes: "snapshot" }),
  paths: list(text()).default([])
    .about("Restore only these paths; the worktree keeps its place in the history.")
    .cli({ many: true, placeholder: "PATH", completes: "path" }),
  worktree: OTHER_WORKTREE,
  preview: boolean().default(false).about("Show what would be done, and change nothing."),
  discard: boolean().default(false).about("Do not save unsaved work first: it is lost."),
  name: text().optional()
    .about("Make a new worktree with this name instead (without a name, JVS chooses one).")
    .cli({ placeholder: "WORKTREE", bare: "" }),
  verify: boolean().optional()
    .about("Hash restored content before it becomes visible; --no-verify never does."),
  strict: boolean().default(false).about("Fail if something could not be restored exactly."),
  inplace: boolean().default(false).about("Accepted; every restore is in place.").cli({ hidden: true }),
  force: boolean().default(false).about("Accepted: the same as --discard.").cli({ hidden: true }),
}, { closed: true });

/** Makes the worktree equal to a snapshot and saves unsaved work first. docs/design/restore.md. */
export const restore = defineOperation({
  name: "restore",
  summary: "Make the worktree equal to a snapshot; unsaved work is saved first",
  about:
    "Changes only what differs. First saves unsaved work as an autosave and prints its id. Ignored files stay. " +
    "If a restore is interrupted, the next change completes or undoes it.",
  examples: [
    ["jvs restore 3f2a", "goes back to that snapshot"],
    ["jvs restore HEAD", "goes to the newest snapshot of the line"],
    ["jvs restore v1 --paths src data/train.csv", "restores only these paths"],
    ["jvs restore v1 --preview", "shows what would change"],
  ],
  changes: "worktree",
  kinds: [restoring],
  input: Input,
  output: RestoreResult,
  async run(context, input) {
    const result = await restoreAsAsked(context, input);
    if (input.strict) refuseDegraded(result);
    return result;
  },
});

async function restoreAsAsked(
  context: RepositoryContext,
  input: Infer<typeof Input>,
): Promise<RestoreResult> {
  const worktree = requireWorktree(context, input.worktree);
  // For restore HEAD means the newest snapshot, so that the user can return to it. SPEC 7.
  const word = input.snapshot === "HEAD" ? "LATEST" : input.snapshot;
  const id = await resolveSnapshot(context.store, word, { worktree, forProgram: context.forProgram });
  const descriptor = await restorable(context, id);
  if (input.name !== undefined) {
    refuseOptionsWithName(input);
    return await restoreBeside(context, worktree, descriptor, { ...input, name: input.name });
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
  return await restoreHere(context, worktree, request);
}

async function restoreHere(
  context: RepositoryContext,
  worktree: WorktreeConfig,
  request: RestoreRequest,
): Promise<RestoreResult> {
  const { snapshot_id } = request.descriptor;
  const begun = { kind: restoring, target: snapshot_id, details: {}, claims: { snapshot_id } };
  if (request.preview) {
    const about = { ...context, worktree };
    return resultOf(context, about, request, await previewRestore(about, request));
  }
  return await changeWorktree(context, worktree, begun, async (change) => {
    try {
      return resultOf(context, change, request, await restoreInPlace(change, request));
    } catch (error) {
      throw refusedChange(error, worktree.name);
    }
  });
}

/** Refuses --name together with options that act on this worktree: --name would silently ignore them. */
function refuseOptionsWithName({ paths, preview, discard, force, inplace }: Infer<typeof Input>): void {
  const given = { paths: paths.length > 0, preview, discard, force, inplace };
  const wrong = Object.entries(given).filter(([, is]) => is).map(([option]) => `--${option}`);
  if (wrong.length === 0) return;
  throw new JvsError(
    "E_USAGE",
    `Cannot use --name with ${
      wrong.join(" and ")
    }: --name makes a whole new worktree and does not change this one`,
    { hint: "Leave out --name to restore this worktree, or give only --name." },
  );
}

/** Makes a new worktree that stands on the snapshot, and does not change this one. */
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
    sentence: `Restored ${shortId(snapshot_id)} in new worktree ${made.name}; ${from.name} was not changed.`,
    worktree: made.name,
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
    degradations: made.degradations,
  };
}

/** The paths of a partial snapshot: restoring it changes no others. Null for a whole snapshot. */
function ownPaths(descriptor: Descriptor): BytePath[] | null {
  return descriptor.paths === null ? null : descriptor.paths.map(decodePath);
}

async function restorable({ store }: RepositoryContext, id: string): Promise<Descriptor> {
  const descriptor = await store.snapshots.descriptor(id);
  if (store.snapshots.exists(id)) return descriptor;
  throw new JvsError(
    "E_NOT_FOUND",
    `Cannot restore ${shortId(id)}: its content was pruned; only its place in the history was kept`,
    { hint: "Restore another snapshot; `jvs history` marks pruned ones.", details: { snapshot_id: id } },
  );
}
