import { ITSELF } from "../../model/bytes.ts";
import { type Folder, Stat } from "../../platform/platform.ts";
import { HASH_BYTES } from "../../tree/table.ts";

/** The hashes of payload inodes that were read in this run. Snapshots share inodes, and each is read only once. */
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

/** A hash for each inode, in columns: a million take 82 MB. A map of objects takes four times that. */
export class InodeHashes {
  private count = 0;
  private high = new Uint32Array(FIRST_CAPACITY);
  private low = new Uint32Array(FIRST_CAPACITY);
  private used = new Uint8Array(FIRST_CAPACITY);
  private hashes = new Uint8Array(FIRST_CAPACITY * HASH_BYTES);

  /** The hash, not copied; undefined if the inode was not read. */
  get(high: number, low: number): Uint8Array | undefined {
    const place = this.placeOf(high, low);
    return this.used[place] === 1
      ? this.hashes.subarray(place * HASH_BYTES, (place + 1) * HASH_BYTES)
      : undefined;
  }

  set(high: number, low: number, hash: Uint8Array): void {
    if (this.count * 2 >= this.used.length) this.grow();
    const place = this.placeOf(high, low);
    if (this.used[place] === 0) this.count++;
    this.used[place] = 1;
    this.high[place] = high;
    this.low[place] = low;
    this.hashes.set(hash, place * HASH_BYTES);
  }

  /** Where the inode is, or the free place where it would be. */
  private placeOf(high: number, low: number): number {
    const mask = this.used.length - 1;
    let place = (Math.imul(low ^ Math.imul(high, 0x85ebca6b), 0x9e3779b1) >>> 8) & mask;
    while (this.used[place] === 1 && (this.low[place] !== low || this.high[place] !== high)) {
      place = (place + 1) & mask;
    }
    return place;
  }

  private grow(): void {
    const { high, low, used, hashes } = this;
    const capacity = used.length * 2;
    this.count = 0;
    this.high = new Uint32Array(capacity);
    this.low = new Uint32Array(capacity);
    this.used = new Uint8Array(capacity);
    this.hashes = new Uint8Array(capacity * HASH_BYTES);
    for (let i = 0; i < used.length; i++) {
      if (used[i] !== 1) continue;
      this.set(high[i] as number, low[i] as number, hashes.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES));
    }
  }
}
