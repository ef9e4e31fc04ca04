import { REPAIRS } from "../../../src/protocol/verify/finding.ts";
import type { Json } from "../../support/jvs.ts";
import { pick } from "../../support/random_tree.ts";
import { type Act, anyWorktree, type Choice } from "./act.ts";
import { Mismatch } from "./seen.ts";
import { isSame } from "./tree.ts";
import { saved, type World } from "./world.ts";

/** Changes a setting. */
export function setting({ random }: Choice): Act {
  const [key, value, set] = pick<[string, string, (world: World) => void]>(random, [
    ["restore.unsaved", "save", ({ settings }) => settings.unsaved = "save"],
    ["restore.unsaved", "save", ({ settings }) => settings.unsaved = "save"],
    ["restore.unsaved", "refuse", ({ settings }) => settings.unsaved = "refuse"],
    ["restore.unsaved", "discard", ({ settings }) => settings.unsaved = "discard"],
    ["locking", "optional", ({ settings }) => settings.locking = "optional"],
    ["locking", "optional", ({ settings }) => settings.locking = "optional"],
    ["locking", "required", ({ settings }) => settings.locking = "required"],
    ["retention.keep_last_n", "0", ({ settings }) => settings.keepLast = 0],
    ["retention.keep_last_n", "3", ({ settings }) => settings.keepLast = 3],
    ["retention.keep_autosave_days", "0", ({ settings }) => settings.keepAutosaveDays = 0],
    ["retention.keep_autosave_days", "9", ({ settings }) => settings.keepAutosaveDays = 9],
  ]);
  const effect = (world: World) => {
    world.note("config set");
    set(world);
  };
  return { operation: "config set", input: { key, value }, refusals: () => [], effect };
}

/** An operation that changes nothing, and what it must say. */
export function look(choice: Choice): Act {
  const worktree = anyWorktree(choice);
  const input = {
    status: { worktree },
    verify: pick(choice.random, [{ all: true }, { all: true, since: "7d" }]),
    // Nothing is broken, and what a kill left is recovered: no repair may change what the model knows.
    doctor: pick(choice.random, [{}, { repair: [pick(choice.random, REPAIRS)] }]),
    history: { all: true },
    diff: { worktree },
    audit: { limit: 100_000 },
    "audit verify": {},
    "ref list": {},
    "gc pins": {},
    "worktree list": {},
  };
  const operation = pick(choice.random, Object.keys(input) as (keyof typeof input)[]);
  return {
    operation,
    input: input[operation],
    worktree,
    refusals: (world) =>
      operation !== "status" && operation !== "diff" || world.worktrees.has(worktree) ? [] : ["E_NOT_FOUND"],
    effect(world, { result }) {
      if (result === undefined) return;
      const { head, tree } = world.worktrees.get(worktree) ?? { head: null, tree: new Map() };
      const must: Record<typeof operation, Json> = {
        status: {
          head_snapshot_id: head,
          clean: isSame(saved(tree), world.tree(head)),
        },
        verify: { severity: "ok", tamper_detected: false },
        doctor: { healthy: true },
        history: { snapshots: [...world.snapshots.keys()].sort().reverse() },
        diff: isSame(saved(tree), world.tree(head)) ? { differences: [] } : {},
        audit: { count: recordsOf(world) },
        "audit verify": { whole: true },
        "ref list": { refs: [...world.refs.values()].map(({ snapshot }) => snapshot).sort() },
        "gc pins": { pins: world.pins.map(({ snapshot }) => snapshot).sort() },
        "worktree list": { worktrees: [...world.worktrees.keys()].sort() },
      };
      for (const [field, value] of Object.entries(must[operation])) {
        const said = field === "count" ? counted(world, result) : result[field];
        const says = JSON.stringify(isOrdered(field) ? idsOf(said) : sorted(idsOf(said)));
        if (says === JSON.stringify(value)) continue;
        throw new Mismatch(`${operation} says ${field}: ${says} and not ${JSON.stringify(value)}`);
      }
    },
  };
}

/** How many records of what the model knows it says there are. */
function counted(world: World, { records }: Json): number {
  return (Array.isArray(records) ? records : []).filter(({ operation }) => world.records.has(operation))
    .length;
}

/** How many records the audit trail has. */
function recordsOf(world: World): number {
  return world.records.values().reduce((sum, each) => sum + each, 0);
}

/** Of a list of records the ids of their snapshots, or their names; all else as it is. */
function idsOf(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  return value.map((each) =>
    typeof each === "object" && each !== null ? each.snapshot_id ?? each.name ?? each.path : each
  );
}

/** The newest snapshot comes first, whichever way keepers and worktrees are listed. */
function isOrdered(field: string): boolean {
  return field === "snapshots";
}

function sorted(value: unknown): unknown {
  return Array.isArray(value) ? value.toSorted() : value;
}
