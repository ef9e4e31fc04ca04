import type { WorktreeConfig } from "../../model/records.ts";
import type { Store } from "../../repo/store.ts";
import type { Guard, RepositoryContext } from "../context.ts";
import type { AnyChangeKind } from "./kind.ts";

/**
 * What a change of a worktree goes by, until it is disposed. `E_LOCK_CONFLICT` if another session has a lease of the worktree,
 * `E_LOCK_EXPIRED` if the caller's own ran out, `E_LOCK_NOT_HELD` if there is none and the settings ask for one. The caller holds
 * the worktree's lock. Nothing of leases is loaded where there is none.
 */
export async function guardWorktree(
  context: RepositoryContext,
  worktree: WorktreeConfig,
  { needsNoLease = false }: Pick<AnyChangeKind, "needsNoLease">,
): Promise<Guard & Disposable> {
  const { store } = context;
  const token = new TokenGuard(store, worktree);
  if (store.layout.lease(worktree.worktree_id).isThere()) {
    const { LeaseGuard } = await import("./lease_guard.ts");
    const guard = LeaseGuard.begin(context, worktree, token);
    if (guard !== undefined) return guard;
  }
  if (needsNoLease || store.config.get("locking") === "optional") return token;
  const { CHANGE, noLease } = await import("../../repo/lease_errors.ts");
  throw noLease(
    CHANGE,
    worktree,
    "the settings say `locking: required`, and this session has no lease of it",
  );
}

/** `E_LOCK_CONFLICT`, or `E_CLOCK_SKEW_EXCEEDED`, if a worktree has a lease that is not the caller's and not over. */
export async function refuseHeldByOther(
  context: RepositoryContext,
  worktreeId: string,
  wanted: (name: string) => string,
): Promise<void> {
  const { layout, worktrees } = context.store;
  if (!layout.lease(worktreeId).isThere()) return;
  const { refuseOther } = await import("./lease_guard.ts");
  const worktree = worktrees.withId(worktreeId);
  if (worktree !== undefined) refuseOther(context, worktree, wanted);
}

/** Sees only whether somebody removed the worktree, or acquired the worktree since the change began. */
class TokenGuard implements Guard, Disposable {
  readonly fencingToken = null;

  constructor(private readonly store: Store, private readonly worktree: WorktreeConfig) {}

  async check(): Promise<void> {
    const now = this.store.worktrees.current(this.worktree);
    if (now?.fencing_token === this.worktree.fencing_token) return;
    const { fencedOff } = await import("../../repo/lease_errors.ts");
    throw fencedOff(this.worktree, now);
  }

  [Symbol.dispose](): void {}
}
