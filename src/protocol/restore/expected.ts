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

/** What a tree of ours is to hold when no other process wrote into it. */
export interface Expected {
  in(found: TreeTable): Expectation;
}

/** The same of one tree that was looked at. */
export interface Expectation {
  /** Whether times prove that an entry is as it should be, so that its content need not be read. */
  isProven(found: number): boolean;
  /** Whether an entry, whose content was read now, is as it should be and in a snapshot. */
  isKnown(found: number): boolean;
}

/** What is known of entries before they are taken out of the worktree. */
export interface Seen {
  /** What the look saw. */
  readonly seen: TreeTable;
  /** A snapshot that holds it; or, where it is given up, again what was seen. */
  readonly saved: TreeTable;
  /** Whether every change shows in times here. */
  readonly timesProve: boolean;
  /** How many bytes may be read although the times say that nothing changed. */
  readonly mostRead: number;
}

/**
 * What a restore takes out of the worktree. Taking an entry out moves its ctime; what is in a folder that is taken out
 * keeps its own. So a file that is moved by itself is looked at right before, and read again afterwards: a write in the
 * instant between that last look and the rename shows in nothing but the content. Where that would be too much to read,
 * the last look has to be enough.
 */
export class TakenOut implements Expected {
  private readonly asSeen = new Set<number>();
  private readonly stat = new Stat();
  private read = 0;

  constructor(private readonly known: Seen) {}

  /** Looks at an entry of `seen` that is about to be taken out. */
  lookLast(index: number, folder: Folder, name: Uint8Array): void {
    const { stat, known: { seen } } = this;
    if (folder.stat(name, stat) && isUnchangedSince(seen, index, stat)) this.asSeen.add(index);
  }

  in(found: TreeTable): Expectation {
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
  }

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

/** What was gathered from a tree before, as it was found then. */
export class AsGathered implements Expected {
  constructor(private readonly before: TreeTable, private readonly timesProve: boolean) {}

  in(found: TreeTable): Expectation {
    const { before, timesProve } = this;
    const places = placesIn(before, found);
    const meets = (j: number, test: (i: number) => boolean) => at(places, j) !== -1 && test(at(places, j));
    return {
      isProven: (j) => timesProve && meets(j, (i) => isUnchangedBetween(before, i, found, j)),
      isKnown: (j) =>
        meets(j, (i) => isUnchangedButMoved(before, i, found, j) && !isAnother(before, i, found, j)),
    };
  }
}

/**
 * What may be left in staging without a loss: what these snapshots hold. How it came there is not known any more, so all
 * of it is read.
 */
export class InSnapshots implements Expected {
  constructor(private readonly tables: readonly TreeTable[]) {}

  in(found: TreeTable): Expectation {
    const places = this.tables.map((table) => ({ table, at: placesIn(table, found) }));
    return {
      isProven: () => false,
      isKnown: (j) =>
        places.some(({ table, at: placeOf }) => {
          const k = at(placeOf, j);
          return k !== -1 && isOfSameMake(table, k, found, j) && !isAnother(table, k, found, j);
        }),
    };
  }
}

/** For each entry of `found` the index in `table` of the entry with its path, or -1. */
function placesIn(table: TreeTable, found: TreeTable): Int32Array {
  const places = new Int32Array(found.count).fill(-1);
  mergeTables(table, found, (i, j) => {
    if (i !== -1 && j !== -1) places[j] = i;
  });
  return places;
}
