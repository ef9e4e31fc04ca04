import { Lease, LEASE_STATE } from "../model/lease.ts";
import { time, WorktreeConfig } from "../model/records.ts";
import { WORKTREE } from "../model/result_fields.ts";
import { nullable, record } from "../model/schema.ts";
import { nowMs } from "../platform/clock.ts";
import { Leases, stateOf, takeableFrom } from "../repo/leases.ts";
import { requireWorktree } from "../protocol/worktree/which.ts";
import { defineOperation, OTHER_WORKTREE } from "./define.ts";

/** Shows who may change a worktree now. */
export const lockStatus = defineOperation({
  name: "lock status",
  summary: "Show whose lease a worktree has, and until when",
  examples: [["jvs lock status --worktree experiment", "who has it, since when, until when"]],
  changes: "nothing",
  input: record({ worktree: OTHER_WORKTREE }, { closed: true }),
  output: record({
    worktree: WORKTREE.worktree,
    lease: nullable(Lease).about("The lease; null if there is none."),
    state: nullable(LEASE_STATE.state).about(`Where the lease is in its life; null if there is none.`),
    is_mine: LEASE_STATE.is_mine,
    takeable_from: nullable(time()).about(
      "From when on another session may take the lease over, unless it is renewed; null if there is none.",
    ),
    fencing_token: WorktreeConfig.fields.fencing_token,
  }),
  run(context, { worktree: name }) {
    const { session, store } = context;
    const worktree = requireWorktree(context, name);
    const { worktree_id, fencing_token } = worktree;
    const lease = new Leases(store.layout).find(worktree_id);
    const told = lease === undefined ? { lease: null, state: null, is_mine: false, takeable_from: null } : {
      lease,
      state: stateOf(lease, nowMs()),
      is_mine: lease.session_id === session,
      takeable_from: new Date(takeableFrom(lease)).toISOString(),
    };
    return Promise.resolve({ worktree: worktree.name, ...told, fencing_token });
  },
});
