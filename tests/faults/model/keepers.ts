import type { Json } from "../../support/jvs.ts";
import { pick } from "../../support/random_tree.ts";
import { type Act, anyWord, anyWorktree, type Choice, POLICIES, REFS, refusedWord } from "./act.ts";
import { Mismatch } from "./seen.ts";
import type { Policy, World } from "./world.ts";

/* Refs and pins, which keep snapshots, and the garbage collection, which takes what nothing keeps. SPEC 9. */

/** Makes a ref. */
export function refCreate(choice: Choice): Act {
  const name = pick(choice.random, REFS);
  const snapshot = anyWord(choice);
  const worktree = anyWorktree(choice);
  const line = choice.random() < 0.5;
  return {
    operation: "ref create",
    input: { name, snapshot, line },
    worktree,
    refusals: (world) => [
      ...(world.refs.has(name) ? ["E_ALREADY_EXISTS" as const] : []),
      ...refusedWord(world, snapshot, worktree),
    ],
    effect(world) {
      world.note("ref create");
      world.refs.set(name, { snapshot: world.resolve(snapshot, worktree) ?? "", keepsLine: line });
    },
  };
}

/** Deletes a ref. */
export function refDelete({ random, world }: Choice): Act {
  const name = pick(random, [...REFS, ...world.refs.keys()]);
  return {
    operation: "ref delete",
    input: { name },
    refusals: (world) => world.refs.has(name) ? [] : ["E_NOT_FOUND"],
    effect(world) {
      world.note("ref delete");
      world.refs.delete(name);
    },
  };
}

/** Pins a snapshot. */
export function pin(choice: Choice): Act {
  const snapshot = anyWord(choice);
  const worktree = anyWorktree(choice);
  const line = choice.random() < 0.5;
  return {
    operation: "gc pin",
    input: { snapshot, line },
    worktree,
    refusals: (world) => world.isWhole(world.resolve(snapshot, worktree)) ? [] : ["E_NOT_FOUND"],
    effect(world) {
      world.note("gc pin");
      world.pins.push({ snapshot: world.resolve(snapshot, worktree) ?? "", keepsLine: line });
    },
  };
}

/** Removes the pins of a snapshot. */
export function unpin(choice: Choice): Act {
  const { random, world } = choice;
  const snapshot = world.pins.length === 0 ? anyWord(choice) : pick(random, world.pins).snapshot;
  const worktree = anyWorktree(choice);
  const isPinned = (world: World) => {
    const id = world.resolve(snapshot, worktree);
    return world.pins.some((each) => each.snapshot === id);
  };
  return {
    operation: "gc unpin",
    input: { pin: snapshot },
    worktree,
    refusals: (world) => isPinned(world) ? [] : ["E_NOT_FOUND"],
    effect(world) {
      const id = world.resolve(snapshot, worktree);
      world.note("gc unpin");
      world.pins = world.pins.filter((each) => each.snapshot !== id);
    },
  };
}

/** Makes a plan of what a policy takes. */
export function plan({ random }: Choice): Act {
  const name = pick(random, Object.keys(POLICIES));
  const policy = policyOf(name);
  return {
    operation: "gc plan",
    input: { policy: name },
    refusals: () => [],
    effect(world, { result }) {
      if (result === undefined) return;
      const { deleted, pruned } = world.collected(policy);
      const { plan_id: id, candidates, policy: said } = result;
      requireSame("planned", [...deleted, ...pruned], candidates);
      const rules = world.rulesOf(policy);
      requireSame("the rules", [rules], [rulesIn(said)]);
      world.plan = { id: String(id), policy, rules, deleted, pruned };
    },
  };
}

/** What a policy says, as `World.rulesOf` puts it. */
function rulesIn(said: unknown): string {
  const { prune_ancestors, keep_autosave_days, keep_last_n } = said as Json;
  return `${prune_ancestors} ${keep_autosave_days} ${keep_last_n}`;
}

/** Carries out the plan that was made before, or one that never was. */
export function collectPlanned({ world }: Choice): Act {
  const plan_id = world.plan?.id ?? "0123456789abcdef";
  const holds = (world: World) => {
    const { plan } = world;
    return plan !== undefined && plan.id === plan_id && plan.rules === world.rulesOf(plan.policy) &&
      new Set([...plan.deleted, ...plan.pruned]).isDisjointFrom(world.keptBy(plan.policy));
  };
  return {
    operation: "gc run",
    input: { plan_id },
    goesOn: true,
    isOverBy: "E_GC_PLAN_MISMATCH",
    isSeldomRefused: world.plan !== undefined,
    refusals: (world) => holds(world) ? [] : ["E_GC_PLAN_MISMATCH"],
    effect(world, { result }) {
      if (world.plan !== undefined) take(world, world.collectedBy(world.plan), result);
    },
    begun: (world) => void (world.plan = undefined), // of a plan that took nothing: it was done again
  };
}

/** Collects by a policy. */
export function collect({ random }: Choice): Act {
  const policy = pick(random, Object.keys(POLICIES));
  return {
    operation: "gc run",
    input: { yes: true, policy },
    goesOn: true,
    refusals: () => [],
    effect: (world, { result }) => take(world, world.collected(policyOf(policy)), result),
  };
}

function policyOf(name: string): Policy {
  return POLICIES[name] ?? { prunesAncestors: false };
}

/** Takes these out of the world, and compares them with what gc says it took. */
function take(
  world: World,
  { deleted, pruned }: { deleted: string[]; pruned: string[] },
  result?: Json,
): void {
  if (result !== undefined) {
    requireSame("deleted", deleted, result["deleted"]);
    requireSame("pruned", pruned, result["pruned"]);
  }
  for (const id of pruned) Object.assign(world.snapshots.get(id) ?? {}, { isPruned: true });
  for (const id of deleted) world.snapshots.delete(id);
  world.plan = undefined;
}

function requireSame(what: string, must: string[], said: unknown): void {
  const did = Array.isArray(said) ? said.map(String).sort().join(" ") : "";
  const expected = must.toSorted().join(" ");
  if (expected !== did) throw new Mismatch(`gc must have ${what} ${expected} and says ${did}`);
}
