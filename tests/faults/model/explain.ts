import type { Act } from "./act.ts";
import type { Outcome } from "./caller.ts";
import { Mismatch, type Seen, type SeenSnapshot } from "./seen.ts";
import type { World } from "./world.ts";

/** An act and what came of it. */
export interface Run {
  readonly act: Act;
  readonly outcome: Outcome;
}

/**
 * The world after some acts that ran at once: as after one order of them, in which each was done, refused for a reason, or, if it was
 * killed, done or not. Throws a `Mismatch` if what is seen is none of these.
 */
export function explain(before: World, runs: readonly Run[], seen: Seen): World {
  const fresh = [...seen.snapshots.keys()].filter((id) => !before.snapshots.has(id));
  const made = sharedOut(runs, fresh.map((id) => seen.snapshot(id)));
  let closest: string[] | undefined;
  for (const order of ordersOf(runs)) {
    for (const world of worldsAfter(before, order, made)) {
      const wrong = typeof world === "string"
        ? [world]
        : [...seen.differencesFrom(world), ...seen.snapshotsFrom(world, fresh)];
      if (wrong.length === 0 && typeof world !== "string") return world;
      if (closest === undefined || wrong.length < closest.length) closest = wrong;
    }
  }
  throw new Mismatch(`\n  ${(closest ?? ["nothing explains it"]).slice(0, 12).join("\n  ")}`);
}

/** Which of the new snapshots each act made: those that its result names, and of a killed one the rest. */
function sharedOut(
  runs: readonly Run[],
  fresh: readonly SeenSnapshot[],
): Map<Run, readonly SeenSnapshot[]> {
  const made = new Map(runs.map((run) => [run, fresh.filter(({ id }) => madeBy(run).includes(id))]));
  const rest = fresh.filter((each) => ![...made.values()].some((some) => some.includes(each)));
  const killed = runs.find(({ outcome }) => outcome.as === "killed");
  if (killed !== undefined) made.set(killed, rest);
  return made;
}

/** The ids of what a result says that it made; its parent may be new, too. */
function madeBy({ outcome }: Run): unknown[] {
  if (outcome.as !== "done") return [];
  const { snapshot, autosave_snapshot_id } = outcome.result;
  const saved = typeof snapshot === "object" && snapshot !== null && "snapshot_id" in snapshot
    ? snapshot.snapshot_id
    : null;
  return [saved, autosave_snapshot_id];
}

function ordersOf<T>(items: readonly T[]): T[][] {
  if (items.length < 2) return [[...items]];
  return items.flatMap((first, i) => ordersOf(items.toSpliced(i, 1)).map((rest) => [first, ...rest]));
}

/** The worlds that this order can lead to, or why it leads to none. */
function worldsAfter(
  before: World,
  [run, ...rest]: readonly Run[],
  made: ReadonlyMap<Run, readonly SeenSnapshot[]>,
): (World | string)[] {
  if (run === undefined) return [before];
  return [...afterOne(before, run, made.get(run) ?? [])].flatMap((world) =>
    typeof world === "string" ? [world] : worldsAfter(world, rest, made)
  );
}

function* afterOne(
  before: World,
  { act, outcome }: Run,
  made: readonly SeenSnapshot[],
): Generator<World | string> {
  const refusals = act.refusals(before);
  const { as } = outcome;
  if (as === "refused") {
    const isRight = refusals.some((each) => each === outcome.error);
    yield isRight
      ? before
      : `${act.operation} is refused by ${outcome.error} (${outcome.message}) and not [${refusals}]`;
    return;
  }
  if (as === "done" && refusals.length > 0) {
    yield `${act.operation} is done and not refused by ${refusals}`;
    return;
  }
  if (as === "killed") yield changed(before, (world) => act.begun?.(world, { made }));
  if (refusals.length > 0) return;
  const result = as === "done" ? outcome.result : undefined;
  yield changed(before, (world) => act.effect(world, { made, result }));
}

function changed(before: World, change: (world: World) => void): World | string {
  const world = before.copy();
  try {
    change(world);
    return world;
  } catch (error) {
    if (error instanceof Mismatch) return error.message;
    throw error;
  }
}
