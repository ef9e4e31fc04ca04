import { PairPlaces } from "../tree/pair_places.ts";
import { type TreeTable } from "../tree/table.ts";
import { at, larger } from "../tree/columns.ts";

const FIRST_CAPACITY = 1024;
/** More files are not remembered, so that the memory stays below 200 MB: they are read again. */
const MOST_FILES = 2 ** 23;

/** Of each file both halves of its fingerprint, when it was read, and the number of the snapshot in which. */
export type ReadingColumns = Record<"high" | "low" | "times" | "sources", Uint32Array<ArrayBuffer>>;

/** When all of a snapshot was read, and the folder that its payload was then. */
export interface SnapshotReading {
  readonly time: number;
  readonly folder: string;
}

/**
 * When content was last read and was what had been saved, in seconds since 1970: of whole snapshots, and of files, because the next
 * snapshot shares them. A file is known by a fingerprint of 64 bits of its inode, size, modification time and content: 16 bytes for each.
 * Its change time would be of no use, because each snapshot that shares it moves that. When the snapshot is gone in which it was read, the
 * inode may be another file's, and the reading says nothing.
 */
export class Readings {
  readonly snapshots = new Map<string, SnapshotReading>();
  private readonly sourceIds: string[] = [];
  private readonly numbers = new Map<string, number>();
  private readonly places = new PairPlaces();
  private times = new Uint32Array(FIRST_CAPACITY);
  private sources = new Uint32Array(FIRST_CAPACITY);

  /** Whether nothing was read. */
  get isEmpty(): boolean {
    return this.snapshots.size === 0 && this.places.count === 0;
  }

  /** The snapshots in which files were read. */
  get sourcesOfFiles(): readonly string[] {
    return this.sourceIds;
  }

  /** When the file at this index, with this content, was read; 0 if never. */
  timeOf(table: TreeTable, index: number, hash: Uint8Array): number {
    const place = this.places.find(...fingerprint(table, index, hash));
    return place < 0 ? 0 : at(this.times, place);
  }

  /** The file at this index was read then in this snapshot, and has this content. */
  note(table: TreeTable, index: number, hash: Uint8Array, time: number, source: string): void {
    this.put(...fingerprint(table, index, hash), time, this.numberOf(source));
  }

  /** Takes what is newer there. */
  merge(other: Readings): void {
    for (const [id, reading] of other.snapshots) {
      if (reading.time > (this.snapshots.get(id)?.time ?? 0)) this.snapshots.set(id, reading);
    }
    this.take(other.columns, other.sourceIds, () => true);
  }

  /** The files that are there count as never read. */
  forgetFiles({ places }: Readings): void {
    const [high, low] = places.columns;
    for (let each = 0; each < places.count; each++) {
      const place = this.places.find(at(high, each), at(low, each));
      if (place >= 0) this.times[place] = 0;
    }
  }

  /** What is known of the files. */
  get columns(): ReadingColumns {
    const [high, low] = this.places.columns;
    const { count } = this.places;
    return { high, low, times: this.times.subarray(0, count), sources: this.sources.subarray(0, count) };
  }

  /** The same of those that were read at this time or later. */
  columnsSince(oldest: number): ReadingColumns {
    const { high, low, times, sources } = this.columns;
    if (times.every((time) => time >= oldest)) return { high, low, times, sources };
    const isKept = (_: number, place: number) => at(times, place) >= oldest;
    const kept = (column: Uint32Array<ArrayBuffer>) => column.filter(isKept);
    return { high: kept(high), low: kept(low), times: kept(times), sources: kept(sources) };
  }

  /** By the columns of another one, without what was read in a snapshot that is not there. */
  static of(
    snapshots: Iterable<readonly [id: string, reading: SnapshotReading]>,
    columns: ReadingColumns,
    sourceIds: readonly string[],
    isThere: (id: string) => boolean = () => true,
  ): Readings {
    const readings = new Readings();
    for (const [id, reading] of snapshots) if (isThere(id)) readings.snapshots.set(id, reading);
    readings.take(columns, sourceIds, isThere);
    return readings;
  }

  private take(
    { high, low, times, sources }: ReadingColumns,
    sourceIds: readonly string[],
    isThere: (id: string) => boolean,
  ): void {
    const numbers = sourceIds.map((id) => isThere(id) ? this.numberOf(id) : undefined);
    for (let place = 0; place < times.length; place++) {
      const number = numbers[at(sources, place)];
      if (number !== undefined) this.put(at(high, place), at(low, place), at(times, place), number);
    }
  }

  private numberOf(source: string): number {
    const known = this.numbers.get(source);
    if (known !== undefined) return known;
    this.numbers.set(source, this.sourceIds.length);
    return this.sourceIds.push(source) - 1;
  }

  private put(high: number, low: number, time: number, source: number): void {
    if (this.places.count >= MOST_FILES && this.places.find(high, low) < 0) return;
    const place = this.places.add(high, low);
    if (place >= this.times.length) {
      this.times = larger(this.times, place + 1);
      this.sources = larger(this.sources, place + 1);
    }
    if (time < at(this.times, place)) return;
    this.times[place] = time;
    this.sources[place] = source;
  }
}

/** Two halves of 32 bits, each begun with a part of the content's hash. A million take 0.1 s, so there is no list of facts here. */
function fingerprint(table: TreeTable, index: number, hash: Uint8Array): [high: number, low: number] {
  const size = at(table.size, index);
  const seconds = at(table.mtimeSec, index);
  const inode = at(table.inoHi, index);
  const ofInode = at(table.inoLo, index);
  const nanoseconds = at(table.mtimeNsec, index);
  const half = (offset: number, factor: number) => {
    let state = wordAt(hash, offset);
    state = mixed(state, inode, factor);
    state = mixed(state, ofInode, factor);
    state = mixed(state, size, factor);
    state = mixed(state, size / 2 ** 32, factor);
    state = mixed(state, seconds, factor);
    state = mixed(state, seconds / 2 ** 32, factor);
    return mixed(state, nanoseconds, factor) >>> 0;
  };
  return [half(0, 0x85ebca6b), half(4, 0xc2b2ae35)];
}

function wordAt(bytes: Uint8Array, offset: number): number {
  return at(bytes, offset) << 24 | at(bytes, offset + 1) << 16 | at(bytes, offset + 2) << 8 |
    at(bytes, offset + 3);
}

function mixed(state: number, fact: number, factor: number): number {
  const product = Math.imul(state ^ fact, factor);
  return product ^ product >>> 15;
}
