import type { OperationName } from "../../../src/operation/registry.ts";
import type { Json } from "../../support/jvs.ts";
import { pick } from "../../support/random_tree.ts";
import {
  type Act,
  addSnapshot,
  anyWord,
  anyWorktree,
  type Choice,
  refusedChange,
  refusedName,
  sessionFor,
  WORKTREES,
} from "./act.ts";
import { isSame, type Tree } from "./tree.ts";
import type { Worktree, World } from "./world.ts";

/* Worktrees that come, go and change their names. SPEC 8. */

function newWorktree(
  world: World,
  name: string,
  tree: Tree,
  head: string | null,
  operation = "worktree fork",
): void {
  world.note(operation);
  const path = `worktrees/${name}`;
  const fresh = { id: "", path, tree, base: head, head, latest: head, lease: null, token: 0 };
  world.worktrees.set(name, fresh);
}

interface FromSnapshot {
  readonly operation: OperationName;
  readonly input: Json;
  readonly name: string;
  readonly word: string;
  readonly worktree: string;
}

/** A new worktree that holds a snapshot. */
function fromSnapshot({ name, word, ...act }: FromSnapshot): Act {
  const meant = (world: World) => {
    const isNewest = act.operation === "restore" && word === "HEAD";
    return world.resolve(isNewest ? "LATEST" : word, act.worktree);
  };
  return {
    ...act,
    refusals: (world) => [
      ...refusedName(world, name),
      ...(world.worktrees.has(act.worktree) && world.isWhole(meant(world)) ? [] : ["E_NOT_FOUND" as const]),
    ],
    effect(world) {
      const id = meant(world) ?? "";
      const isCreated = act.operation === "worktree create";
      newWorktree(world, name, world.tree(id), id, isCreated ? act.operation : undefined);
    },
  };
}

/** A new worktree by `restore --name`. */
export function restoreBeside(choice: Choice): Act {
  const worktree = anyWorktree(choice);
  const [name, word] = [pick(choice.random, WORKTREES), anyWord(choice)];
  const input = { snapshot: word, name, worktree };
  return fromSnapshot({ operation: "restore", input, name, word, worktree });
}

/** A fork of a snapshot. */
export function fork(choice: Choice): Act {
  const worktree = anyWorktree(choice);
  const [name, word] = [pick(choice.random, WORKTREES), anyWord(choice)];
  return fromSnapshot({
    operation: "worktree fork",
    input: { snapshot: word, name, worktree },
    name,
    word,
    worktree,
  });
}

/** A new worktree, empty or from a snapshot. */
export function create(choice: Choice): Act {
  const { random } = choice;
  const name = pick(random, WORKTREES);
  const word = anyWord(choice);
  if (random() < 0.5) {
    const worktree = anyWorktree(choice);
    const input = { name, from: word };
    return fromSnapshot({ operation: "worktree create", input, name, word, worktree });
  }
  return {
    operation: "worktree create",
    input: { name },
    refusals: (world) => refusedName(world, name),
    effect: (world) => newWorktree(world, name, new Map(), null, "worktree create"),
  };
}

/** A fork of a worktree as it is. */
export function liveFork(choice: Choice): Act {
  const worktree = anyWorktree(choice);
  const name = pick(choice.random, WORKTREES);
  return {
    operation: "worktree fork",
    input: { name, live: true, worktree },
    refusals: (world) => [
      ...refusedName(world, name),
      ...(world.worktrees.has(worktree) ? [] : ["E_NOT_FOUND" as const]),
    ],
    effect(world) {
      const { tree, head } = world.worktree(worktree);
      newWorktree(world, name, tree, head);
    },
  };
}

/** Another name for a worktree. */
export function rename(choice: Choice): Act {
  const name = anyWorktree(choice);
  const new_name = pick(choice.random, WORKTREES);
  const session = sessionFor(choice, name);
  return {
    operation: "worktree rename",
    input: { name, new_name },
    session,
    refusals: (world) => [...refusedChange(world, name, session), ...refusedName(world, new_name)],
    effect(world) {
      const at = world.worktree(name);
      world.note("worktree rename");
      world.worktrees.delete(name);
      if (at.path === `worktrees/${name}`) at.path = `worktrees/${new_name}`;
      world.worktrees.set(new_name, at);
    },
  };
}

/** Removes a worktree. */
export function remove(choice: Choice): Act {
  const { random } = choice;
  const name = anyWorktree(choice);
  const session = sessionFor(choice, name);
  const force = random() < 0.6;
  const discard = !force && random() < 0.3;
  const hasWork = (world: World, { head, tree }: Worktree) => !isSame(tree, world.tree(head));
  return {
    operation: "worktree remove",
    input: { name, force, discard },
    session,
    refusals(world) {
      const refused = refusedChange(world, name, session);
      const at = world.worktrees.get(name);
      if (at?.path === "main") refused.push("E_USAGE");
      if (at !== undefined && !force && !discard && hasWork(world, at)) refused.push("E_UNSAVED_CHANGES");
      return refused;
    },
    effect(world, { made }) {
      const at = world.worktree(name);
      const { base, head, latest, tree } = at;
      const pin = (snapshot: string, keepsLine = false) => world.pins.push({ snapshot, keepsLine });
      if (force && hasWork(world, at)) pin(addSnapshot(world, at, { made, kind: "autosave", tree }));
      world.note("worktree remove");
      world.worktrees.delete(name);
      if (latest !== null) pin(latest, latest !== base);
      if (head !== null && head !== latest) pin(head);
    },
    begun(world, { made }) {
      const at = world.worktrees.get(name);
      if (at && made.length > 0) addSnapshot(world, at, { made, kind: "autosave", tree: at.tree });
    },
  };
}
