/** A middle value, and where the true one is. */
export interface Estimate {
  readonly median: number;
  /** The true median is between `low` and `high`, in 19 of 20 cases (of five values: in 15 of 16). */
  readonly low: number;
  readonly high: number;
}

/** The median of some values and its range. */
export function estimate(values: readonly number[]): Estimate {
  const [low, high] = rangeOf(values);
  return { median: median(values), low, high };
}

/** The value in the middle; of an even number the greater one of two. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? NaN;
}

/** Where the true median is in 19 of 20 cases: by the sign test, whatever the distribution is. */
export function rangeOf(values: readonly number[]): [low: number, high: number] {
  const sorted = [...values].sort((a, b) => a - b);
  const last = sorted.length - 1;
  const low = Math.max(0, Math.floor(last / 2 - 0.98 * Math.sqrt(sorted.length)));
  return [sorted[low] ?? NaN, sorted[last - low] ?? NaN];
}

/** What the values say about a limit. `undecided`: chance could still turn it round. */
export type Verdict = "met" | "missed" | "undecided";

/** Whether the true value is at most the limit. */
export function judge({ low, high }: Estimate, limit: number): Verdict {
  return high <= limit ? "met" : low > limit ? "missed" : "undecided";
}
