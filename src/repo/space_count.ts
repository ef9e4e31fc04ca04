import { NONE, type Piece, rangeOf, type SpaceLedger } from "./space_ledger.ts";

/** What is asked of a ledger: which nodes lose their payload, and which go whole. */
export interface Going {
  /** 1 for each node that has a payload and loses it. */
  readonly payload: Uint8Array;
  /** 1 for each node whose records go. */
  readonly records: Uint8Array;
}

/** How a file system gives back blocks. */
export interface GivesBack {
  /** Only whole extents, as they were written. */
  readonly wholeExtents: boolean;
  /** What a byte of an extent takes. */
  readonly perByte: number;
  /** What an inode takes, where they come free only in whole chunks; else 0. */
  readonly inode: number;
}

/** Inodes in a chunk; so many of them must be known to go before it surely is not shared with files outside the payloads. */
const CHUNK = { inodes: 64, least: 48 };

/** btrfs writes no longer extents: this much of one that is partly used surely comes free. */
const LONGEST_EXTENT = 128 * 1024 * 1024;

/** How many uses each unit has by these payloads; a payload that has a unit by two names uses it twice. */
export function heldUnits(ledger: SpaceLedger, payload: Uint8Array): Int32Array {
  const { base, event, eventEnd, key } = ledger;
  const below = new Int32Array(payload); // the payloads of the node and of all that are based on it
  for (let node = below.length - 1; node >= 0; node--) {
    const before = base[node] as number;
    if (before !== NONE) below[before] = (below[before] as number) + (below[node] as number);
  }
  const held = new Int32Array(key.length);
  for (let node = 0; node < below.length; node++) {
    const weight = below[node] as number;
    if (weight === 0) continue;
    const [start, end] = rangeOf(eventEnd, node);
    for (let i = start; i < end; i++) {
      const of = event[i] as number;
      const unit = of >>> 1;
      held[unit] = (held[unit] as number) + ((of & 1) === 0 ? weight : -weight);
    }
  }
  return held;
}

/** Counts what comes free. It is made once for a ledger, and asked often. */
export class SpaceCount {
  /** How many uses each unit has now. */
  readonly held: Int32Array;
  /** Pieces of the disk that something outside the payloads uses, in their order. */
  outside: readonly Piece[] = [];
  #owners: Int32Array | undefined;
  #furthest: Float64Array | undefined;

  constructor(
    readonly ledger: SpaceLedger,
    readonly payload: Uint8Array,
    private readonly how: GivesBack,
  ) {
    this.held = heldUnits(ledger, payload);
  }

  /** The uses of units that stay. */
  staying(going: Going): Int32Array {
    return heldUnits(
      this.ledger,
      this.payload.map((is, node) => is !== 0 && going.payload[node] === 0 ? 1 : 0),
    );
  }

  /** What comes free, for each node: what it alone held, and what it held as the newest one. */
  freed(going: Going, staying = this.staying(going)): Float64Array {
    const { ledger: { own, records, bytes } } = this;
    const perNode = new Float64Array(own.length);
    for (let node = 0; node < own.length; node++) {
      if (going.payload[node] !== 0) perNode[node] = own[node] as number;
      if (going.records[node] !== 0) perNode[node] = (perNode[node] as number) + (records[node] as number);
    }
    const give = (unit: number, more: number) => {
      const node = this.holderOf(unit);
      perNode[node] = (perNode[node] as number) + more;
    };
    for (let unit = 0; unit < staying.length; unit++) {
      if (this.isFreed(unit, staying)) give(unit, bytes[unit] as number);
    }
    const { perByte, inode } = this.how;
    this.#freeExtents(staying, (unit, more) => give(unit, more * perByte));
    if (inode > 0) this.#freeInodes(staying, going, give, perNode);
    this.#freePacks(going, perNode);
    return perNode;
  }

  /** Whether no payload that stays has it. */
  isFreed(unit: number, staying: Int32Array): boolean {
    return (this.held[unit] as number) > 0 && (staying[unit] as number) <= 0;
  }

  /** The newest payload that has a unit. */
  readonly holderOf = (unit: number): number => {
    this.#owners ??= ownersOf(this.ledger, this.payload);
    return this.#owners[unit] as number;
  };

  /** How many extents of units have a part of a piece; counts no further than two. */
  usersOf({ start: from, length: size }: Piece): number {
    const { start, length } = this.ledger;
    const furthest = this.#furthest ??= furthestEnds(this.ledger);
    let [low, high] = [0, start.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((start[middle] as number) < from + size) low = middle + 1;
      else high = middle;
    }
    let users = 0;
    for (let i = low - 1; i >= 0 && (furthest[i] as number) > from && users < 2; i--) {
      if ((start[i] as number) + (length[i] as number) > from) users++;
    }
    return users;
  }

