import { pick } from "../../support/random_tree.ts";
import {
  type Act,
  addSnapshot,
  anyWord,
  anyWorktree,
  type Choice,
  refusedChange,
  sessionFor,
} from "./act.ts";
import { isSame } from "./tree.ts";
import { restored, saved, unsavedBefore, type Worktree, type World } from "./world.ts";

/* Snapshots, and restores in place. SPEC 6, 7. */

/** Saves a worktree. */
export function snapshot(choice: Choice): Act {
  const { fresh, random } = choice;
  const worktree = anyWorktree(choice);
  const session = sessionFor(choice, worktree);
  const branch = random() < 0.5;
  const if_changed = random() < 0.25;
  const tags = random() < 0.2 ? [`t-${fresh}`] : [];
  return {
    operation: "snapshot",
    input: { note: fresh, worktree, branch, if_changed, tags },
    worktree,
    session,
    refusals(world) {
      const refused = refusedChange(world, worktree, session);
      const at = world.worktrees.get(worktree);
      return at !== undefined && isDetached(at) && !branch ? [...refused, "E_DETACHED"] : refused;
    },
    effect(world, { made }) {
      const at = world.worktree(worktree);
      const tree = saved(at.tree);
      if (if_changed && at.head !== null && isSame(tree, world.tree(at.head))) return;
      const id = addSnapshot(world, at, { made, kind: "manual", tree, tags });
      if (isDetached(at) && at.latest !== null) {
        const ref = `${worktree}-${at.latest.slice(-8)}`;
        if (!world.refs.has(ref)) world.refs.set(ref, { snapshot: at.latest, keepsLine: true });
      }
      at.base ??= id;
      at.head = at.latest = id;
    },
  };
}

function isDetached({ head, latest }: Worktree): boolean {
  return head !== latest;
}

interface Restoring {
  readonly word: string;
  readonly paths: readonly string[];
}

/** Restores a whole worktree. */
export function restore(choice: Choice): Act {
  return restoring(choice, { word: anyWord(choice), paths: [] });
}

/** Restores some paths. */
export function restorePaths(choice: Choice): Act {
  const { random, world } = choice;
  const worktree = anyWorktree(choice);
  const word = anyWord(choice);
  const known = [
    ...world.worktree(worktree).tree.keys(),
    ...world.tree(world.resolve(word, worktree) ?? null).keys(),
  ].filter((path) => !path.includes("/"));
  const paths = known.length === 0 ? ["nowhere"] : [...new Set([pick(random, known), pick(random, known)])];
  return restoring(choice, { word, paths }, worktree);
}

function restoring(choice: Choice, { word, paths }: Restoring, worktree = anyWorktree(choice)): Act {
  const { random } = choice;
  const session = sessionFor(choice, worktree);
  const discard = random() < 0.15;
  const meant = (world: World) => world.resolve(word === "HEAD" ? "LATEST" : word, worktree);
  const lost = (world: World, at: Worktree, id: string) =>
    unsavedBefore(at.tree, { head: world.tree(at.head), then: world.tree(id), paths });
  const saves = (world: World, at: Worktree, id: string) =>
    discard || world.settings.unsaved === "discard" ? undefined : lost(world, at, id);
  return {
    operation: "restore",
    input: { snapshot: word, worktree, discard, paths },
    worktree,
    session,
    refusals(world) {
      const refused = refusedChange(world, worktree, session);
      const at = world.worktrees.get(worktree);
      const id = meant(world);
      if (at === undefined || id === undefined || !world.isWhole(id)) return [...refused, "E_NOT_FOUND"];
      if (paths.some((path) => !at.tree.has(path) && !world.tree(id).has(path))) refused.push("E_NOT_FOUND");
      if (!discard && world.settings.unsaved === "refuse" && lost(world, at, id) !== undefined) {
        refused.push("E_UNSAVED_CHANGES");
      }
      return refused;
    },
    effect(world, { made }) {
      const at = world.worktree(worktree);
      const id = meant(world) ?? "";
      const tree = saves(world, at, id);
      if (tree !== undefined) addSnapshot(world, at, { made, kind: "autosave", tree });
      world.note("restore");
      at.tree = restored(at.tree, world.tree(id), paths);
      if (paths.length > 0) return;
      // Without a snapshot of its own it begins its line there. SPEC 6.
      const hasOwn = at.latest !== null &&
        (at.latest !== at.base || world.snapshots.get(at.latest)?.worktree === at.id);
      at.head = id;
      if (!hasOwn) at.base = at.latest = id;
    },
    begun(world, { made }) {
      const at = world.worktrees.get(worktree);
      const tree = at && saves(world, at, meant(world) ?? "");
      if (at && tree && made.length > 0) addSnapshot(world, at, { made, kind: "autosave", tree });
    },
  };
}
