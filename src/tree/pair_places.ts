import { at, larger } from "./columns.ts";

const FIRST_CAPACITY = 1024;
/** Of this process: pairs that come from files could be chosen so that all want the same slot. */
const [SECRET = 0, OTHER_SECRET = 0] = crypto.getRandomValues(new Uint32Array(2));

/** Numbers pairs of 32 bits from 0 on, for columns beside it. A map of objects takes seven times as much memory. */
export class PairPlaces {
  #count = 0;
  private high = new Uint32Array(FIRST_CAPACITY);
  private low = new Uint32Array(FIRST_CAPACITY);
  /** The place of a pair, plus one; 0 is free. At most half of the slots are taken. */
  private slots = new Uint32Array(FIRST_CAPACITY * 2);

  /** How many pairs there are. */
  get count(): number {
    return this.#count;
  }

  /** The pairs in the order of their places. */
  get columns(): readonly [high: Uint32Array<ArrayBuffer>, low: Uint32Array<ArrayBuffer>] {
    return [this.high.subarray(0, this.#count), this.low.subarray(0, this.#count)];
  }

  /** The place of a pair; -1 if it has none. */
  find(high: number, low: number): number {
    return at(this.slots, this.slotOf(high, low)) - 1;
  }

  /** The place of a pair, the next free one if it has none. */
  add(high: number, low: number): number {
    if (this.#count === this.high.length) this.grow();
    const slot = this.slotOf(high, low);
    const known = at(this.slots, slot) - 1;
    if (known >= 0) return known;
    const place = this.#count++;
    this.slots[slot] = place + 1;
    this.high[place] = high;
    this.low[place] = low;
    return place;
  }

  /** The slot of the pair, or the free one where it would be. */
  private slotOf(high: number, low: number): number {
    const mask = this.slots.length - 1;
    let mixed = Math.imul(high ^ SECRET, 0x85ebca6b);
    mixed = Math.imul(mixed ^ mixed >>> 15 ^ low ^ OTHER_SECRET, 0x9e3779b1);
    let slot = (mixed ^ mixed >>> 15) & mask;
    for (let place = at(this.slots, slot) - 1; place >= 0; place = at(this.slots, slot) - 1) {
      if (this.low[place] === low && this.high[place] === high) break;
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  private grow(): void {
    this.high = larger(this.high, this.#count + 1);
    this.low = larger(this.low, this.#count + 1);
    this.slots = new Uint32Array(this.slots.length * 2);
    for (let place = 0; place < this.#count; place++) {
      this.slots[this.slotOf(at(this.high, place), at(this.low, place))] = place + 1;
    }
  }
}
