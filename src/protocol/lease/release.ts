import { isJvsError, unlessThrown } from "../../model/errors.ts";
import type { Lease } from "../../model/lease.ts";
import { uuid, type WorktreeConfig } from "../../model/records.ts";
import { record, text } from "../../model/schema.ts";
import { nowMs } from "../../platform/clock.ts";
import { isUnusableRecord } from "../../repo/control_errors.ts";
import { expiredLease, heldByOther, noLease } from "../../repo/lease_errors.ts";
import { Leases, renewedLease, stateOf } from "../../repo/leases.ts";
import { changeRepository } from "../change/change.ts";
import { commitChange, finishIf } from "../change/commit.ts";
import { defineChange } from "../change/kind.ts";
import { leaseLock } from "../change/lease_guard.ts";
import type { Guard, RepositoryContext } from "../context.ts";
import { leaseAcquisition, leaseTheft } from "./take.ts";

/** Gives a lease back before it runs out. */
export const leaseRelease = defineChange({
  operation: "lock release",
  details: record({ worktree_id: uuid(), lock_id: uuid() }),
  steps: [],
  isOfLease: true,
  audit: record({ worktree: text(), worktree_id: uuid(), lock_id: uuid(), session_id: text() }),
  // The lease is one file. If it is gone, or another one is there that nobody took over from it, the change was made.
  async recover(context, intent) {
    const { worktree_id, lock_id } = intent.details;
    const leases = new Leases(context.store.layout);
    const lease = unlessThrown(isUnusableRecord, () => leases.find(worktree_id));
    const isGone = lease?.lock_id !== lock_id && !await wasTakenOver(context, lock_id);
    await finishIf(intent.decided() !== null && isGone, context, intent);
  },
});

/** Whether a lease ran out and went to another session, as the audit trail says. A broken trail says nothing. */
async function wasTakenOver({ store }: RepositoryContext, lock_id: string): Promise<boolean> {
  try {
    for await (const { details } of store.audit.newestFirst()) {
      const { taken_over } = details;
      if (typeof taken_over === "object" && taken_over !== null && "lock_id" in taken_over) {
        if (taken_over.lock_id === lock_id) return true;
      }
      if (details.lock_id === lock_id) return false; // it was acquired here, and nobody took it over since
    }
  } catch (error) {
    if (!isJvsError(error, "E_AUDIT_CHAIN_BROKEN")) throw error;
  }
  return false;
}

/** Renews the lease of the caller's session, and returns it. What is under way in the worktree does not matter. */
export async function renewLease(
  { session, store }: RepositoryContext,
  worktree: WorktreeConfig,
): Promise<Lease> {
  using _short = await store.locks.short(leaseLock(worktree));
  const wanted = (name: string) => `renew the lease of worktree "${name}"`;
  const leases = new Leases(store.layout);
  const lease = ownLease(leases, worktree, session, wanted);
  const now = nowMs();
  const state = stateOf(lease, now);
  if (state === "future") throw heldByOther(wanted, worktree, lease, now);
  if (state !== "held") throw expiredLease(wanted, worktree, lease, now);
  const renewed = renewedLease(lease);
  leases.write(renewed);
  return renewed;
}

/**
 * Gives back the lease of the caller's session, and returns it. An operation that runs by it is not waited for, and stops before it
 * publishes: so this takes the repository's lock, and not the worktree's.
 */
export async function releaseLease(context: RepositoryContext, worktree: WorktreeConfig): Promise<Lease> {
  const { session, store } = context;
  const { name, worktree_id } = worktree;
  const leases = new Leases(store.layout);
  const find = () => ownLease(leases, worktree, session, (name) => `release the lease of worktree "${name}"`);
  const lease = find();
  const { lock_id, session_id, fencing_token } = lease;
  const begun = { kind: leaseRelease, target: name, details: { worktree_id, lock_id } };
  return await changeRepository(context, begun, async (change) => {
    await recordAcquisition(context, lock_id);
    const note = { target: name, details: { worktree: name, worktree_id, lock_id, session_id } };
    const guard: Guard = { fencingToken: fencing_token, check: () => Promise.resolve() };
    await commitChange({ ...change, guard }, note, {
      commit: async () => {
        using _short = await store.locks.short(leaseLock(worktree));
        find(); // it may be gone meanwhile
        leases.remove(worktree_id);
      },
    });
    return lease;
  });
}

/**
 * Writes the audit record of the lease's acquisition, if that was killed before it did: only the lease, which goes now, shows that it was
 * made. Its process may live, here or on another host: it finds the record, and its intent stays.
 */
async function recordAcquisition({ store }: RepositoryContext, lock_id: string): Promise<void> {
  const { audit, intents } = store;
  for (const kind of [leaseAcquisition, leaseTheft]) {
    for (const intent of intents.list().filter(({ operation }) => operation === kind.operation)) {
      const taking = intents.takeOver(kind, intent);
      const entry = taking.decided();
      if (entry !== null && taking.details.lock_id === lock_id) await audit.append(entry);
    }
  }
}

/** The lease of the caller's session, also one that ran out; an error if there is none, or another session's. */
function ownLease(
  leases: Leases,
  worktree: WorktreeConfig,
  session: string | undefined,
  wanted: (name: string) => string,
): Lease {
  const lease = leases.find(worktree.worktree_id);
  if (lease === undefined) throw noLease(wanted, worktree, "it has none");
  if (lease.session_id !== session) throw heldByOther(wanted, worktree, lease, nowMs());
  return lease;
}
