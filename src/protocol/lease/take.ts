import { JvsError } from "../../model/errors.ts";
import { HIGHEST_TOKEN, Lease, LEASE_MS, LONGEST_SESSION } from "../../model/lease.ts";
import { uuid, type WorktreeConfig } from "../../model/records.ts";
import { boolean, nullable, record, text } from "../../model/schema.ts";
import { nowMs } from "../../platform/clock.ts";
import { isUnusableRecord } from "../../repo/control_errors.ts";
import { highestToken } from "../../repo/highest_token.ts";
import { heldByOther, tokenTooHigh } from "../../repo/lease_errors.ts";
import { Leases, newLease, renewedLease, stateOf } from "../../repo/leases.ts";
import { currentRecord } from "../change/change.ts";
import { commitChange, finishIf, withIntent } from "../change/commit.ts";
import { defineChange } from "../change/kind.ts";
import { leaseLock } from "../change/lease_guard.ts";
import { lockWorktree, recoverOnly } from "../change/locks.ts";
import type { Guard, RepositoryContext } from "../context.ts";

const { lock_id, holder_id, session_id, lease_expires_at, fencing_token } = Lease.fields;

const taking = (operation: string) =>
  defineChange({
    operation,
    details: record({ lock_id: uuid() }),
    steps: [],
    isOfLease: true,
    audit: record({
      worktree: text(),
      worktree_id: uuid(),
      lock_id,
      session_id,
      lease_expires_at,
      fencing_token,
      forced: boolean(),
      taken_over: nullable(record({ lock_id, holder_id, session_id, lease_expires_at, fencing_token })),
    }),
    // The lease is one file. If only the fencing token was raised, no lease has it, and the next one has a higher one.
    async recover(context, intent) {
      const found = find(context, intent.worktreeId ?? "", true);
      await finishIf(found?.lock_id === intent.details.lock_id, context, intent);
    },
  });

/** Acquires a lease that is free or over. */
export const leaseAcquisition = taking("lock acquire");
/** The same, where the user may say that a lease does not count. */
export const leaseTheft = taking("lock steal");

const ACQUIRE = (name: string) => `acquire a lease of worktree "${name}"`;

/** How to take a lease. */
export interface Taking {
  readonly kind: typeof leaseAcquisition;
  /** How long it holds; by default 30 s, or as long as that which it renews. */
  readonly durationMs: number | undefined;
  /** Whether a lease is taken over that lies in the future, or whose file is damaged. */
  readonly force: boolean;
}

/**
 * Gives the caller's session the lease of a worktree, and returns it. `E_LOCK_CONFLICT` as long as another session's is not over.
 * What its session holds already is renewed, and keeps its fencing token.
 *
 * Under the worktree's lock no operation is under way there, and of many that take an expired lease at once one gets it. The higher
 * fencing token is durable before the lease: two leases never have the same one. What an earlier holder left interrupted, the next
 * change recovers, as the new holder.
 */
export async function takeLease(
  context: RepositoryContext,
  named: WorktreeConfig,
  { kind, durationMs, force }: Taking,
): Promise<Lease> {
  const session_id = checkedSession(context.session);
  using _lock = await lockWorktree(context, named.worktree_id, kind.operation);
  await recoverOnly(context, named.worktree_id, [leaseAcquisition, leaseTheft]);
  const worktree = currentRecord(context, named);
  const { name, worktree_id } = worktree;
  const held = await renewedIfMine(context, worktree, durationMs, force);
  if (held !== undefined) return held;
  if (worktree.fencing_token >= HIGHEST_TOKEN) throw tokenTooHigh(ACQUIRE, worktree);

  const before = takeable(context, worktree, force);
  const fencing_token = highestToken(context.store.layout, worktree, before) + 1;
  const isNew = { worktree_id, session_id, fencing_token, durationMs: durationMs ?? LEASE_MS.usual };
  const lease = newLease(isNew, context.store.platform.host);
  const { lock_id } = lease;
  const guard: Guard = { fencingToken: fencing_token, check: () => Promise.resolve() };
  return await withIntent(
    context,
    worktree_id,
    { kind, target: name, details: { lock_id } },
    async (intent) => {
      const details = {
        worktree: name,
        worktree_id,
        lock_id,
        session_id,
        lease_expires_at: lease.lease_expires_at,
        fencing_token,
        forced: force,
        taken_over: before === undefined ? null : identifying(before),
      };
      await commitChange<typeof kind>({ ...context, intent, guard }, { target: name, details }, {
        commit: async () => {
          using _short = await context.store.locks.short(leaseLock(worktree));
          takeable(context, worktree, force); // its holder may have renewed it meanwhile
          context.store.worktrees.update(name, { fencing_token });
          new Leases(context.store.layout).write(lease);
        },
      });
      return lease;
    },
  );
}

/** The caller's own lease, renewed; undefined if there is none that holds and that is the newest of the worktree. */
async function renewedIfMine(
  context: RepositoryContext,
  worktree: WorktreeConfig,
  durationMs: number | undefined,
  force: boolean,
): Promise<Lease | undefined> {
  const { store, session } = context;
  using _short = await store.locks.short(leaseLock(worktree));
  const lease = find(context, worktree.worktree_id, force);
  if (lease === undefined || lease.session_id !== session || lease.fencing_token !== worktree.fencing_token) {
    return undefined;
  }
  if (stateOf(lease, nowMs()) !== "held") return undefined;
  const renewed = { ...renewedLease(lease, durationMs), acquire_seq: lease.acquire_seq + 1 };
  new Leases(store.layout).write(renewed);
  return renewed;
}

/** The lease that is taken over, if there is one; an error if it must not be. */
function takeable(context: RepositoryContext, worktree: WorktreeConfig, force: boolean): Lease | undefined {
  const lease = find(context, worktree.worktree_id, force);
  if (lease === undefined) return undefined;
  const now = nowMs();
  const state = stateOf(lease, now);
  if (state === "over" || (state === "future" && force)) return lease;
  if (state !== "future" && lease.session_id === context.session) return lease;
  throw heldByOther(ACQUIRE, worktree, lease, now);
}

/** The lease of a worktree; nothing for a damaged one if that does not count. */
function find({ store }: RepositoryContext, worktreeId: string, damagedIsNone: boolean): Lease | undefined {
  const leases = new Leases(store.layout);
  try {
    return leases.find(worktreeId);
  } catch (error) {
    if (damagedIsNone && isUnusableRecord(error) && leases.isReplaceable(worktreeId)) return undefined;
    throw error;
  }
}

function identifying({ lock_id, holder_id, session_id, lease_expires_at, fencing_token }: Lease) {
  return { lock_id, holder_id, session_id, lease_expires_at, fencing_token };
}

function checkedSession(session: string | undefined): string {
  const why = session === undefined || session === ""
    ? "the session is empty"
    : session.includes("\ufffd")
    ? "the session is no UTF-8 text" // two of them would look the same
    : session.length > LONGEST_SESSION
    ? `the session has more than ${LONGEST_SESSION} characters`
    : undefined;
  if (session !== undefined && why === undefined) return session;
  throw new JvsError("E_USAGE", `Cannot acquire a lease: ${why}`, {
    hint: "Leave it out, and a new one is made; or give any text, such as the name of a job.",
  });
}
