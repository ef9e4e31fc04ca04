import type { JvsError } from "../../model/errors.ts";
import type { Lease } from "../../model/lease.ts";
import type { WorktreeConfig } from "../../model/records.ts";
import { nowMs } from "../../platform/clock.ts";
import { isUnusableRecord } from "../../repo/control_errors.ts";
import {
  CHANGE,
  expiredLease,
  fencedOff,
  heldByOther,
  lostLease,
  unknownHolder,
} from "../../repo/lease_errors.ts";
import { Leases, renewedLease, stateOf } from "../../repo/leases.ts";
import type { Store } from "../../repo/store.ts";
import type { Guard, RepositoryContext } from "../context.ts";

/** A change that is made by a lease: renews it as long as the change runs, and stops the change where the lease is lost. */
export class LeaseGuard implements Guard, Disposable {
  readonly fencingToken: number;
  readonly #leases: Leases;
  readonly #timer: ReturnType<typeof setInterval>;

  private constructor(
    private readonly store: Store,
    private readonly worktree: WorktreeConfig,
    private readonly lease: Lease,
    private readonly token: Guard,
  ) {
    this.fencingToken = lease.fencing_token;
    this.#leases = new Leases(store.layout);
    this.#timer = setInterval(() => void this.#renewMeanwhile(), lease.renew_interval_ms);
    Deno.unrefTimer(this.#timer);
  }

  /** A guard that goes by the lease of the caller's session; undefined if the worktree has none that counts. */
  static begin(context: RepositoryContext, worktree: WorktreeConfig, token: Guard): LeaseGuard | undefined {
    const { session, store } = context;
    const lease = readable(store, worktree, (error) => unknownHolder(CHANGE, worktree, error, error.code));
    if (lease === undefined) return undefined;
    const now = nowMs();
    const state = stateOf(lease, now);
    if (lease.session_id !== session) {
      if (state === "over") return undefined;
      throw heldByOther(CHANGE, worktree, lease, now);
    }
    if (state === "future") throw heldByOther(CHANGE, worktree, lease, now);
    if (state !== "held") throw expiredLease(CHANGE, worktree, lease, now);
    if (lease.fencing_token !== worktree.fencing_token) {
      throw fencedOff({ ...worktree, fencing_token: lease.fencing_token }, worktree);
    }
    return new LeaseGuard(store, worktree, lease, token);
  }

  async check(): Promise<void> {
    await this.token.check(); // first: that somebody else has the worktree says more than that the lease ran out
    const { lease_duration_ms, last_renewed_at } = this.#current();
    // What follows takes time too, so it begins with half of the lease at least.
    if (nowMs() - Date.parse(last_renewed_at) > lease_duration_ms / 2) await this.#renew();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  /** The lease as it is now; `E_LOCK_EXPIRED` if it is no longer this one, or ran out: then it must not come back to life. */
  #current(): Lease {
    const now = nowMs();
    const lease = this.#leases.find(this.worktree.worktree_id);
    if (lease === undefined) {
      throw lostLease(this.worktree, "its lease was released while this operation ran");
    }
    if (lease.lock_id !== this.lease.lock_id) {
      throw lostLease(this.worktree, "it has another lease than when this operation began");
    }
    const state = stateOf(lease, now);
    if (state === "held") return lease;
    if (state === "future") throw heldByOther(CHANGE, this.worktree, lease, now);
    throw lostLease(
      this.worktree,
      `its lease ran out at ${lease.lease_expires_at}, and was not renewed in time`,
    );
  }

  async #renew(): Promise<void> {
    using _lock = await this.store.locks.short(leaseLock(this.worktree));
    this.#leases.write(renewedLease(this.#current()));
  }

  /** What goes wrong here, `check` says. */
  async #renewMeanwhile(): Promise<void> {
    await this.#renew().catch(() => {});
  }
}

/** The name of the short lock around a worktree's lease. */
export function leaseLock({ worktree_id }: Pick<WorktreeConfig, "worktree_id">): string {
  return `lease-${worktree_id}`;
}

/** `E_LOCK_CONFLICT`, or `E_CLOCK_SKEW_EXCEEDED`, if the worktree has a lease that is not the caller's and not over. */
export function refuseOther(
  { session, store }: RepositoryContext,
  worktree: WorktreeConfig,
  wanted: (name: string) => string,
): void {
  const lease = readable(store, worktree, (error) => unknownHolder(wanted, worktree, error));
  if (lease === undefined || lease.session_id === session) return;
  const now = nowMs();
  if (stateOf(lease, now) !== "over") throw heldByOther(wanted, worktree, lease, now);
}

function readable(
  store: Store,
  worktree: WorktreeConfig,
  unknown: (error: JvsError) => JvsError,
): Lease | undefined {
  try {
    return new Leases(store.layout).find(worktree.worktree_id);
  } catch (error) {
    throw isUnusableRecord(error) ? unknown(error) : error;
  }
}
