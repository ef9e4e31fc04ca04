import { FILE } from "../model/entry.ts";
import { equalBytes } from "../model/bytes.ts";
import { type TreeTable } from "./table.ts";
import { sameName } from "./entry_facts.ts";
import { at, HASH_BYTES } from "./columns.ts";

/**
 * Finds the removed file of `a` that an added file of `b` was: first by the same content and name, then by the same content in
 * the order of paths. Returns for each added entry the place of its file in `removed`, or -1. It takes linear time, also where
 * all files have one content, and no object for a file.
 */
export function matchRenamed(
  a: TreeTable,
  removed: readonly number[],
  b: TreeTable,
  added: readonly number[],
): Int32Array {
  const oldOf = new Int32Array(added.length).fill(-1);
  const taken = new Uint8Array(removed.length);
  for (const withName of [true, false]) {
    const waiting = new Waiting(a, removed, taken, withName);
    if (waiting.isEmpty) break;
    for (let place = 0; place < added.length; place++) {
      const j = added[place] as number;
      if (oldOf[place] !== -1 || !isMovable(b, j)) continue;
      const found = waiting.take(b, j);
      if (found === -1) continue;
      oldOf[place] = found;
      taken[found] = 1;
    }
  }
  return oldOf;
}

/** Whether the content can identify a file. All empty files are the same. */
export function mayMove(table: TreeTable, index: number): boolean {
  return table.type[index] === FILE && at(table.size, index) > 0;
}

function isMovable(table: TreeTable, index: number): boolean {
  return mayMove(table, index) && table.hashed[index] === 1;
}

/** A hash table of removed files, by content and perhaps name. Equal ones are found in order, each once. */
class Waiting {
  isEmpty = true;
  /** For each slot the first place in `removed` of a chain; -1 at its end. */
  private readonly first: Int32Array;
  private readonly next: Int32Array;

  constructor(
    private readonly table: TreeTable,
    private readonly removed: readonly number[],
    taken: Uint8Array,
    private readonly withName: boolean,
  ) {
    this.first = new Int32Array(2 ** Math.ceil(Math.log2(2 * removed.length + 2))).fill(-1);
    this.next = new Int32Array(removed.length);
    for (let place = removed.length - 1; place >= 0; place--) {
      const i = removed[place] as number;
      if (taken[place] === 1 || !isMovable(table, i)) continue;
      const slot = this.slot(table, i);
      this.next[place] = this.first[slot] as number;
      this.first[slot] = place;
      this.isEmpty = false;
    }
  }

  /** Takes out the first file like this one, and returns its place; -1 if there is none. */
  take(other: TreeTable, j: number): number {
    const slot = this.slot(other, j);
    let before = -1;
    for (
      let place = this.first[slot] as number;
      place !== -1;
      before = place, place = this.next[place] as number
    ) {
      if (!this.isLike(this.removed[place] as number, other, j)) continue;
      if (before === -1) this.first[slot] = this.next[place] as number;
      else this.next[before] = this.next[place] as number;
      return place;
    }
    return -1;
  }

  private isLike(i: number, other: TreeTable, j: number): boolean {
    const [hash, otherHash] = [this.table.contentHash(i), other.contentHash(j)];
    if (hash === undefined || otherHash === undefined || !equalBytes(hash, otherHash)) return false;
    return !this.withName || sameName(this.table, i, other, j);
  }

  /** The content is a SHA-256, so a part of it spreads well. */
  private slot(table: TreeTable, index: number): number {
    const hash = table.hash;
    const start = index * HASH_BYTES;
    let slot = at(hash, start) | at(hash, start + 1) << 8 | at(hash, start + 2) << 16 |
      at(hash, start + 3) << 24;
    if (this.withName) { for (const byte of table.name(index)) slot = Math.imul(slot ^ byte, 0x01000193); }
    return (slot ^ (slot >>> 15)) & (this.first.length - 1);
  }
}
