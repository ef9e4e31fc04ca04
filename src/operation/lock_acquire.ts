import { record } from "../model/schema.ts";
import { AcquiredLeaseResult, DURATION, ownResult } from "../protocol/lease/result.ts";
import { leaseAcquisition, takeLease } from "../protocol/lease/take.ts";
import { requireWorktree } from "../protocol/worktree/which.ts";
import { defineOperation, OTHER_WORKTREE } from "./define.ts";

/** Reserves a worktree for one session. */
export const lockAcquire = defineOperation({
  name: "lock acquire",
  summary: "Reserve a worktree for one session, for a time",
  about:
    "Until the lease is released or runs out, changes of the worktree without its session are refused. Every command takes the " +
    "session by --session, --session-file or JVS_SESSION; without one a new one is made. --session-file FILE also makes the " +
    "file. A running operation renews the lease by itself. Acquired again by its session, a lease that holds is renewed.",
  examples: [
    ["jvs lock acquire --session-file ~/session", "reserves it, and writes the new session there"],
    [
      "export JVS_SESSION=$(jvs -q lock acquire --lease-ms 600000)",
      "for the whole shell, for ten minutes at first",
    ],
  ],
  changes: "worktree",
  kinds: [leaseAcquisition],
  beginsSession: true,
  input: record({ worktree: OTHER_WORKTREE, lease_ms: DURATION }, { closed: true }),
  output: AcquiredLeaseResult,
  async run(context, { worktree: name, lease_ms: durationMs }) {
    const worktree = requireWorktree(context, name);
    const session = context.session ?? crypto.randomUUID();
    const how = { kind: leaseAcquisition, durationMs, force: false };
    const lease = await takeLease({ ...context, session }, worktree, how);
    return { ...ownResult(worktree, lease), is_new_session: context.session === undefined };
  },
});
