import { record } from "../model/schema.ts";
import { renewLease } from "../protocol/lease/release.ts";
import { LeaseResult, ownResult } from "../protocol/lease/result.ts";
import { requireWorktree } from "../protocol/worktree/which.ts";
import { defineOperation, OTHER_WORKTREE } from "./define.ts";

/** Lets a lease begin again. */
export const lockRenew = defineOperation({
  name: "lock renew",
  summary: "Let the lease of this session hold for its whole time again",
  about:
    "A lease that ran out cannot be renewed, only acquired again: another session may have had the worktree meanwhile.",
  examples: [[
    "jvs lock renew --session-file ~/session",
    "in a loop, while a long job works in the worktree",
  ]],
  changes: "worktree",
  input: record({ worktree: OTHER_WORKTREE }, { closed: true }),
  output: LeaseResult,
  async run(context, { worktree: name }) {
    const worktree = requireWorktree(context, name);
    return ownResult(worktree, await renewLease(context, worktree));
  },
});
