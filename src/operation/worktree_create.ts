import { checkName } from "../model/names.ts";
import { record, text } from "../model/schema.ts";
import { resolveSnapshot } from "../repo/resolve.ts";
import { createWorktreeFrom, NewWorktreeResult, worktreeCreation } from "../protocol/worktree/create.ts";
import { defineOperation, NEW_WORKTREE_NAME, VERIFY_CONTENT } from "./define.ts";

/** Makes a worktree, empty or from a snapshot. */
export const worktreeCreate = defineOperation({
  name: "worktree create",
  summary: "Make a new worktree, empty or from a snapshot",
  about:
    "Each worktree is a folder with its own line. All worktrees of a repository share their snapshots. To start from " +
    "your current work, use `jvs worktree fork`.",
  examples: [
    ["jvs worktree create scratch", "makes an empty one in worktrees/scratch"],
    ["jvs worktree create review --from v1", "makes one that holds the snapshot tagged v1"],
  ],
  changes: "repository",
  kinds: [worktreeCreation],
  input: record({
    name: NEW_WORKTREE_NAME,
    from: text().optional().about("The snapshot to start from; without one the worktree is empty.")
      .cli({ placeholder: "SNAPSHOT", completes: "snapshot" }),
    verify: VERIFY_CONTENT,
  }, { closed: true }),
  output: NewWorktreeResult,
  async run(context, input) {
    const name = checkName(input.name, "worktree");
    const { from, verify } = input;
    const snapshotId = from === undefined ? null : await resolveSnapshot(context.store, from, context);
    const action = "make a worktree from";
    return await createWorktreeFrom(context, { name, snapshotId, kind: worktreeCreation, action, verify });
  },
});
