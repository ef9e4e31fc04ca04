import type { Grounds } from "./grounds.ts";
import { type Comparison, measure, type MeasureOptions } from "./measure.ts";
import type { Options } from "./options.ts";
import { phasesOf } from "./process.ts";
import type { Origin, RowResult } from "./report.ts";
import type { Jvs, Row, Scene } from "./scene.ts";

/** For so long a row may go on if chance still decides; for longer if CI could fail. */
const MORE_FOR_MS = { table: 30_000, check: 90_000, earlier: Infinity };
/** How much slower than an earlier JVS this one may be. */
const AS_BEFORE = { times: 1.05 };

/** Everything that a run needs. */
export interface Bench {
  readonly options: Options;
  readonly grounds: Grounds;
  readonly ours: Jvs;
  /** The earlier JVS to compare with. */
  readonly before: Jvs | undefined;
  readonly origin: Origin;
}

/** Measures one row; what it made for itself is gone afterwards. */
export async function measureRow(bench: Bench, row: Row, cpuLimit?: number): Promise<RowResult> {
  const { options: { rounds, small }, before, origin } = bench;
  const { name, countsCpu = false } = row;
  const target = before === undefined ? row.target : AS_BEFORE;
  const against = before === undefined ? row.against : before.name;
  const settings: MeasureOptions = {
    rounds: rounds * (countsCpu && !small ? 3 : 1), // commands of milliseconds
    target,
    countsCpu,
    cpuLimit,
    moreForMs: MORE_FOR_MS[before !== undefined ? "earlier" : cpuLimit === undefined ? "table" : "check"],
  };
  return { name, against, target, countsCpu, rounds, ...origin, ...await measureScene(bench, row, settings) };
}

async function measureScene(
  { grounds, ours, before }: Bench,
  row: Row,
  options: MeasureOptions,
): Promise<Comparison & { readonly phases: string }> {
  const ground = await grounds.open(row.place);
  const other = await grounds.open(row.place);
  try {
    const scene = await row.scene(ours, ground);
    const all = before === undefined
      ? scene
      : besideEarlier(scene, await row.scene(before, other), before.name);
    const found = await measure(all, options);
    return {
      ...found,
      phases: found.verdict === "missed" && before === undefined ? await phases(scene) : "",
    };
  } finally {
    await ground.clear();
    await other.clear();
  }
}

async function phases(scene: Scene): Promise<string> {
  await scene.beforeRound?.();
  return await phasesOf(scene.ours);
}

/** Instead of other tools, an earlier JVS takes part, with the same work on a tree of its own. */
function besideEarlier(scene: Scene, earlier: Scene, name: string): Scene {
  return {
    ours: scene.ours,
    reference: () => [{ times: 1, contender: { ...earlier.ours, name } }],
    beforeRound: async () => {
      await scene.beforeRound?.();
      await earlier.beforeRound?.();
    },
  };
}
