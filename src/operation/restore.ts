import { JvsError } from "../model/errors.ts";
import { shortId } from "../model/ids.ts";
import { decodePath } from "../model/path_text.ts";
import type { Descriptor, WorktreeConfig } from "../model/records.ts";
import { boolean, type Infer, list, record, text } from "../model/schema.ts";
import { requireSignature } from "../protocol/signing/require_signature.ts";
import { resolveSnapshot } from "../repo/resolve.ts";
import { changeWorktree } from "../protocol/change/change.ts";
import { defineOperation, OTHER_WORKTREE } from "./define.ts";
import type { RepositoryContext } from "../protocol/context.ts";
import { hooksFor } from "../protocol/hooks/hooks_for.ts";
import { pathsInWorktree } from "../protocol/look/paths.ts";
import { restoreInPlace, restoring } from "../protocol/restore/in_place.ts";
import { prepareRestore } from "../protocol/restore/prepare.ts";
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
  force: boolean().default(false).about("The same as --discard: unsaved work is lost."),
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
    const worktree = requireWorktree(context, input.worktree);
    const descriptor = await named(context, worktree, input);
    const restore = input.name === undefined ? restoreHere : restoreBeside;
    const changesThis = input.name === undefined && !input.preview;
    const hooks = changesThis ? await hooksFor(context, "restore", worktree) : undefined;
    const { note, snapshot_id: snapshot } = descriptor;
    await hooks?.before({ snapshot, note });
    const restored = await restore({ ...context, hooksRun: hooks?.forAudit }, worktree, descriptor, input);
    await hooks?.after({ snapshot: restored.snapshot_id, note });
    const result = { ...restored, hooks: hooks?.results ?? [] };
    if (input.strict) refuseDegraded(result);
    return result;
  },
});

/** The snapshot that the input names. */
async function named(
  context: RepositoryContext,
  worktree: WorktreeConfig,
  input: Infer<typeof Input>,
): Promise<Descriptor> {
  // Where there is none, the error names what was typed.
  const isFound = isNewest(input) && worktree.latest_snapshot_id !== null;
  const word = isFound ? "LATEST" : input.snapshot;
  const id = await resolveSnapshot(context.store, word, { ...context, worktree });
  context.store.snapshots.requireContent(id, "restore");
  const descriptor = await context.store.snapshots.descriptor(id);
  await requireSignature(context.store, descriptor);
  return descriptor;
}

/** For restore HEAD means the newest snapshot, so that the user can return to it. SPEC 7. */
function isNewest({ snapshot }: Infer<typeof Input>): boolean {
  return snapshot === "HEAD" || snapshot === "LATEST";
}

function requestFor(
  context: RepositoryContext,
  worktree: WorktreeConfig,
  descriptor: Descriptor,
  input: Infer<typeof Input>,
): RestoreRequest {
  const scope = input.paths.length === 0 ? null : pathsInWorktree(context, worktree, input.paths);
  return {
    descriptor,
    // Restoring a partial snapshot changes no others than its own paths.
    paths: scope ?? descriptor.paths?.map(decodePath) ?? null,
    named: scope !== null,
    unsaved: input.discard || input.force ? "discard" : unsavedSetting(context),
    verify: input.verify,
    preview: input.preview,
  };
}

async function restoreHere(
  context: RepositoryContext,
  worktree: WorktreeConfig,
  descriptor: Descriptor,
  input: Infer<typeof Input>,
): Promise<RestoreResult> {
  let request = requestFor(context, worktree, descriptor, input);
  if (request.preview) {
    // It takes no lock, recovers nothing and writes no intent: it plans on what an interrupted restore left, too.
    const { signal, store } = context;
    using _used = await store.snapshots.use(descriptor.snapshot_id, { signal, action: "restore" });
    const prepared = await prepareRestore({ ...context, worktree }, request);
    using _look = prepared.look;
    return resultOf(context, { worktree }, request, prepared);
  }
  const begin = async (current: WorktreeConfig) => {
    // While we waited for the lock, another snapshot may have become the newest.
    if (isNewest(input)) {
      request = requestFor(context, current, await named(context, current, input), input);
    }
    const { snapshot_id } = request.descriptor;
    return { kind: restoring, target: snapshot_id, details: {}, claims: { snapshot_id } };
  };
  return await changeWorktree(context, worktree, { kind: restoring, begin }, async (change) => {
    try {
      return await restoreInPlace(
        change,
        request,
        (restored) => resultOf(context, change, request, restored),
      );
    } catch (error) {
      throw refusedChange(error, worktree.name);
    }
  });
}

/** What the settings say of unsaved work; but where others may write the settings, they cannot give up the caller's. */
function unsavedSetting(
  { reporter, store: { config, layout } }: RepositoryContext,
): RestoreRequest["unsaved"] {
  const setting = config.get("restore.unsaved");
  if (setting !== "discard" || !layout.plane.isOpenToOthers) return setting;
  reporter.warn(
    "The settings say restore.unsaved: discard. Other users may write them here, so unsaved work is saved. Say --discard if " +
      "you do not want that.",
  );
  return "save";
}

/** Refuses --name together with options that act on this worktree: --name would silently ignore them. */
function refuseOptionsWithName({ paths, preview, discard, force, inplace }: Infer<typeof Input>): void {
  const given = { paths: paths.length > 0, preview, discard, force, inplace };
  const wrong = Object.entries(given).filter(([, is]) => is).map(([option]) => `--${option}`).join(" and ");
  if (wrong === "") return;
  const state = "--name makes a whole new worktree and does not change this one";
  throw new JvsError("E_USAGE", `Cannot use --name with ${wrong}: ${state}`, {
    hint: "Leave out --name to restore this worktree, or give only --name.",
  });
}

/** Makes a new worktree that stands on the snapshot, and does not change this one. Without a name it chooses one. */
async function restoreBeside(
  context: RepositoryContext,
  from: WorktreeConfig,
  descriptor: Descriptor,
  input: Infer<typeof Input>,
): Promise<RestoreResult> {
  refuseOptionsWithName(input);
  const { name, verify } = input;
  const { snapshot_id, stats } = descriptor;
  const id = shortId(snapshot_id);
  const chosen = !name ? `${from.name}-${id}` : name;
  const what = { name: chosen, snapshotId: snapshot_id, verify, action: "restore" };
  const made = await createWorktreeFrom(context, what);
  return {
    sentence: `Restored ${id} in new worktree ${made.name}; ${from.name} was not changed.`,
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
    hooks: [],
  };
}
