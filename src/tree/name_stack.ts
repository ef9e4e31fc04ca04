import { compareBytes } from "../model/bytes.ts";
import type { Listing } from "../platform/platform.ts";
import { at, larger } from "./table.ts";

/** Where one folder's names lie in a `NameStack`: their numbers, in the order of their bytes. */
export interface NameRange {
  readonly from: number;
  readonly to: number;
}

/**
 * The sorted names of the folders that a walk is in the middle of, the innermost on top: one block of memory for all,
 * as a listing does not outlast the next one.
 */
export class NameStack {
  private pool = new Uint8Array(16 * 1024);
  /** Where names begin and end in the pool, as they were listed. */
  private starts = new Uint32Array(1024);
  private ends = new Uint32Array(1024);
  /** The same in order, within each folder. */
  private order = new Uint32Array(1024);
  private count = 0;
  private poolUsed = 0;

  /** Adds a folder's names on top. */
  push(listing: Listing): NameRange {
    const from = this.count;
    const to = from + listing.count;
    if (to > this.order.length) {
      this.starts = larger(this.starts, to);
      this.ends = larger(this.ends, to);
      this.order = larger(this.order, to);
    }
    for (let i = from; i < to; i++) {
      const name = listing.name(i - from);
      const end = this.poolUsed + name.length;
      if (end > this.pool.length) this.pool = larger(this.pool, end);
      this.pool.set(name, this.poolUsed);
      this.starts[i] = this.poolUsed;
      this.ends[i] = end;
      this.order[i] = i;
      this.poolUsed = end;
    }
    this.count = to;
    this.order.subarray(from, to).sort((a, b) => this.compare(a, b));
    return { from, to };
  }

  /** Takes the names of the folder on top off. */
  pop(range: NameRange): void {
    if (range.from < this.count) this.poolUsed = at(this.starts, range.from);
    this.count = range.from;
  }

  /** A name: a view that is good until the next `push`. */
  name(i: number): Uint8Array {
    const listed = at(this.order, i);
    return this.pool.subarray(at(this.starts, listed), at(this.ends, listed));
  }

  /** Whether a folder has this name. */
  has(range: NameRange, name: Uint8Array): boolean {
    let { from, to } = range;
    while (from < to) {
      const middle = (from + to) >> 1;
      const order = compareBytes(this.name(middle), name);
      if (order === 0) return true;
      if (order < 0) from = middle + 1;
      else to = middle;
    }
    return false;
  }

  private compare(a: number, b: number): number {
    const { pool } = this;
    let i = at(this.starts, a);
    let j = at(this.starts, b);
    const endA = at(this.ends, a);
    const endB = at(this.ends, b);
    for (; i < endA && j < endB; i++, j++) {
      const difference = at(pool, i) - at(pool, j);
      if (difference !== 0) return difference;
    }
    return endA - i - (endB - j);
  }
}
