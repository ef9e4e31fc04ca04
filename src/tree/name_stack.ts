import { compareBytes } from "../model/bytes.ts";
import type { Listing } from "../platform/platform.ts";
import { findSorted } from "./table.ts";
import { at, larger } from "./columns.ts";

// A key has the first bytes in which the names differ, then the number of the name. Together they fit into a double.
const KEY_BYTES = 4;
const NUMBERS = 2 ** 21;

/** The numbers of one folder's names in a `NameStack`, sorted by their bytes. */
export interface NameRange {
  readonly from: number;
  readonly to: number;
}

/**
 * The sorted names of all folders that a walk has entered and not left; the innermost folder is on top. All names lie in
 * one block of memory, because a listing is only valid until the next one.
 */
export class NameStack {
  private pool = new Uint8Array(16 * 1024);
  /** Where each name begins and ends in the pool, in the order of the listing. */
  private starts = new Uint32Array(1024);
  private ends = new Uint32Array(1024);
  /** The numbers of the names, sorted within each folder. */
  private order = new Uint32Array(1024);
  private count = 0;
  private poolUsed = 0;

  /** Adds the names of a folder on top. */
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
    this.sort(from, to);
    return { from, to };
  }

  /** Removes the names of the folder on top. */
  pop(range: NameRange): void {
    if (range.from < this.count) this.poolUsed = at(this.starts, range.from);
    this.count = range.from;
  }

  /** A name: a view that is valid until the next `push`. */
  name(i: number): Uint8Array {
    const listed = at(this.order, i);
    return this.pool.subarray(at(this.starts, listed), at(this.ends, listed));
  }

  /** Whether a folder has this name. */
  has(range: NameRange, name: Uint8Array): boolean {
    return findSorted(range.from, range.to, (i) => compareBytes(this.name(i), name)) !== -1;
  }

  /** Sorts by keys first, because comparing numbers is ten times as fast as comparing names. */
  private sort(from: number, to: number): void {
    const order = this.order.subarray(from, to);
    const byName = (a: number, b: number) => this.compare(a, b);
    if (order.length > NUMBERS) return void order.sort(byName);
    const keys = this.keys(from, to).sort();
    let alike = 0;
    for (let i = 0; i < keys.length; i++) {
      order[i] = from + at(keys, i) % NUMBERS;
      if (i > 0 && Math.floor(at(keys, i) / NUMBERS) === Math.floor(at(keys, i - 1) / NUMBERS)) continue;
      if (i - alike > 1) order.subarray(alike, i).sort(byName);
      alike = i;
    }
    if (keys.length - alike > 1) order.subarray(alike).sort(byName);
  }

  private keys(from: number, to: number): Float64Array {
    const { pool, starts, ends } = this;
    const skip = this.commonPrefix(from, to);
    const keys = new Float64Array(to - from);
    for (let i = from; i < to; i++) {
      const start = at(starts, i) + skip;
      const end = at(ends, i);
      let key = 0;
      for (let j = start; j < start + KEY_BYTES; j++) key = key * 256 + (j < end ? at(pool, j) : 0);
      keys[i - from] = key * NUMBERS + (i - from);
    }
    return keys;
  }

  /** How many first bytes all names share. */
  private commonPrefix(from: number, to: number): number {
    const { pool, starts, ends } = this;
    if (to - from < 2) return 0;
    const first = at(starts, from);
    let length = at(ends, from) - first;
    for (let i = from + 1; i < to && length > 0; i++) {
      const start = at(starts, i);
      const most = Math.min(length, at(ends, i) - start);
      for (length = 0; length < most && pool[start + length] === pool[first + length];) length++;
    }
    return length;
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
