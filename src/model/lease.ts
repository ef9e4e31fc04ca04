import { time, uuid } from "./records.ts";
import { boolean, type Infer, integer, nullable, oneOf, record, text } from "./schema.ts";

/** The shortest and the longest time for which a lease is given at once. */
export const LEASE_MS = { least: 1000, usual: 30_000, most: 86_400_000 } as const;

/** The longest text that names a session, in UTF-16 units. */
export const LONGEST_SESSION = 1024;

const milliseconds = (most: number, least = 0) => integer({ min: least, max: most });

/** One holder's right to change a worktree for a time. SPEC 10. */
export const Lease = record({
  lock_id: uuid().about("The lease's id; each one that is acquired anew has its own."),
  worktree_id: uuid().about("The worktree that only its holder may change; its file has this name."),
  holder_id: text({ pattern: /^.{1,1024}$/u, what: "one line" }).about(
    "Who acquired it: host, user, process id and the time when that process started.",
  ),
  holder_nonce: text({ pattern: /^[0-9a-f]{32}$/, what: "32 hex digits" })
    .about("Random: no two leases have the same."),
  session_id: text().about("The session that may use it."),
  acquire_seq: integer({ min: 1 }).about("How many times in a row its session acquired it."),
  created_at: time().about("When it was acquired."),
  last_renewed_at: time().about("When it was acquired or renewed last."),
  lease_duration_ms: milliseconds(LEASE_MS.most, LEASE_MS.least).about("How long it holds after that."),
  renew_interval_ms: milliseconds(LEASE_MS.most, 1).about("How often a running operation renews it."),
  max_clock_skew_ms: milliseconds(60_000).about("How far the clocks of hosts may be apart."),
  steal_grace_ms: milliseconds(60_000).about("How long another session waits beyond that."),
  lease_expires_at: time().about("Until when it holds, unless it is renewed."),
  fencing_token: integer({ min: 1 }).about("Its number: each lease of the worktree has a higher one."),
});
export type Lease = Infer<typeof Lease>;

/** No count of leases comes so far: a record with such a number was edited, and the next ones could not be told apart. */
export const HIGHEST_TOKEN = 2 ** 48;

/** Where a lease is in its life: `stateOf` in `src/repo/leases.ts`. */
export const LEASE_STATES = ["held", "expired", "over", "future"] as const;
/** One of these. */
export type LeaseState = typeof LEASE_STATES[number];

/** What results say of a lease besides its record. */
export const LEASE_STATE = {
  state: oneOf(...LEASE_STATES).about(
    "`held`; `expired`: it ran out, and nobody else may take it over yet; `over`: anybody may; `future`: a clock is wrong.",
  ),
  is_mine: boolean().about("The lease is of the session that asks."),
};

/** Who may change a worktree now, as results of other operations say it. */
export const HolderOfLease = record({
  holder_id: Lease.fields.holder_id,
  created_at: Lease.fields.created_at,
  lease_expires_at: Lease.fields.lease_expires_at,
  fencing_token: Lease.fields.fencing_token,
  is_mine: LEASE_STATE.is_mine,
});
export type HolderOfLease = Infer<typeof HolderOfLease>;

/** `lease` of those results. */
export const LEASE_HELD = nullable(HolderOfLease).about(
  "The lease that a session holds; null if nobody does, or its file is damaged: `jvs lock status` says that.",
);
