import { comparison } from "./measure.ts";
import type { RowResult } from "./report.ts";

/** When and where made-up results were measured. */
export const ORIGIN = { date: "2026-01-02", commit: "abc", machine: "2 cores" };

/** For tests: a row with these ratios to a reference of 100 ms. */
export function rowWith(name: string, ...ratios: number[]): RowResult {
  const sample = (wallMs: number) => ({ wallMs, cpuMs: wallMs, peakMb: 50 });
  const samples = [ratios.map((ratio) => sample(100 * ratio)), ratios.map(() => sample(100))];
  const settings = { target: { times: 1 }, countsCpu: false };
  const contenders = [{ name: "jvs" }, { name: "cp -a" }];
  const found = comparison(contenders, samples, [{ times: 1 }], settings);
  return {
    name,
    against: "cp -a",
    rounds: ratios.length,
    phases: "all 1 s",
    ...settings,
    ...ORIGIN,
    ...found,
  };
}
