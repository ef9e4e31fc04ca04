import type { ErrorCode } from "../../../src/model/errors.ts";
import type { OperationName } from "../../../src/operation/registry.ts";
import type { Json } from "../../support/jvs.ts";
import { pick } from "../../support/random_tree.ts";
import { Mismatch, type SeenSnapshot } from "./seen.ts";
import type { Tree } from "./tree.ts";
import type { Policy, Worktree, World } from "./world.ts";

/** What came of an act: the snapshots that it made, and its result; without one it was killed. */
export interface Did {
  readonly made: readonly SeenSnapshot[];
  readonly result?: Json | undefined;
}

/** A call of one operation: when it must be refused, and what it must do otherwise. */
export interface Act {
  readonly operation: OperationName;
  readonly input: Json;
  /** The worktree in whose folder it is called; by default the repository's folder. */
  readonly worktree?: string;
  readonly session?: string | undefined;
  /** A killed one may have done a part, and is done again. */
  readonly goesOn?: boolean;
  /** How it is refused when it is done again, and was killed at its very end. */
  readonly isOverBy?: ErrorCode;
  /** It is tried each time that it must be refused, which seldom comes. */
  readonly isSeldomRefused?: boolean;
  /** One of these must come of it; if there is none it must succeed. */
  refusals(world: World): ErrorCode[];
  /** Does the same to the world. */
  effect(world: World, did: Did): void;
  /** What a killed one may have done that stays: it saved unsaved work. Nothing by default. */
  begun?(world: World, did: Did): void;
}

/** What an act may be about, drawn by chance. */
export interface Choice {
  readonly world: World;
  readonly random: () => number;
  /** Something that no name had before. */
  readonly fresh: string;
}

/** The sessions that take leases. */
export const SESSIONS = ["ann", "ben"] as const;

/** Few names, so that they are often taken, and often come back. */
export const WORKTREES = ["w1", "w2", "w3", "w4"] as const;
/** The refs that the user makes. */
export const REFS = ["r1", "r2", "r3"] as const;

/** The policies of `gc/retention.json`, and how the model has them. */
export const POLICIES: Readonly<Record<string, Policy>> = {
  default: { prunesAncestors: false },
  few: { prunesAncestors: false, keepAutosaveDays: 0 },
  two: { prunesAncestors: true, keepLast: 2, keepAutosaveDays: 0 },
};

/** The name of a worktree. */
export function anyWorktree({ random, world }: Choice): string {
  return pick(random, [...world.worktrees.keys()]);
}

/** Mostly the session that has the worktree. */
export function sessionFor({ random, world }: Choice, worktree: string): string | undefined {
  const holder = world.worktrees.get(worktree)?.lease?.session;
  return random() < 0.7 ? holder : pick(random, [undefined, ...SESSIONS]);
}

/** A word that may name a snapshot. */
export function anyWord(choice: Choice): string {
  const { random, world } = choice;
  const ids = [...world.snapshots.keys()];
  const id = pick(random, ids) ?? "HEAD";
  const recent = ids.sort().at(-1 - Math.floor(random() * Math.min(5, ids.length))) ?? "HEAD";
  const others = ["HEAD", "LATEST", "HEAD~1", `${anyWorktree(choice)}@`, ...REFS, id.slice(-8)];
  return random() < 0.6 ? pick(random, [id, recent]) : pick(random, others);
}

/** Why a change of a worktree is refused, whatever it is. SPEC 10. */
export function refusedChange(world: World, name: string, session: string | undefined): ErrorCode[] {
  const worktree = world.worktrees.get(name);
  if (worktree === undefined) return ["E_NOT_FOUND"];
  const { lease } = worktree;
  const isMine = lease !== null && lease.session === session;
  if (isMine) return lease.isOver ? ["E_LOCK_EXPIRED"] : [];
  if (lease !== null && !lease.isOver) return ["E_LOCK_CONFLICT"];
  return world.settings.locking === "required" ? ["E_LOCK_NOT_HELD"] : [];
}

/** Why a word names no snapshot; a pruned one can be named. */
export function refusedWord(world: World, word: string, from?: string): ErrorCode[] {
  return world.resolve(word, from) === undefined ? ["E_NOT_FOUND"] : [];
}

/** Why a new worktree cannot have a name. */
export function refusedName(world: World, name: string): ErrorCode[] {
  return world.worktrees.has(name) ? ["E_ALREADY_EXISTS"] : [];
}

/** A snapshot that an act must have made. */
export interface NewSnapshot extends Did {
  readonly kind: "manual" | "autosave";
  readonly tree: Tree;
  readonly tags?: readonly string[];
}

/** Takes the new snapshot of this kind into the world, as it must be: a comparison says later if it is another. */
export function addSnapshot(
  world: World,
  { head, id: worktree }: Worktree,
  { made, kind, tree, tags = [] }: NewSnapshot,
): string {
  const fitting = made.filter((each) => each.kind === kind && each.worktree === worktree);
  const [found] = fitting;
  if (found === undefined || fitting.length > 1) {
    throw new Mismatch(`${fitting.length} new snapshots of kind ${kind} and not one`);
  }
  world.note("snapshot");
  world.snapshots.set(found.id, { id: found.id, kind, parent: head, worktree, tags, tree, isPruned: false });
  return found.id;
}
