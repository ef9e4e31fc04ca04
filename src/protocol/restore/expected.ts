import { FILE } from "../../model/entry.ts";
import { type Folder, Stat } from "../../platform/platform.ts";
import { mergeTables } from "../../tree/merge_tables.ts";
import {
  isOfSameMake,
  isUnchangedBetween,
  isUnchangedButMoved,
  isUnchangedSince,
} from "../../tree/same_entry.ts";
import { at, type TreeTable } from "../../tree/table.ts";
import { isAnother } from "./links.ts";

/** What a tree of staging holds if no other process wrote into it; `found` is a scan of that tree. */
export type Expected = (found: TreeTable) => Expectation;

interface Expectation {
  /** Whether times prove that an entry is as expected, so that its content need not be read. */
  isProven(found: number): boolean;
  /** Whether an entry is as expected and in a snapshot, now that its content was read. */
  isKnown(found: number): boolean;
}

/** What is known of entries before they are taken out of the worktree. */
interface Seen {
  /** What the look saw. */
  readonly seen: TreeTable;
  /** What a snapshot holds of it; with `--discard` again what was seen. */
  readonly saved: TreeTable;
  /** Whether every change shows in times here. */
  readonly timesProve: boolean;
  /** How many bytes may be read although the times say that nothing changed. */
  readonly mostRead: number;
}

/**
 * Expects what the look saw of what a restore takes out of the worktree. The rename changes the ctime of an entry, but not
 * of what is in a folder that is taken out. So a file that is moved by itself is looked at right before the rename, and
 * read again after it: only its content shows a write in the instant between the two. If that is too much to read, the
 * last look must be enough.
 */
export class TakenOut {
  private readonly asSeen = new Set<number>();
  private readonly stat = new Stat();
  private read = 0;

  constructor(private readonly known: Seen) {}

  /** Looks at an entry of `seen` right before it is taken out. */
  lookLast(index: number, folder: Folder, name: Uint8Array): void {
    const { stat, known: { seen } } = this;
    if (folder.stat(name, stat) && isUnchangedSince(seen, index, stat)) this.asSeen.add(index);
  }

  readonly expected: Expected = (found) => {
    const { seen, saved } = this.known;
    const seenAt = placesIn(seen, found);
    const savedAt = placesIn(saved, found);
    return {
      isProven: (j) => at(seenAt, j) !== -1 && this.isProven(at(seenAt, j), found, j, at(savedAt, j)),
      isKnown: (j) => {
        const [i, k] = [at(seenAt, j), at(savedAt, j)];
        return i !== -1 && k !== -1 && isUnchangedButMoved(seen, i, found, j) &&
          !isAnother(saved, k, found, j);
      },
    };
  };

  private isProven(i: number, found: TreeTable, j: number, savedAt: number): boolean {
    const { seen, saved, timesProve, mostRead } = this.known;
    if (!timesProve) return false;
    if (isUnchangedBetween(seen, i, found, j)) return true;
    if (!this.asSeen.has(i) || !isUnchangedButMoved(seen, i, found, j)) return false;
    const isHashed = savedAt !== -1 && saved.hashed[savedAt] === 1;
    if (found.type[j] === FILE && isHashed) this.read += at(found.size, j);
    return !isHashed || this.read > mostRead;
  }
}

/** Expects what an earlier search of the same tree found. */
export function asGathered(before: TreeTable, timesProve: boolean): Expected {
  return (found) => {
    const places = placesIn(before, found);
    const meets = (j: number, test: (i: number) => boolean) => at(places, j) !== -1 && test(at(places, j));
    return {
      isProven: (j) => timesProve && meets(j, (i) => isUnchangedBetween(before, i, found, j)),
      isKnown: (j) =>
        meets(j, (i) => isUnchangedButMoved(before, i, found, j) && !isAnother(before, i, found, j)),
    };
  };
}

/**
 * Expects what these snapshots hold. Recovery does not know how it came to be in staging, so times prove nothing and all of
 * it is read.
 */
export function inSnapshots(tables: readonly TreeTable[]): Expected {
  return (found) => {
    const all = tables.map((table) => ({ table, places: placesIn(table, found) }));
    return {
      isProven: () => false,
      isKnown: (j) =>
        all.some(({ table, places }) => {
          const k = at(places, j);
          return k !== -1 && isOfSameMake(table, k, found, j) && !isAnother(table, k, found, j);
        }),
    };
  };
}

/** For each entry of `found` the index in `table` of the entry with its path, or -1. */
function placesIn(table: TreeTable, found: TreeTable): Int32Array {
  const places = new Int32Array(found.count).fill(-1);
  mergeTables(table, found, (i, j) => {
    if (i !== -1 && j !== -1) places[j] = i;
  });
  return places;
}
