import { JvsError } from "../model/errors.ts";
import { displayPath, namedPaths } from "../model/path_text.ts";
import { snapshotId, time, type WorktreeConfig } from "../model/records.ts";
import { WORKTREE } from "../model/result_fields.ts";
import { boolean, nullable, record, text } from "../model/schema.ts";
import { autosave } from "../protocol/snapshot/autosave.ts";
import { changeWorktree } from "../protocol/change/change.ts";
import type { WorktreeChange } from "../protocol/change/kind.ts";
import { isUnsaved } from "../protocol/look/compare.ts";
import { defineOperation, WORKTREE_NAME } from "./define.ts";
import { type Look, lookAt } from "../protocol/look/look.ts";
import { isAdopted } from "../protocol/open_worktree.ts";
import { removeWorktree, worktreeRemoval } from "../protocol/worktree/remove.ts";

/** Removes a worktree's folder and record; its snapshots stay. */
export const worktreeRemove = defineOperation({
  name: "worktree remove",
  summary: "Remove a worktree; its snapshots stay",
  about:
    "Refuses a worktree with work that no snapshot holds; ignored files count too. --force saves that work first; " +
    "--discard loses it. The snapshots of the worktree's line and that of its unsaved work are kept for at least 30 days.",
  examples: [
    ["jvs worktree remove experiment", "removes it if everything in it is saved"],
    ["jvs worktree remove experiment --force", "saves unsaved work first"],
  ],
  changes: "repository",
  kinds: [worktreeRemoval],
  input: record({
    name: WORKTREE_NAME,
    force: boolean().default(false).about("Save unsaved work as an autosave first."),
    discard: boolean().default(false).about("Remove the worktree and lose its unsaved work."),
  }, { closed: true }),
  output: record({
    name: WORKTREE.worktree,
    path: text().about("The absolute path of the folder that it had."),
    latest_snapshot_id: nullable(snapshotId()).about(
      "The newest snapshot of its line, to fork and continue from; null if it had none.",
    ),
    kept_until: nullable(time()).about(
      "Pins protect that line and the unsaved work until then; null if there is neither.",
    ),
    autosave_snapshot_id: nullable(snapshotId()).about(
      "The snapshot that holds the unsaved work; null if none was saved.",
    ),
  }),
  async run(context, input) {
    const { store } = context;
    const worktree = store.worktrees.get(input.name);
    const path = store.worktrees.root(worktree); // a record that leads out of the repository is refused first
    refuseMain(worktree);
    const { name } = worktree;
    const begun = { kind: worktreeRemoval, target: name, details: {}, claims: { worktree_name: name } };
    return await changeWorktree(context, worktree, begun, async (change) => {
      const { latest_snapshot_id } = change.worktree;
      using look = await lookUnlessGone(change);
      const isSettled = look === undefined || input.discard;
      const autosaveId = isSettled ? null : await saveUnsaved(change, look, input.force);
      const removal = { there: look?.table, autosaveId, discarded: input.discard };
      const kept_until = await removeWorktree(change, removal);
      return { name, path, latest_snapshot_id, kept_until, autosave_snapshot_id: autosaveId };
    });
  },
});

function refuseMain(worktree: WorktreeConfig): void {
  const { name, path } = worktree;
  const adopted = isAdopted(worktree);
  if (!adopted && path !== "main") return;
  const folder = path.slice(3);
  const [state, hint] = adopted
    ? [
      `it is the adopted folder "${folder}"`,
      `To end its version control, delete the folder "${folder}.jvs" and all snapshots in it.`,
    ]
    : ["it is the repository's first", "To delete the repository and all its snapshots, delete its folder."];
  const details = { worktree: name };
  throw new JvsError("E_USAGE", `Cannot remove worktree "${name}": ${state}`, { hint, details });
}

/** Scans everything in the worktree, ignored files too. Undefined if its folder is already gone. */
async function lookUnlessGone(change: WorktreeChange): Promise<Look | undefined> {
  const { store, worktree } = change;
  if (store.worktrees.checkIdentity(worktree) === "missing") return undefined;
  const look = await lookAt(change, worktree, { rules: null });
  const [inside] = look.scan.boundaries;
  if (inside === undefined) {
    await look.settle(); // from now on a second look can see every change
    return look;
  }
  look[Symbol.dispose]();
  const [index, boundary] = inside;
  const path = displayPath(look.table.path(index));
  const message = `Cannot remove worktree "${worktree.name}": "${path}" in it is a ${
    boundary.replace("_", " ")
  }`;
  const hint = "Unmount it or move it away first; nothing was changed.";
  throw new JvsError("E_PERMISSION", message, { hint, details: { path, boundary } });
}

/** Saves unsaved work, or refuses if the user did not ask for that. Gives the id of the autosave; null if it needs none. */
async function saveUnsaved(change: WorktreeChange, look: Look, isAsked: boolean): Promise<string | null> {
  const { worktree } = change;
  if (look.scan.unreadable.length > 0) throw cannotBeSaved(worktree, look.scan.unreadable);
  if (!await isUnsaved(look, worktree.head_snapshot_id)) return null;
  if (!isAsked) {
    const message = `Cannot remove worktree "${worktree.name}": it has work that no snapshot holds`;
    throw new JvsError("E_UNSAVED_CHANGES", message, {
      hint:
        `See it with \`jvs status --worktree ${worktree.name}\`. Save everything, ignored files too, with --force. ` +
        "--discard loses it.",
      details: { worktree: worktree.name },
    });
  }
  const { snapshotId, missing } = await autosave(change, look, `before removing worktree ${worktree.name}`);
  if (missing.length > 0) throw cannotBeSaved(worktree, missing);
  return snapshotId;
}

function cannotBeSaved({ name }: WorktreeConfig, paths: readonly Uint8Array[]): JvsError {
  const named = namedPaths(paths);
  const message =
    `Cannot remove worktree "${name}": these cannot be read, so they cannot be saved first: ${named}`;
  return new JvsError("E_UNSAVED_CHANGES", message, {
    hint: "Change their rights and try again, or lose them with --discard.",
    details: { worktree: name, paths: paths.slice(0, 20).map(displayPath), count: paths.length },
  });
}
