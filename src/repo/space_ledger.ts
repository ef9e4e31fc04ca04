/** The columns of a ledger, by what they describe, and the kind of their numbers. */
export const LEDGER_COLUMNS = {
  /** A node is a snapshot: its id; its base, which is a node before it or NONE; what its payload takes that it shares with none. */
  time: ["nodes", Float64Array],
  digits: ["nodes", Uint32Array],
  base: ["nodes", Int32Array],
  own: ["nodes", Float64Array],
  /** How many folders, links and special files its payload has: their inodes are never shared. */
  inodes: ["nodes", Uint32Array],
  /** What its descriptor, marker and index take. */
  records: ["nodes", Float64Array],
  flags: ["nodes", Uint8Array],
  /** Where its events and its packs end. */
  eventEnd: ["nodes", Uint32Array],
  packEnd: ["nodes", Uint32Array],
  /** What a node has otherwise than its base: twice the unit, plus 1 if it does not have what its base has. */
  event: ["events", Uint32Array],
  /** The packs that the index of a node names. */
  packUse: ["packUses", Uint32Array],
  packTime: ["packs", Float64Array],
  packDigits: ["packs", Uint32Array],
  packBytes: ["packs", Float64Array],
  /** A unit is what several payloads can share: its inode, or the number of a part of a tree; what tells versions of it apart. */
  key: ["units", Float64Array],
  mark: ["units", Uint32Array],
  /** What it takes beside its extents. */
  bytes: ["units", Float64Array],
  /** The extents, in the order of their places; and whose each is. */
  start: ["extents", Float64Array],
  length: ["extents", Float64Array],
  unit: ["extents", Uint32Array],
} as const;

type Kinds = typeof LEDGER_COLUMNS;

/** The name of a column. */
export type LedgerColumn = keyof Kinds;

/** What space each payload takes, as columns of numbers. docs/design/space-of-snapshots.md. */
export type SpaceLedger =
  & { readonly [N in LedgerColumn]: Kinds[N][1]["prototype"] }
  & {
    /** The paths, in the payload of the node that added it, of those units that are large. */
    readonly paths: ReadonlyMap<number, string>;
  };

/** The names of all columns. */
export const LEDGER_NAMES = Object.keys(LEDGER_COLUMNS) as LedgerColumn[];

/** It has no base. */
export const NONE = -1;

/** The bits of a node's flags. */
export const NODE = {
  /** Its payload is there. */
  payload: 1,
  /** Its payload could not be looked at: its size is an estimate. */
  estimated: 2,
  /** Its payload is a subvolume; it shares no inode with another one. */
  subvolume: 4,
  apart: 8,
  /** Files of it are compressed: they take less room than their extents say. */
  compressed: 16,
} as const;

/** A column that grows. */
class Growing<C extends Kinds[LedgerColumn][1]["prototype"]> {
  count = 0;

  constructor(private values: C) {}

  push(value: number): void {
    if (this.count === this.values.length) {
      const Kind = this.values.constructor as new (length: number) => C;
      const grown = new Kind(Math.max(64, Math.ceil(this.count * 1.5)));
      grown.set(this.values);
      this.values = grown;
    }
    this.values[this.count++] = value;
  }

  get(index: number): number {
    return this.values[index] as number;
  }

  set(index: number, value: number): void {
    this.values[index] = value;
  }

  done(): C {
    return this.values.subarray(0, this.count) as C;
  }
}

type GrowingColumns = { readonly [N in LedgerColumn]: Growing<Kinds[N][1]["prototype"]> };

/** A piece of the disk. */
export interface Piece {
  readonly start: number;
  readonly length: number;
}

/** A unit that is new. */
export interface NewUnit {
  readonly key: number;
  readonly mark: number;
  readonly bytes: number;
  readonly extents: readonly Piece[];
  readonly path?: string | undefined;
}

/** A snapshot that is new. */
export interface NewNode {
  readonly time: number;
  readonly digits: number;
  readonly base: number;
  readonly own: number;
  readonly inodes: number;
  readonly records: number;
  readonly flags: number;
}

