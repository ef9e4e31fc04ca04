import { ITSELF } from "../../model/bytes.ts";
import type { Folder } from "../../platform/platform.ts";
import { Stat } from "../../platform/stat.ts";
import { at, HASH_BYTES, larger } from "../../tree/table.ts";

/** The hashes of the payload inodes that were read, for one run over several snapshots. They share inodes, and each is read once. */
export class ReadInodes {
  private readonly devices = new Map<string, InodeHashes>();

  /** The hashes on a payload's device: inode numbers of two devices have nothing in common. */
  of(payload: Folder): InodeHashes {
    const stat = new Stat();
    payload.stat(ITSELF, stat);
    const device = `${stat.devMajor}:${stat.devMinor}`;
    const known = this.devices.get(device) ?? new InodeHashes();
    this.devices.set(device, known);
    return known;
  }
}

const FIRST_CAPACITY = 1024;

/** A hash for each inode, in columns: a million take 50 MB. A map of objects takes seven times that. */
export class InodeHashes {
  private count = 0;
  private high = new Uint32Array(FIRST_CAPACITY);
  private low = new Uint32Array(FIRST_CAPACITY);
  private hashes = new Uint8Array(FIRST_CAPACITY * HASH_BYTES);
  /** Where in the columns an inode is, plus one; 0 is free. At most half of the slots are taken. */
  private slots = new Uint32Array(FIRST_CAPACITY * 2);

  /** The hash, not copied; undefined if the inode was not read. */
  get(high: number, low: number): Uint8Array | undefined {
    const place = at(this.slots, this.slotOf(high, low)) - 1;
    return place < 0 ? undefined : this.hashes.subarray(place * HASH_BYTES, (place + 1) * HASH_BYTES);
  }

  set(high: number, low: number, hash: Uint8Array): void {
    if (this.count === this.high.length) this.grow();
    const slot = this.slotOf(high, low);
    if (this.slots[slot] === 0) this.slots[slot] = ++this.count;
    const place = at(this.slots, slot) - 1;
    this.high[place] = high;
    this.low[place] = low;
    this.hashes.set(hash, place * HASH_BYTES);
  }

  /** The slot of the inode, or the free one where it would be. */
  private slotOf(high: number, low: number): number {
    const mask = this.slots.length - 1;
    let slot = (Math.imul(low ^ Math.imul(high, 0x85ebca6b), 0x9e3779b1) >>> 8) & mask;
    for (let place = at(this.slots, slot) - 1; place >= 0; place = at(this.slots, slot) - 1) {
      if (this.low[place] === low && this.high[place] === high) break;
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  private grow(): void {
    this.high = larger(this.high, this.count + 1);
    this.low = larger(this.low, this.count + 1);
    this.hashes = larger(this.hashes, (this.count + 1) * HASH_BYTES);
    this.slots = new Uint32Array(this.slots.length * 2);
    for (let place = 0; place < this.count; place++) {
      this.slots[this.slotOf(at(this.high, place), at(this.low, place))] = place + 1;
    }
  }
}
