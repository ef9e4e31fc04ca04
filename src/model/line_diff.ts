/** Lines of the old text that became lines of the new one; either may be empty. An end is after the last line. */
export interface LineChange {
  readonly oldStart: number;
  readonly oldEnd: number;
  readonly newStart: number;
  readonly newEnd: number;
}

/** The most steps of a search. They take a fraction of a second and are enough for thousands of moved lines. */
const MOST_STEPS = 20_000_000;

/**
 * The changes between two texts, in order: as few as possible, in bounded time and linear memory. The lines are given as
 * numbers, the same for equal lines (`numberLines`). After `mostSteps` the search stops, and everything between the lines
 * matched so far counts as replaced.
 */
export function diffLines(a: Int32Array, b: Int32Array, mostSteps = MOST_STEPS): LineChange[] {
  // The first and the last lines of a file are mostly the same. What is left may be short, where the file is long.
  const shorter = Math.min(a.length, b.length);
  let head = 0;
  while (head < shorter && a[head] === b[head]) head++;
  let tail = 0;
  while (tail < shorter - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++;
  const old = a.subarray(head, a.length - tail);
  const now = b.subarray(head, b.length - tail);
  const values = Math.max(largest(old), largest(now)) + 1;
  // A line that is on one side only matches nothing. Without these lines the search is fast for very different texts too.
  const oldShared = indexesShared(old, now, values);
  const newShared = indexesShared(now, old, values);
  const matcher = new Matcher(
    oldShared.map((i) => old[i] as number),
    newShared.map((j) => now[j] as number),
    mostSteps,
  );
  matcher.match(0, oldShared.length, 0, newShared.length);
  return changesBetween(matcher.pairs(oldShared, newShared), old.length, now.length).map((change) => ({
    oldStart: head + change.oldStart,
    oldEnd: head + change.oldEnd,
    newStart: head + change.newStart,
    newEnd: head + change.newEnd,
  }));
}

function largest(numbers: Int32Array): number {
  return numbers.reduce((most, number) => Math.max(most, number), 0);
}

/** The indexes in `these` of values that `others` has too. */
function indexesShared(these: Int32Array, others: Int32Array, values: number): Int32Array {
  const there = new Uint8Array(values);
  for (const value of others) there[value] = 1;
  const shared = new Int32Array(these.length);
  let count = 0;
  for (let i = 0; i < these.length; i++) if (there[these[i] as number] === 1) shared[count++] = i;
  return shared.subarray(0, count);
}

/** The changes between matching lines. */
function changesBetween(
  pairs: Iterable<readonly [number, number]>,
  oldEnd: number,
  newEnd: number,
): LineChange[] {
  const changes: LineChange[] = [];
  let [i, j] = [0, 0];
  const upTo = (oldAt: number, newAt: number) => {
    if (oldAt > i || newAt > j) changes.push({ oldStart: i, oldEnd: oldAt, newStart: j, newEnd: newAt });
    [i, j] = [oldAt + 1, newAt + 1];
  };
  for (const [oldAt, newAt] of pairs) upTo(oldAt, newAt);
  upTo(oldEnd, newEnd);
  return changes;
}

/** A distance that no path reaches, not even one that goes past the end. */
const UNREACHED = 2 ** 30;

/** Finds a longest common subsequence: Myers' O(ND) search from both ends, halving (Algorithmica 1, 1986). */
class Matcher {
  /** For each line of `a`, the matching line of `b`, or -1. */
  private readonly partner: Int32Array;
  /** For each diagonal (x - y), how far the search came from the beginning, and from the end. */
  private readonly forward: Int32Array;
  private readonly backward: Int32Array;

  constructor(private readonly a: Int32Array, private readonly b: Int32Array, private stepsLeft: number) {
    this.partner = new Int32Array(a.length).fill(-1);
    this.forward = new Int32Array(a.length + b.length + 3);
    this.backward = new Int32Array(a.length + b.length + 3);
  }

  /** The matching lines, as indexes in the full texts: the lines of `a` and `b` have these places there. */
  *pairs(oldPlaces: Int32Array, newPlaces: Int32Array): Iterable<readonly [number, number]> {
    for (const [i, j] of this.partner.entries()) {
      if (j !== -1) yield [oldPlaces[i] as number, newPlaces[j] as number];
    }
  }

  /** Matches a part of `a` with a part of `b`. Each level halves the changes to find, so the recursion is not deep. */
  match(aStart: number, aEnd: number, bStart: number, bEnd: number): void {
    const { a, b, partner } = this;
    while (aStart < aEnd && bStart < bEnd && a[aStart] === b[bStart]) partner[aStart++] = bStart++;
    while (aStart < aEnd && bStart < bEnd && a[aEnd - 1] === b[bEnd - 1]) partner[--aEnd] = --bEnd;
    if (aStart === aEnd || bStart === bEnd) return;
    const middle = this.middle(aStart, aEnd - aStart, bStart, bEnd - bStart);
    if (middle === undefined) return;
    const [x, y] = middle;
    this.match(aStart, aStart + x, bStart, bStart + y);
    this.match(aStart + x, aEnd, bStart + y, bEnd);
  }

  /** A point in the middle of a best path through `n` lines from `a0` and `m` from `b0`; nothing without steps left. */
  private middle(a0: number, n: number, b0: number, m: number): readonly [x: number, y: number] | undefined {
    const { a, b, forward, backward } = this;
    const zero = m + 1; // the index of diagonal 0
    forward.fill(-UNREACHED, 0, n + m + 3);
    backward.fill(UNREACHED, 0, n + m + 3);
    forward[zero + 1] = 0;
    backward[zero + n - m - 1] = n;
    const odd = ((n - m) & 1) !== 0;
    for (let d = 0; this.stepsLeft > 0; d++) {
      for (let k = firstDiagonal(d, 0, -m); k <= Math.min(d, n); k += 2) {
        const [left, above] = [forward[zero + k - 1] as number, forward[zero + k + 1] as number];
        const start = left < above ? above : left + 1;
        let x = start;
        while (x < n && x - k < m && a[a0 + x] === b[b0 + x - k]) x++;
        forward[zero + k] = x;
        this.stepsLeft -= x - start + 1;
        if (odd && x >= (backward[zero + k] as number)) return [x, x - k];
      }
      for (let k = firstDiagonal(d, n - m, -m); k <= Math.min(n - m + d, n); k += 2) {
        const [below, right] = [backward[zero + k - 1] as number, backward[zero + k + 1] as number];
        const start = below < right ? below : right - 1;
        let x = start;
        while (x > 0 && x - k > 0 && a[a0 + x - 1] === b[b0 + x - k - 1]) x--;
        backward[zero + k] = x;
        this.stepsLeft -= start - x + 1;
        if (!odd && x <= (forward[zero + k] as number)) return [x, x - k];
      }
    }
    return undefined;
  }
}

/** The lowest diagonal, not below `lowest`, that `d` edits from the one in the middle lead to. */
function firstDiagonal(d: number, middle: number, lowest: number): number {
  const first = middle - d;
  return first >= lowest ? first : lowest + ((lowest - first) & 1);
}
