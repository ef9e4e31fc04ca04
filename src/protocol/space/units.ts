import { type LedgerWriter, type NewUnit, NONE, rangeOf, type SpaceLedger } from "../../repo/space_ledger.ts";

/** The units of a ledger that grows, found by what tells them apart. */
export class Units {
  /** A file was seen that takes less room than its extents say. */
  sawEncoded = false;
  /** The last unit of each key, and for each unit the one before with the same key. */
  private readonly last = new Map<number, number>();
  private readonly earlier: number[] = [];
  /** Which node added each version of a leaf. */
  private readonly makers = new Map<number, number>();

  constructor(from: SpaceLedger, private readonly writer: LedgerWriter) {
    for (let unit = 0; unit < from.key.length; unit++) this.know(from.key[unit] as number, unit);
    for (let node = 0; node < from.time.length; node++) {
      const [start, end] = rangeOf(from.eventEnd, node);
      for (const event of from.event.subarray(start, end)) {
        const unit = event >>> 1;
        if ((event & 1) === 0 && (from.key[unit] as number) < 0) this.makers.set(unit, node);
      }
    }
  }

  /** The unit with this key and mark. */
  find(key: number, mark: number): number | undefined {
    const { mark: marks } = this.writer.columns;
    for (let unit = this.last.get(key) ?? NONE; unit !== NONE; unit = this.earlier[unit] ?? NONE) {
      if (marks.get(unit) === mark) return unit;
    }
    return undefined;
  }

  /** Adds one. */
  add(unit: NewUnit): number {
    const number = this.writer.addUnit(unit);
    this.know(unit.key, number);
    return number;
  }

  /** The version of a leaf that a node has: that of the nearest one that it is based on which copied the leaf. */
  leafOf(leaf: number, node: number): number | undefined {
    const { base } = this.writer.columns;
    for (
      let unit = this.last.get(keyOfLeaf(leaf)) ?? NONE;
      unit !== NONE;
      unit = this.earlier[unit] ?? NONE
    ) {
      const maker = this.makers.get(unit) ?? NONE;
      let at = node;
      while (at > maker) at = base.get(at);
      if (at === maker && at !== NONE) return unit;
    }
    return undefined;
  }

  /** Adds a version of a leaf that the next node makes. */
  addLeaf(leaf: number, bytes: number, node: number): number {
    const unit = this.add({ key: keyOfLeaf(leaf), mark: 0, bytes, extents: [] });
    this.makers.set(unit, node);
    return unit;
  }

  private know(key: number, unit: number): void {
    this.earlier[unit] = this.last.get(key) ?? NONE;
    this.last.set(key, unit);
  }
}

/** Inodes are above 0. */
function keyOfLeaf(leaf: number): number {
  return -1 - leaf;
}
