import { record } from "../model/schema.ts";
import { leaseRelease, releaseLease } from "../protocol/lease/release.ts";
import { LeaseResult, ownResult } from "../protocol/lease/result.ts";
import { requireWorktree } from "../protocol/worktree/which.ts";
import { defineOperation, OTHER_WORKTREE } from "./define.ts";

/** Gives a lease back. */
export const lockRelease = defineOperation({
  name: "lock release",
  summary: "Give the lease of this session back",
  about:
    "It is not waited for an operation that runs by the lease: that one stops before it publishes anything.",
  examples: [["jvs lock release --session-file ~/session", "from now on everybody may change the worktree"]],
  changes: "worktree",
  kinds: [leaseRelease],
  input: record({ worktree: OTHER_WORKTREE }, { closed: true }),
  output: LeaseResult,
  async run(context, { worktree: name }) {
    const worktree = requireWorktree(context, name);
    return ownResult(worktree, await releaseLease(context, worktree));
  },
});
