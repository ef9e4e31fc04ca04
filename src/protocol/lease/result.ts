import { Lease, LEASE_MS, LEASE_STATE } from "../../model/lease.ts";
import type { WorktreeConfig } from "../../model/records.ts";
import { WORKTREE } from "../../model/result_fields.ts";
import { boolean, type Infer, integer, record } from "../../model/schema.ts";
import { nowMs } from "../../platform/clock.ts";
import { stateOf } from "../../repo/leases.ts";

/** What operations on one lease tell of it. */
export const LeaseResult = record({
  worktree: WORKTREE.worktree,
  lease: Lease.about("The lease."),
  ...LEASE_STATE,
});
export type LeaseResult = Infer<typeof LeaseResult>;

/** What operations tell that begin a session, if none is given. */
export const AcquiredLeaseResult = record({
  ...LeaseResult.fields,
  is_new_session: boolean().about(
    "No session was given, so a new one was made: the next commands are refused unless they give it.",
  ),
});

/** The result for a lease of the caller's session. */
export function ownResult({ name }: WorktreeConfig, lease: Lease): LeaseResult {
  return { worktree: name, lease, state: stateOf(lease, nowMs()), is_mine: true };
}

/** `--lease-ms` of operations that acquire a lease. */
export const DURATION = integer({ min: LEASE_MS.least, max: LEASE_MS.most }).optional()
  .about(`How long the lease holds unless it is renewed, in milliseconds; ${LEASE_MS.usual} by default.`)
  .cli({ placeholder: "MS" });
