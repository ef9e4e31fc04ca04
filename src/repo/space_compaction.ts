import { LedgerWriter, NODE, NONE, rangeOf, type SpaceLedger } from "./space_ledger.ts";
import { heldUnits } from "./space_count.ts";

/** What is left of each node of a ledger. */
export interface NodeStates {
  /** Whether its payload is there. */
  readonly payload: Uint8Array;
  /** Whether the snapshot is known, pruned or not. */
  readonly known: Uint8Array;
}

/**
 * The ledger without what is gone. A payload that is gone may still be the base of others: its events go to the only node that is based on
 * it; with several it stays as a node without a payload.
 */
export function compacted(from: SpaceLedger, { payload, known }: NodeStates): SpaceLedger {
  const { sums, base } = foldGone(from, payload);
  const held = heldUnits(from, payload);
  const writer = new LedgerWriter();
  const units = copyUnits(from, held, writer);
  const packs = new Map<number, number>();
  const nodes = new Int32Array(from.time.length).fill(NONE);
  for (let node = 0; node < nodes.length; node++) {
    const own = sums[node];
    if (known[node] === 0 && own === undefined) continue;
    for (const [old, sum] of own ?? []) {
      const unit = units[old] as number;
      for (let left = unit === NONE ? 0 : Math.abs(sum); left > 0; left--) writer.addEvent(unit, sum < 0);
    }
    if (known[node] !== 0) copyPacks(from, node, packs, writer);
    const flags = from.flags[node] as number;
    const before = base[node] as number;
    nodes[node] = writer.addNode({
      time: from.time[node] as number,
      digits: from.digits[node] as number,
      base: before === NONE ? NONE : nodes[before] as number,
      own: payload[node] === 0 ? 0 : from.own[node] as number,
      inodes: payload[node] === 0 ? 0 : from.inodes[node] as number,
      records: known[node] === 0 ? 0 : from.records[node] as number,
      flags: payload[node] === 0 ? flags & ~NODE.payload : flags,
    });
  }
  return writer.finish();
}

/** How often a node has each unit more than its base. */
type Sums = Map<number, number>;

/** The sums and the base of each node, where payloads that are gone have none that can go elsewhere. */
function foldGone(from: SpaceLedger, payload: Uint8Array) {
  const count = from.time.length;
  const base = from.base.slice();
  /** Of each node the one that is based on it; MANY if there are several. */
  const heirs = new Int32Array(count).fill(NONE);
  const sums: (Sums | undefined)[] = new Array(count);
  const inherit = (node: number, heir: number) => {
    if (node !== NONE) heirs[node] = heirs[node] === NONE ? heir : MANY;
  };
  for (let node = count - 1; node >= 0; node--) {
    const own = sumsOf(from, node);
    const heir = heirs[node] as number;
    const before = base[node] as number;
    if (payload[node] !== 0 || heir === MANY) {
      sums[node] = own;
      inherit(before, node);
      continue;
    }
    base[node] = NONE;
    if (heir === NONE) continue;
    sums[heir] = added(sums[heir] ?? new Map(), own);
    base[heir] = before;
    inherit(before, heir);
  }
  return { sums, base };
}

const MANY = -2;

function sumsOf({ event, eventEnd }: SpaceLedger, node: number): Sums {
  const sums: Sums = new Map();
  for (let [i, end] = rangeOf(eventEnd, node); i < end; i++) {
    const of = event[i] as number;
    sums.set(of >>> 1, (sums.get(of >>> 1) ?? 0) + ((of & 1) === 0 ? 1 : -1));
  }
  return sums;
}

/** Adds the smaller to the larger one. */
function added(a: Sums, b: Sums): Sums {
  const [to, from] = a.size < b.size ? [b, a] : [a, b];
  for (const [unit, sum] of from) to.set(unit, (to.get(unit) ?? 0) + sum);
  return to;
}

/** The new number of each unit that a payload holds; NONE of the others. */
function copyUnits(from: SpaceLedger, held: Int32Array, writer: LedgerWriter): Int32Array {
  const units = new Int32Array(from.key.length).fill(NONE);
  for (let unit = 0; unit < units.length; unit++) {
    if ((held[unit] as number) <= 0) continue;
    units[unit] = writer.addUnit({
      key: from.key[unit] as number,
      mark: from.mark[unit] as number,
      bytes: from.bytes[unit] as number,
      extents: [],
      path: from.paths.get(unit),
    });
  }
  for (let i = 0; i < from.unit.length; i++) {
    const unit = units[from.unit[i] as number] as number;
    if (unit !== NONE) writer.addExtent(unit, from.start[i] as number, from.length[i] as number);
  }
  return units;
}

function copyPacks(from: SpaceLedger, node: number, packs: Map<number, number>, writer: LedgerWriter): void {
  const { packTime, packDigits, packBytes, packUse, packEnd } = from;
  const [start, end] = rangeOf(packEnd, node);
  for (const old of packUse.subarray(start, end)) {
    const pack = packs.get(old) ??
      writer.addPack(packTime[old] as number, packDigits[old] as number, packBytes[old] as number);
    packs.set(old, pack);
    writer.addPackUse(pack);
  }
}