  /** One pass over all extents in their order: what freed ones cover, and no others. */
  #freeExtents(staying: Int32Array, give: (unit: number, bytes: number) => void): void {
    const { start, length, unit } = this.ledger;
    const { outside } = this;
    const sweep = new Sweep(this.how.wholeExtents ? LONGEST_EXTENT : 0, give);
    let next = 0;
    for (let i = 0; i < start.length; i++) {
      const from = start[i] as number;
      for (let piece = outside[next]; piece !== undefined && piece.start <= from; piece = outside[++next]) {
        sweep.stays(piece.start, piece.start + piece.length);
      }
      const [of, end] = [unit[i] as number, from + (length[i] as number)];
      if ((staying[of] as number) > 0) sweep.stays(from, end);
      else if ((this.held[of] as number) > 0) sweep.goes(from, end, of);
    }
    for (const { start, length } of outside.slice(next)) sweep.stays(start, start + length);
    sweep.finish();
  }

  #freeInodes(
    staying: Int32Array,
    going: Going,
    give: (unit: number, bytes: number) => void,
    perNode: Float64Array,
  ): void {
    const { key, inodes } = this.ledger;
    const chunkOf = (unit: number) => Math.floor((key[unit] as number) / CHUNK.inodes);
    const free = new Map<number, number>();
    for (let unit = 0; unit < key.length; unit++) {
      if (this.isFreed(unit, staying)) free.set(chunkOf(unit), (free.get(chunkOf(unit)) ?? 0) + 1);
    }
    for (let unit = 0; unit < key.length && free.size > 0; unit++) {
      if ((staying[unit] as number) > 0) free.delete(chunkOf(unit));
    }
    for (let unit = 0; unit < key.length; unit++) {
      if (this.isFreed(unit, staying) && (free.get(chunkOf(unit)) ?? 0) >= CHUNK.least) {
        give(unit, this.how.inode);
      }
    }
    // Folders of one payload are made together, so only the first and the last chunks of them have other inodes too.
    for (let node = 0; node < inodes.length; node++) {
      if (going.payload[node] === 0) continue;
      const whole = Math.max(0, (inodes[node] as number) - 2 * CHUNK.inodes);
      perNode[node] = (perNode[node] as number) + whole * this.how.inode;
    }
  }

  #freePacks(going: Going, perNode: Float64Array): void {
    const { packBytes, packEnd, packUse, time } = this.ledger;
    const last = new Int32Array(packBytes.length).fill(NONE);
    const isUsed = new Uint8Array(packBytes.length);
    for (let node = 0; node < time.length; node++) {
      const [start, end] = rangeOf(packEnd, node);
      for (let i = start; i < end; i++) {
        const pack = packUse[i] as number;
        if (going.records[node] === 0) isUsed[pack] = 1;
        else last[pack] = node;
      }
    }
    for (let pack = 0; pack < last.length; pack++) {
      const node = last[pack] as number;
      if (node === NONE || isUsed[pack] !== 0) continue;
      perNode[node] = (perNode[node] as number) + (packBytes[pack] as number);
    }
  }
}

/** Goes along the disk and adds up what is only under extents that go. */
class Sweep {
  private at = 0;
  private goesFrom = 0;
  private goesTo = 0;
  private staysTo = 0;
  private unit = 0;
  /** What is free right before `at`, and whether the extent that it is of is used further left. */
  private run = 0;
  private isPart = false;

  /** A part of an extent that is used elsewhere comes free if it is longer than `mostPart`. */
  constructor(
    private readonly mostPart: number,
    private readonly give: (unit: number, bytes: number) => void,
  ) {}

  goes(from: number, end: number, unit: number): void {
    this.moveTo(from);
    if (from >= this.goesTo) {
      this.endRun(false);
      this.goesFrom = from;
    }
    if (end <= this.goesTo) return;
    this.goesTo = end;
    this.unit = unit;
  }

  stays(from: number, end: number): void {
    this.moveTo(from);
    this.endRun(from < this.goesTo); // an extent that goes is used from here on
    this.staysTo = Math.max(this.staysTo, end);
  }

  finish(): void {
    this.moveTo(Infinity);
    this.endRun(false);
  }

  private moveTo(to: number): void {
    const begin = Math.max(this.at, this.staysTo);
    const end = Math.min(to, this.goesTo);
    if (end > begin) {
      if (this.run === 0) this.isPart = this.goesFrom < begin && begin === this.staysTo;
      this.run += end - begin;
    }
    this.at = to;
  }

  private endRun(isPart: boolean): void {
    if (this.run > 0 && (!(isPart || this.isPart) || this.run >= this.mostPart)) {
      this.give(this.unit, this.run);
    }
    this.run = 0;
    this.isPart = false;
  }
}

/** For each extent the furthest end of it and all before it. */
function furthestEnds({ start, length }: SpaceLedger): Float64Array {
  let furthest = 0;
  return start.map((from, i) => furthest = Math.max(furthest, from + (length[i] as number)));
}

/** The newest payload that has each unit. Where lines part after a unit was added, it may be another one of those that have it. */
function ownersOf({ base, event, eventEnd, key }: SpaceLedger, payload: Uint8Array): Int32Array {
  const count = base.length;
  /** The newest payload of each node and those that are based on it; that of each node and those that it is based on. */
  const below = new Int32Array(payload).map((is, node) => is === 0 ? NONE : node);
  const above = below.slice();
  for (let node = count - 1; node >= 0; node--) {
    const before = base[node] as number;
    if (before !== NONE) below[before] = Math.max(below[before] as number, below[node] as number);
  }
  for (let node = 0; node < count; node++) {
    const before = base[node] as number;
    if (above[node] === NONE && before !== NONE) above[node] = above[before] as number;
  }
  const added = new Int32Array(key.length).fill(NONE);
  const owners = new Int32Array(key.length).fill(NONE);
  for (let node = 0; node < count; node++) {
    const [start, end] = rangeOf(eventEnd, node);
    for (let i = start; i < end; i++) {
      const unit = (event[i] as number) >>> 1;
      if (((event[i] as number) & 1) === 0) added[unit] = node;
      else {
        const last = above[base[node] as number] ?? NONE;
        if (last >= (added[unit] as number)) owners[unit] = Math.max(owners[unit] as number, last);
      }
    }
  }
  return owners.map((owner, unit) => owner === NONE ? below[added[unit] as number] ?? NONE : owner);
}
