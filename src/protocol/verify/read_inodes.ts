import { ITSELF } from "../../model/bytes.ts";
import type { Folder } from "../../platform/platform.ts";
import { Stat } from "../../platform/stat.ts";
import { PairPlaces } from "../../tree/pair_places.ts";
import { HASH_BYTES, larger } from "../../tree/columns.ts";

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

/** A hash for each inode, in columns: a million take 50 MB. */
export class InodeHashes {
  private readonly places = new PairPlaces();
  private hashes = new Uint8Array(FIRST_CAPACITY * HASH_BYTES);

  /** The hash, not copied; undefined if the inode was not read. */
  get(high: number, low: number): Uint8Array | undefined {
    const place = this.places.find(high, low);
    return place < 0 ? undefined : this.hashes.subarray(place * HASH_BYTES, (place + 1) * HASH_BYTES);
  }

  set(high: number, low: number, hash: Uint8Array): void {
    const place = this.places.add(high, low);
    const end = (place + 1) * HASH_BYTES;
    if (end > this.hashes.length) this.hashes = larger(this.hashes, end);
    this.hashes.set(hash, place * HASH_BYTES);
  }
}
