import { type Sample, time } from "./process.ts";
import type { Contender, Part, Scene, Target } from "./scene.ts";
import { type Estimate, estimate, judge, median, type Verdict } from "./statistics.ts";

/** What one contender took: medians, and every round. */
export interface Timing {
  readonly name: string;
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly peakMb: number;
  readonly all: readonly Sample[];
}

/** Times of contenders that ran in turn. */
export interface Comparison {
  readonly ours: Timing;
  readonly reference: readonly (Timing & { readonly times: number })[];
  readonly beside: readonly Timing[];
  /** JVS as a multiple of the reference, round by round: by the clock, and by the time of the processor. */
  readonly wall: Estimate;
  readonly cpu: Estimate;
  /** JVS as a part of what it may take. */
  readonly share: Estimate | null;
  readonly verdict: Verdict | null;
}

/** How to measure. */
export interface MeasureOptions {
  readonly rounds: number;
  readonly target: Target | null;
  /** Whether the time of the processor decides. */
  readonly countsCpu: boolean;
  /** The multiple of the reference, by the time of the processor, that more rounds shall decide about. */
  readonly cpuLimit?: number | undefined;
  /** For so long there may be more rounds. */
  readonly moreForMs: number;
}

/** If chance could still decide, at most so many times as many rounds are run. */
const MORE_ROUNDS = 8;

/**
 * Times all contenders of a scene in turn, as whole processes. The first round does not count. One command takes a third
 * more or less each time, so there are more rounds where a limit is in the range of what was measured.
 */
export async function measure(scene: Scene, options: MeasureOptions): Promise<Comparison> {
  const reference = await scene.reference();
  const beside = await scene.beside?.() ?? [];
  const contenders = [scene.ours, ...reference.map(({ contender }) => contender), ...beside];
  const samples: Sample[][] = contenders.map(() => []);
  const began = performance.now();
  for (let round = 0; round <= options.rounds || goesOn(round); round++) {
    await scene.beforeRound?.();
    // The order changes, so that the caches are not always warm for the same one.
    for (const which of inOrder(contenders.length, round)) {
      const sample = await time(contenders[which] as Contender);
      if (round > 0) samples[which]?.push(sample);
    }
  }
  return comparison(contenders, samples, reference, options);

  function goesOn(round: number): boolean {
    return round <= options.rounds * MORE_ROUNDS && performance.now() - began < options.moreForMs &&
      isOpen(comparison(contenders, samples, reference, options), options);
  }
}

/** Forwards in one round, backwards in the next. */
function inOrder(count: number, round: number): number[] {
  const order = Array.from({ length: count }, (_, at) => at);
  return round % 2 === 0 ? order : order.reverse();
}

/** Whether more rounds could change a judgement. */
function isOpen({ verdict, cpu }: Comparison, { cpuLimit }: MeasureOptions): boolean {
  return verdict === "undecided" || (cpuLimit !== undefined && judge(cpu, cpuLimit) === "undecided");
}

/** Compares what was sampled. The first contender is ours, then come the parts of the reference, then the others. */
export function comparison(
  contenders: readonly Pick<Contender, "name">[],
  samples: readonly (readonly Sample[])[],
  reference: readonly Pick<Part, "times">[],
  { target, countsCpu }: Pick<MeasureOptions, "target" | "countsCpu">,
): Comparison {
  const timings = contenders.map(({ name }, at) => timing(name, samples[at] ?? []));
  const [ours = timing("", []), ...others] = timings;
  const parts = reference.map(({ times }, at) => ({ ...others[at] ?? ours, times }));
  const byRound = (unit: "wallMs" | "cpuMs", of: (sum: number) => number = (sum) => sum) =>
    estimate(ours.all.map((sample, round) => sample[unit] / of(sumOf(parts, unit, round))));
  const allowed = (sum: number) => (target?.times ?? 1) * sum + (target?.plusMs ?? 0);
  const share = target === null ? null : byRound(countsCpu ? "cpuMs" : "wallMs", allowed);
  const fits = target?.peakMb === undefined || ours.peakMb <= target.peakMb;
  return {
    ours,
    reference: parts,
    beside: others.slice(reference.length),
    wall: byRound("wallMs"),
    cpu: byRound("cpuMs"),
    share,
    verdict: share === null ? null : fits ? judge(share, 1) : "missed",
  };
}

function sumOf(
  parts: readonly { readonly times: number; readonly all: readonly Sample[] }[],
  unit: "wallMs" | "cpuMs",
  round: number,
): number {
  return parts.reduce((sum, { times, all }) => sum + times * (all[round]?.[unit] ?? NaN), 0);
}

function timing(name: string, all: readonly Sample[]): Timing {
  const middle = (unit: keyof Sample) => median(all.map((sample) => sample[unit]));
  return {
    name,
    wallMs: middle("wallMs"),
    cpuMs: middle("cpuMs"),
    peakMb: Math.max(0, ...all.map(({ peakMb }) => peakMb)),
    all,
  };
}
