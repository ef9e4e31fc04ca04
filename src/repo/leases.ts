import { hexOf } from "../model/bytes.ts";
import { DIR } from "../model/entry.ts";
import { Lease, LEASE_MS, type LeaseState } from "../model/lease.ts";
import { nowMs, randomBytes } from "../platform/clock.ts";
import type { Host } from "../platform/platform.ts";
import { Stat } from "../platform/stat.ts";
import { RefusedPath } from "./control_errors.ts";
import type { ControlPath } from "./control_path.ts";
import type { Layout } from "./layout.ts";
import { damaged, MOST_BYTES, parseRecord, writeRecord } from "./record_file.ts";

const WHAT = "the lease";
/** A lease is written at once, and its time of expiry is counted from the same moment. */
const ROUNDING_MS = 1;

/** The way out where a lease says nothing that can be believed. */
export const TAKE_BY_FORCE =
  "Take it over with `jvs lock steal --force`; `jvs lock status` then says whose it is.";
const MOVE_FIRST = `If it is a folder, move it away first. ${TAKE_BY_FORCE}`;

/** Where a lease is in its life. A last renewal that lies in the future says that a clock is wrong: then none of its times counts. */
export function stateOf(lease: Lease, now: number): LeaseState {
  if (Date.parse(lease.last_renewed_at) > now + lease.max_clock_skew_ms) return "future";
  if (now < Date.parse(lease.lease_expires_at)) return "held";
  return now < takeableFrom(lease) ? "expired" : "over";
}

/** From when on another session may take a lease over: its holder's clock may be behind, and gets some time besides. */
export function takeableFrom({ lease_expires_at, max_clock_skew_ms, steal_grace_ms }: Lease): number {
  return Date.parse(lease_expires_at) + max_clock_skew_ms + steal_grace_ms;
}

/** What a new lease is for. */
export interface NewLease extends Pick<Lease, "worktree_id" | "session_id" | "fencing_token"> {
  readonly durationMs: number;
}

/** A new lease, from now on. */
export function newLease(
  { worktree_id, session_id, fencing_token, durationMs }: NewLease,
  { name, userName, pid, startTime }: Host,
  now = nowMs(),
): Lease {
  const times = timesOf(now, durationMs);
  return {
    lock_id: crypto.randomUUID(),
    worktree_id,
    holder_id: [name, userName, pid, startTime].join(":"),
    holder_nonce: hexOf(randomBytes(16)),
    session_id,
    acquire_seq: 1,
    created_at: times.last_renewed_at,
    ...times,
    max_clock_skew_ms: 2000,
    steal_grace_ms: 1000,
    fencing_token,
  };
}

/** The same lease, from now on for its whole duration again, or for another one. */
export function renewedLease(lease: Lease, durationMs = lease.lease_duration_ms, now = nowMs()): Lease {
  return { ...lease, ...timesOf(now, durationMs) };
}

function timesOf(now: number, lease_duration_ms: number) {
  return {
    last_renewed_at: new Date(now).toISOString(),
    lease_duration_ms,
    // Two renewals may fail before a lease runs out.
    renew_interval_ms: Math.min(LEASE_MS.usual / 3, Math.floor(lease_duration_ms / 3)),
    lease_expires_at: new Date(now + lease_duration_ms).toISOString(),
  };
}

/** The leases of a repository: a file for each worktree that has one. What reads and then writes one holds its short lock. */
export class Leases {
  constructor(private readonly layout: Layout) {}

  /** The ids of the worktrees that have one, with those of damaged leases. */
  ids(): string[] {
    return this.layout.leases.jsonNames();
  }

  /** The lease of a worktree, or nothing; `E_DESCRIPTOR_CORRUPT` or a `RefusedPath` when its file is damaged or none of ours. */
  find(worktreeId: string): Lease | undefined {
    const file = this.layout.lease(worktreeId);
    const text = readFresh(file);
    const lease = parseRecord(file, Lease, WHAT, text, TAKE_BY_FORCE);
    if (lease === undefined) return undefined;
    const why = lease.worktree_id === worktreeId ? impossible(lease) : "it is of another worktree";
    if (why === undefined) return lease;
    throw damaged(file, WHAT, why, {}, TAKE_BY_FORCE);
  }

  /** Whether a lease can be written over what is there: a rename replaces everything but a folder. */
  isReplaceable(worktreeId: string): boolean {
    const stat = new Stat();
    return !this.layout.lease(worktreeId).stat(stat) || stat.type !== DIR;
  }

  /** Writes the lease of a worktree, durably. */
  write(lease: Lease): void {
    writeRecord(this.layout.lease(lease.worktree_id), Lease.check(lease));
  }

  /** Removes the lease of a worktree; false if there was none. */
  remove(worktreeId: string): boolean {
    return this.layout.lease(worktreeId).remove();
  }
}

function readFresh(file: ControlPath): string | undefined {
  try {
    return file.readFreshOwned(MOST_BYTES.lease)?.text;
  } catch (error) {
    throw error instanceof RefusedPath && error.path === file.path ? error.withHint(MOVE_FIRST) : error;
  }
}

/** Why JVS did not write a lease with these times: one that never ends would keep all others away. */
function impossible(
  { created_at, last_renewed_at, lease_duration_ms, lease_expires_at }: Lease,
): string | undefined {
  const [created, renewed, expires] = [created_at, last_renewed_at, lease_expires_at].map((text) =>
    Date.parse(text)
  );
  if (created === undefined || renewed === undefined || expires === undefined) return undefined;
  if ([created, renewed, expires].some(Number.isNaN)) return "one of its times is none";
  const off = Math.abs(expires - renewed - lease_duration_ms);
  return off > ROUNDING_MS ? "it does not end when its duration says" : undefined;
}
