import type { HolderOfLease } from "../../model/lease.ts";
import { unlessThrown } from "../../model/errors.ts";
import { nowMs } from "../../platform/clock.ts";
import { isUnusableRecord } from "../../repo/control_errors.ts";
import type { RepositoryContext } from "../context.ts";

/** Who holds a lease of the worktree now; null if nobody does. Where there is no lease, this is one look. */
export async function holderOf(
  { session, store: { layout } }: RepositoryContext,
  worktreeId: string,
): Promise<HolderOfLease | null> {
  if (!layout.lease(worktreeId).isThere()) return null;
  const { Leases, stateOf } = await import("../../repo/leases.ts");
  const lease = unlessThrown(isUnusableRecord, () => new Leases(layout).find(worktreeId));
  if (lease === undefined || stateOf(lease, nowMs()) !== "held") return null;
  const { holder_id, created_at, lease_expires_at, fencing_token, session_id } = lease;
  return { holder_id, created_at, lease_expires_at, fencing_token, is_mine: session_id === session };
}
