import { checkName } from "../model/names.ts";
import { boolean, record, text } from "../model/schema.ts";
import { resolveSnapshot } from "../repo/resolve.ts";
import { createWorktreeFrom } from "../protocol/worktree/create.ts";
import { worktreeCreation } from "../protocol/worktree/publish.ts";
import { defineOperation } from "./define.ts";
import { NewWorktreeResult, newWorktreeResult } from "../protocol/worktree/result.ts";

/** Makes an empty worktree, or one that begins with a snapshot. */
export const worktreeCreate = defineOperation({
  name: "worktree create",
  summary: "Make a new worktree, empty or from a snapshot",
  about:
    "A worktree is a folder of its own with a line of its own; all worktrees of a repository share their " +
    "snapshots. To begin with what you have now use `jvs worktree fork`.",
  examples: [
    ["jvs worktree create scratch", "makes an empty one in worktrees/scratch"],
    ["jvs worktree create review --from v1", "makes one that holds the snapshot tagged v1"],
  ],
  changes: "repository",
  kinds: [worktreeCreation],
  input: record({
    name: text().about("The new worktree's name; its folder is worktrees/<name>.").cli({
      positional: true,
      placeholder: "NAME",
    }),
    from: text().optional().about("The snapshot that it begins with; it begins empty when none is given.")
      .cli({ placeholder: "SNAPSHOT", completes: "snapshot" }),
    verify: boolean().optional().about("Hash the content before it is to be seen, however much; or never."),
  }, { closed: true }),
  output: NewWorktreeResult,
  async run(context, input) {
    const name = checkName(input.name, "worktree");
    const { forProgram, store, worktree } = context;
    const snapshotId = input.from === undefined
      ? null
      : await resolveSnapshot(store, input.from, { worktree, forProgram });
    const { verify } = input;
    const made = await createWorktreeFrom(context, {
      name,
      snapshotId,
      kind: worktreeCreation,
      verify,
    });
    return newWorktreeResult(made, false);
  },
});
