import type { Comparison } from "./measure.ts";
import type { Target } from "./scene.ts";
import { type Estimate, judge, type Verdict } from "./statistics.ts";

/** When something was measured, and which JVS that was. */
export interface Origin {
  readonly date: string;
  readonly commit: string;
  readonly machine: string;
}

/** What was found out about one row. */
export interface RowResult extends Comparison, Origin {
  readonly name: string;
  readonly against: string;
  readonly target: Target | null;
  readonly countsCpu: boolean;
  /** How many rounds were asked for. */
  readonly rounds: number;
  /** Where the time goes, in the words of `--debug`, if the target is missed. */
  readonly phases: string;
}

/** What a repeated snapshot takes of the disk. */
export interface SpaceResult extends Origin {
  readonly name: string;
  readonly bytesPerEntry: number;
  readonly atMost: number;
}

/** Everything that was measured, as the JSON files have it. */
export interface Report {
  readonly rows: readonly RowResult[];
  readonly space: readonly SpaceResult[];
}

/** The newer result of each row; rows that were not measured now stay as they were, in the order of `names`. */
export function merged(old: Report, now: Report, names: readonly string[]): Report {
  const pick = <Result extends { readonly name: string }>(
    before: readonly Result[],
    after: readonly Result[],
  ) => {
    const all = new Map([...before, ...after].map((each) => [each.name, each]));
    return names.flatMap((name) => all.get(name) ?? []);
  };
  return { rows: pick(old.rows, now.rows), space: pick(old.space, now.space) };
}

/** A report as text: times to a tenth, ratios to a thousandth. */
export function reportText(report: Report): string {
  const round = (key: string, value: unknown) => {
    if (typeof value !== "number") return value;
    return Number(value.toFixed(key.endsWith("Ms") || key.endsWith("Mb") ? 1 : 3));
  };
  return JSON.stringify(report, round, 1).replace(
    /\{\s+"wallMs": (\S+),\s+"cpuMs": (\S+),\s+"peakMb": (\S+)\s+\}/g,
    (
      _,
      wall,
      cpu,
      peak,
    ) => `{ "wallMs": ${wall}, "cpuMs": ${cpu}, "peakMb": ${peak} }`,
  ) + "\n";
}

/** The ratio that can be compared between runs: of commands of milliseconds it is that of the processor's time. */
export function ratioOf({ countsCpu, wall, cpu }: Pick<RowResult, "countsCpu" | "wall" | "cpu">): Estimate {
  return countsCpu ? cpu : wall;
}

/** What became slower or faster: a row counts only if its ranges do not overlap. */
export function changes(old: Report, now: Report): string[] {
  return now.rows.flatMap((row) => {
    const before = old.rows.find(({ name }) => name === row.name);
    if (before === undefined) return [];
    const [was, is] = [ratioOf(before), ratioOf(row)];
    const factor = is.median / was.median;
    const word = is.low > was.high ? "slower" : is.high < was.low ? "faster" : "within chance";
    return [`${word.padEnd(13)} ${factor.toFixed(2)} x  ${row.name}`];
  });
}

/** The ratios of small rows, by the processor's time, that CI compares with. */
export interface Baseline extends Origin {
  readonly ratios: Readonly<Record<string, number>>;
}

/** CI fails at so many times the ratio of the baseline. */
export const TOO_SLOW = 1.5;

/** The ratio above which a row fails; undefined if the baseline does not have it. */
export function limitOf(baseline: Baseline, name: string): number | undefined {
  const ratio = baseline.ratios[name];
  return ratio === undefined ? undefined : TOO_SLOW * ratio;
}

/** Whether a row is too slow, and chance cannot have made it so. */
export function isTooSlow({ cpu }: Pick<Comparison, "cpu">, limit: number): boolean {
  return judge(cpu, limit) === "missed";
}

/** Whether the space is within its limit. */
export function spaceVerdict(
  { bytesPerEntry, atMost }: Pick<SpaceResult, "bytesPerEntry" | "atMost">,
): Verdict {
  return bytesPerEntry <= atMost ? "met" : "missed";
}
