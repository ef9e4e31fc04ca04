import { boolean, record } from "../model/schema.ts";
import { AcquiredLeaseResult, DURATION, ownResult } from "../protocol/lease/result.ts";
import { leaseTheft, takeLease } from "../protocol/lease/take.ts";
import { requireWorktree } from "../protocol/worktree/which.ts";
import { defineOperation, OTHER_WORKTREE } from "./define.ts";

/** Takes over the lease of a session that is gone. */
export const lockSteal = defineOperation({
  name: "lock steal",
  summary: "Take over the lease of a session that is gone",
  about:
    "As `jvs lock acquire`: a lease that holds is never taken, and the refusal says from when on one that is not renewed can be. " +
    "With --force it also takes one that lies in the future, because a clock was wrong, or whose file is damaged.",
  examples: [
    ["jvs lock steal", "takes it over if it ran out some seconds ago"],
    ["jvs lock steal --force", "also if `jvs doctor` says that it is damaged"],
  ],
  changes: "worktree",
  kinds: [leaseTheft],
  beginsSession: true,
  input: record({
    worktree: OTHER_WORKTREE,
    lease_ms: DURATION,
    force: boolean().default(false).about("Also take a lease that lies in the future or is damaged."),
  }, { closed: true }),
  output: AcquiredLeaseResult,
  async run(context, { worktree: name, lease_ms: durationMs, force }) {
    const worktree = requireWorktree(context, name);
    const session = context.session ?? crypto.randomUUID();
    const how = { kind: leaseTheft, durationMs, force };
    const lease = await takeLease({ ...context, session }, worktree, how);
    return { ...ownResult(worktree, lease), is_new_session: context.session === undefined };
  },
});
