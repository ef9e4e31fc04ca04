import { JvsError } from "../model/errors.ts";
import { HOOKS_RUN } from "../model/hooks.ts";
import { shortId } from "../model/ids.ts";
import { checkTags } from "../model/names.ts";
import { Degradations, Descriptor, words } from "../model/records.ts";
import { WORKTREE } from "../model/result_fields.ts";
import { boolean, type Infer, list, nullable, oneOf, record, text } from "../model/schema.ts";
import { changeWorktree } from "../protocol/change/change.ts";
import type { WorktreeContext } from "../protocol/change/kind.ts";
import { hooksFor } from "../protocol/hooks/hooks_for.ts";
import { isUnsaved } from "../protocol/look/compare.ts";
import { defineOperation, OTHER_WORKTREE } from "./define.ts";
import { lookAt } from "../protocol/look/look.ts";
import { refForLine } from "../protocol/snapshot/left_line.ts";
import { lookToSave } from "../protocol/snapshot/look_to_save.ts";
import { saveSnapshot, snapshotSaving } from "../protocol/snapshot/save_snapshot.ts";
import { isDetached, requireWorktree } from "../protocol/worktree/which.ts";

const SnapshotResult = record({
  created: boolean().about("False if --if-changed found nothing to save."),
  snapshot: Descriptor
    .about("The new snapshot; if `created` is false, the one that already holds this content."),
  worktree: WORKTREE.worktree,
  head_snapshot_id: WORKTREE.head_snapshot_id,
  kept_line_as: nullable(text()).about(
    "The ref by which --branch keeps the old line; null if there is none.",
  ),
  degradations: Degradations.about("What the snapshot could not keep, as `snapshot` says it too."),
  hooks: HOOKS_RUN,
});
type SnapshotResult = Infer<typeof SnapshotResult>;

/** Saves the worktree as it is now. `protocol/snapshot/save_snapshot.ts` has the steps in their order. SPEC 6. */
export const snapshot = defineOperation({
  name: "snapshot",
  summary: "Save the worktree as it is now",
  about: "Makes an immutable, verified copy of the whole worktree and adds it to the worktree's line. " +
    "It shares unchanged files with the snapshot before.",
  examples: [
    ['jvs snapshot "before the refactoring"', "saves with a note"],
    ["jvs snapshot baseline --tag v1 --tag good", "saves with a note and two tags"],
    ["jvs snapshot --if-changed", "saves only if something differs from the last snapshot"],
  ],
  changes: "worktree",
  kinds: [snapshotSaving],
  input: record({
    note: words().default("").about("What this snapshot is, in your own words.").cli({ positional: true }),
    tags: list(text()).default([]).about("A label; may be given several times.")
      .cli({ flag: "tag", placeholder: "TAG" }),
    worktree: OTHER_WORKTREE,
    consistency: oneOf("quiesced", "best_effort").optional()
      .about("`quiesced` fails if files keep changing; `best_effort` saves them anyway and says so."),
    if_changed: boolean().default(false).about("Make no snapshot if nothing changed since the last one."),
    branch: boolean().default(false).about("If detached: start a new line here; a ref keeps the old one."),
    skip_unreadable: boolean().default(false)
      .about("Leave unreadable files out; do not fail. `jvs show ID --json` names the first 100."),
    strict: boolean().default(false).about("Fail if something could not be kept. The snapshot still exists."),
  }, { closed: true }),
  output: SnapshotResult,
  async run(context, input) {
    checkTags(input.tags);
    const worktree = requireWorktree(context, input.worktree);
    const hooks = await hooksFor(context, "snapshot", worktree);
    await hooks?.before({ note: input.note });
    const begun = { kind: snapshotSaving, target: worktree.name, details: {} };
    const hooked = { ...context, hooksRun: hooks?.forAudit };
    const saved = await changeWorktree(hooked, worktree, begun, async (change) => {
      const keepLineAs = refForOldLine(change, input.branch);
      const { probed, ...looked } = input.if_changed
        ? { look: await lookAt(context, change.worktree), probed: undefined }
        : await lookToSave(context, change.worktree);
      using look = looked.look;
      const head = change.worktree.head_snapshot_id;
      // An unreadable file may have changed. Then `saveSnapshot` runs and names it.
      const canCompare = input.skip_unreadable || look.scan.unreadable.length === 0;
      if (input.if_changed && canCompare && head !== null && !await isUnsaved(look, head)) {
        await look.rememberSeen();
        change.intent.complete();
        return resultOf(change, await context.store.snapshots.descriptor(head), false, null);
      }
      const { descriptor, keptLineAs, seen } = await saveSnapshot(change, look, {
        kind: "manual",
        note: input.note,
        tags: [...new Set(input.tags)],
        consistency: input.consistency ?? context.store.config.get("consistency"),
        skipUnreadable: input.skip_unreadable,
        paths: null,
        keepLineAs,
        probed,
      });
      look.remember(descriptor.consistency_level === "quiesced" ? descriptor.snapshot_id : null, seen);
      return resultOf(change, descriptor, true, keptLineAs);
    });
    if (saved.created) await hooks?.after({ snapshot: saved.snapshot.snapshot_id, note: input.note });
    const result = { ...saved, hooks: hooks?.results ?? [] };
    if (input.strict) refuseDegraded(result);
    return result;
  },
});

/** For a detached worktree: the ref that will keep the old line, or an error without --branch. SPEC 6. */
function refForOldLine({ store, worktree }: WorktreeContext, branch: boolean): string | null {
  const { name, head_snapshot_id: head, latest_snapshot_id: latest } = worktree;
  if (!isDetached(worktree) || head === null || latest === null) return null;
  if (branch) return refForLine(store, { worktree: name, newest: latest });
  const state = `it stands on ${shortId(head)}, which is not the newest of its line`;
  throw new JvsError("E_DETACHED", `Cannot save worktree "${name}": ${state}`, {
    hint:
      "Continue from here in a new worktree with `jvs worktree fork --live NAME`, return to the newest snapshot with " +
      "`jvs restore HEAD`, or start a new line here with `jvs snapshot --branch`.",
    details: { worktree: name, head_snapshot_id: head, latest_snapshot_id: latest },
  });
}

function resultOf(
  { worktree }: WorktreeContext,
  snapshot: Descriptor,
  created: boolean,
  kept_line_as: string | null,
): Omit<SnapshotResult, "hooks"> {
  const { snapshot_id: head_snapshot_id, degradations } = snapshot;
  return { created, snapshot, worktree: worktree.name, head_snapshot_id, kept_line_as, degradations };
}

const MOST_NAMED = 5;

function refuseDegraded({ snapshot, degradations }: SnapshotResult): void {
  const id = snapshot.snapshot_id;
  const kinds = Object.entries(degradations.counts);
  if (kinds.length === 0) return;
  const counts = kinds.map(([kind, count]) => `${kind} ${count}`).join(", ");
  const named = degradations.first.slice(0, MOST_NAMED).map(({ kind, path }) => `${path || "."} (${kind})`);
  const message = `Created snapshot ${id}, but not everything could be kept (${counts}): ${named.join(", ")}`;
  const hint = `See the first 100 with \`jvs show ${shortId(id)} --json\`.`;
  throw new JvsError("E_DEGRADED", message, { hint, details: { snapshot_id: id, degradations } });
}
