import { record, text } from "../model/schema.ts";
import { defineOperation } from "./define.ts";
import { requireWorktree } from "../protocol/worktree/which.ts";

/** Says where a worktree is. */
export const worktreePath = defineOperation({
  name: "worktree path",
  summary: "Show the absolute path of a worktree",
  examples: [["cd $(jvs worktree path experiment)", "goes there"]],
  changes: "nothing",
  input: record({
    name: text().optional().about("The worktree; the one you are in when none is given.")
      .cli({ positional: true, placeholder: "NAME", completes: "worktree" }),
  }, { closed: true }),
  output: record({ name: text(), path: text() }),
  run(context, input) {
    const worktree = requireWorktree(context, input.name);
    return Promise.resolve({ name: worktree.name, path: context.store.worktrees.root(worktree) });
  },
});