/** Writes a ledger, from its beginning or from what an earlier one has. */
export class LedgerWriter {
  readonly columns: GrowingColumns;
  private readonly paths: Map<number, string>;
  private readonly sortedExtents: number;

  constructor(from?: SpaceLedger) {
    const made = LEDGER_NAMES.map((name) => {
      const column = new Growing(from?.[name] ?? new LEDGER_COLUMNS[name][1]());
      column.count = from?.[name].length ?? 0;
      return [name, column];
    });
    this.columns = Object.fromEntries(made);
    this.paths = new Map(from?.paths);
    this.sortedExtents = this.columns.start.count;
  }

  /** Adds a unit and returns its number. */
  addUnit({ key, mark, bytes, extents, path }: NewUnit): number {
    const { columns } = this;
    const unit = columns.key.count;
    columns.key.push(key);
    columns.mark.push(mark);
    columns.bytes.push(bytes);
    for (const { start, length } of extents) this.addExtent(unit, start, length);
    if (path !== undefined) this.paths.set(unit, path);
    return unit;
  }

  /** Adds a piece of the disk to a unit. */
  addExtent(unit: number, start: number, length: number): void {
    const { columns } = this;
    columns.start.push(start);
    columns.length.push(length);
    columns.unit.push(unit);
  }

  /** Adds an event of the node that is added next. */
  addEvent(unit: number, isRemoval: boolean): void {
    this.columns.event.push(unit * 2 + Number(isRemoval));
  }

  /** Adds a pack and returns its number. */
  addPack(time: number, digits: number, bytes: number): number {
    const { packTime, packDigits, packBytes } = this.columns;
    packTime.push(time);
    packDigits.push(digits);
    packBytes.push(bytes);
    return packTime.count - 1;
  }

  /** Says that the node that is added next names a pack. */
  addPackUse(pack: number): void {
    this.columns.packUse.push(pack);
  }

  /** Adds the node of the events and packs before. Returns its number. */
  addNode(node: NewNode): number {
    const { columns } = this;
    for (const name of ["time", "digits", "base", "own", "inodes", "records", "flags"] as const) {
      columns[name].push(node[name]);
    }
    columns.eventEnd.push(columns.event.count);
    columns.packEnd.push(columns.packUse.count);
    return columns.time.count - 1;
  }

  /** Takes back the events of a node that is not added. */
  cancelEvents(): void {
    const { event, eventEnd } = this.columns;
    event.count = eventEnd.count === 0 ? 0 : eventEnd.get(eventEnd.count - 1);
  }

  /** The ledger; the writer must not be used any more. */
  finish(): SpaceLedger {
    const ledger = ledgerOf((name) => this.columns[name].done(), this.paths);
    return this.columns.start.count === this.sortedExtents ? ledger : { ...ledger, ...sorted(ledger) };
  }
}

/** A ledger of these columns. */
export function ledgerOf(
  column: (name: LedgerColumn) => unknown,
  paths: ReadonlyMap<number, string>,
): SpaceLedger {
  const columns = LEDGER_NAMES.map((name) => [name, column(name)]);
  return { ...Object.fromEntries(columns), paths };
}

function sorted({ start, length, unit }: SpaceLedger): Pick<SpaceLedger, "start" | "length" | "unit"> {
  const order = Uint32Array.from(start, (_, i) => i);
  order.sort((a, b) => (start[a] as number) - (start[b] as number) || a - b);
  return {
    start: Float64Array.from(order, (i) => start[i] as number),
    length: Float64Array.from(order, (i) => length[i] as number),
    unit: Uint32Array.from(order, (i) => unit[i] as number),
  };
}

/** Where the numbers of a node begin and end in a column that is ordered by nodes. */
export function rangeOf(ends: Uint32Array, node: number): readonly [from: number, to: number] {
  return [node === 0 ? 0 : ends[node - 1] as number, ends[node] as number];
}
