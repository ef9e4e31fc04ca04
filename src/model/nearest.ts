/** The candidate that a mistyped word most probably means, if one is near enough. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  // A third of the letters may be wrong; in a very short word, one.
  let best = Math.max(1, Math.floor(word.length / 3)) + 1;
  let found: string | undefined;
  for (const candidate of candidates) {
    const away = distance(word.toLowerCase(), candidate.toLowerCase());
    if (away >= best) continue;
    best = away;
    found = candidate;
  }
  return found ?? completed(word, candidates);
}

/** The only candidate that begins with the word, which may have been cut short. */
function completed(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length < 2) return undefined;
  const longer = new Set([...candidates].filter((candidate) => candidate.startsWith(word)));
  return longer.size === 1 ? [...longer][0] : undefined;
}

/** How many letters must be added, removed, changed or swapped with their neighbour. */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = at(last, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let least = Math.min(change, at(last, j) + 1, at(row, j - 1) + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        least = Math.min(least, at(before, j - 2) + 1);
      }
      row.push(least);
    }
    [before, last] = [last, row];
  }
  return at(last, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Infinity;
}
