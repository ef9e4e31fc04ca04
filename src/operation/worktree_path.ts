import { WORKTREE } from "../model/result_fields.ts";
import { record, text } from "../model/schema.ts";
import { defineOperation } from "./define.ts";
import { requireWorktree } from "../protocol/worktree/which.ts";

/** Shows the path of a worktree. */
export const worktreePath = defineOperation({
  name: "worktree path",
  summary: "Show the absolute path of a worktree",
  examples: [["cd $(jvs worktree path experiment)", "goes there"]],
  changes: "nothing",
  input: record({
    name: text().optional().about("The worktree; by default the one you are in.")
      .cli({ positional: true, placeholder: "NAME", completes: "worktree" }),
  }, { closed: true }),
  output: record({ name: WORKTREE.worktree, path: WORKTREE.path }),
  run(context, input) {
    const worktree = requireWorktree(context, input.name);
    return Promise.resolve({ name: worktree.name, path: context.store.worktrees.root(worktree) });
  },
});
