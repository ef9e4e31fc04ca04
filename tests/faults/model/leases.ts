import type { ErrorCode } from "../../../src/model/errors.ts";
import { pick } from "../../support/random_tree.ts";
import { type Act, anyWorktree, type Choice, sessionFor, SESSIONS } from "./act.ts";
import type { World } from "./world.ts";

/* Leases of worktrees. SPEC 10. */

/** Takes a lease, by `lock acquire` or `lock steal`. */
function taking(choice: Choice, operation: "lock acquire" | "lock steal"): Act {
  const worktree = anyWorktree(choice);
  const session = pick(choice.random, SESSIONS);
  return {
    operation,
    input: { worktree, lease_ms: 86_400_000 },
    worktree,
    session,
    refusals(world) {
      const lease = world.worktrees.get(worktree)?.lease;
      if (lease === undefined) return ["E_NOT_FOUND"];
      return lease === null || lease.isOver || lease.session === session ? [] : ["E_LOCK_CONFLICT"];
    },
    effect(world) {
      const at = world.worktree(worktree);
      if (at.lease === null || at.lease.isOver) {
        at.token++;
        world.note(operation);
      }
      at.lease = { session, isOver: false };
    },
  };
}

/** Takes a lease. */
export function acquire(choice: Choice): Act {
  return taking(choice, "lock acquire");
}

/** Takes over a lease. */
export function steal(choice: Choice): Act {
  return taking(choice, "lock steal");
}

function refusedHolder(world: World, name: string, session: string | undefined): ErrorCode[] {
  const lease = world.worktrees.get(name)?.lease;
  if (lease === undefined) return ["E_NOT_FOUND"];
  if (lease === null) return ["E_LOCK_NOT_HELD"];
  return lease.session === session ? [] : ["E_LOCK_CONFLICT"];
}

/** Renews a lease. */
export function renew(choice: Choice): Act {
  const worktree = anyWorktree(choice);
  const session = sessionFor(choice, worktree);
  return {
    operation: "lock renew",
    input: { worktree },
    session,
    refusals(world) {
      const refused = refusedHolder(world, worktree, session);
      const isOver = world.worktrees.get(worktree)?.lease?.isOver === true;
      return refused.length === 0 && isOver ? ["E_LOCK_EXPIRED"] : refused;
    },
    effect() {},
  };
}

/** Gives a lease back. */
export function release(choice: Choice): Act {
  const worktree = anyWorktree(choice);
  const session = sessionFor(choice, worktree);
  return {
    operation: "lock release",
    input: { worktree },
    session,
    refusals: (world) => refusedHolder(world, worktree, session),
    effect(world) {
      world.note("lock release");
      world.worktree(worktree).lease = null;
    },
  };
}
