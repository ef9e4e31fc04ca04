import { placeOfPayloads } from "../../repo/place_of_payloads.ts";
import { costsOf } from "../../repo/space_costs.ts";
import { type Going, SpaceCount } from "../../repo/space_count.ts";
import { NODE } from "../../repo/space_ledger.ts";
import { keepLedger, storedLedger } from "../../repo/space_ledger_store.ts";
import type { SnapshotTable } from "../../repo/snapshot_table.ts";
import type { Store } from "../../repo/store.ts";
import type { RepositoryContext } from "../context.ts";
import { bringUpToDate } from "./bring_up_to_date.ts";
import { OutsideUses } from "./outside_uses.ts";

const INEXACT = NODE.estimated | NODE.compressed;

/** Rows of the table that go. */
export interface GoingRows {
  /** They go whole. */
  readonly deleted: readonly number[];
  /** They lose their payload. */
  readonly pruned: readonly number[];
}

/** What comes free. */
export interface Freed {
  readonly bytes: number;
  /** For each row what it alone held, and what it was the newest to hold; 0 of one that stays. */
  readonly perRow: Float64Array;
  /** Whether all of it was measured. */
  readonly isExact: boolean;
}

/** What snapshots take on the disk, as `df` counts it. */
export interface Space {
  /** Bytes of all payloads and records; a whole number, though on btrfs a name is estimated to take a part of one. */
  readonly total: number;
  freed(rows: GoingRows): Promise<Freed>;
}

/**
 * Measures what snapshots take. It looks only at those that the ledger of this host and user does not know yet, and brings the ledger up to
 * date. The table has all known snapshots.
 */
export async function readSpace(context: RepositoryContext, table: SnapshotTable): Promise<Space> {
  const { store } = context;
  const fileSystem = fileSystemOf(store);
  const costs = costsOf(fileSystem);
  const of = `${placeOfPayloads(store)} ${fileSystem.metadataCopies}`;
  const stored = await storedLedger(store);
  const { ledger, nodeOf, isChanged } = await bringUpToDate(
    context,
    table,
    costs,
    stored?.of === of ? stored.ledger : undefined,
  );
  if (isChanged) await keepLedger(store, { ledger, of });
  const payload = Uint8Array.from(ledger.flags, (flags) => flags & NODE.payload);
  const count = new SpaceCount(ledger, payload, costs);
  const outside = costs.sharesBlocks ? new OutsideUses(store, count) : undefined;
  return new MeasuredSpace(count, nodeOf, outside);
}

function fileSystemOf({ layout, platform }: Store) {
  using folder = layout.snapshots.open();
  return platform.fileSystem(folder);
}

class MeasuredSpace implements Space {
  readonly total: number;

  constructor(
    private readonly count: SpaceCount,
    private readonly nodeOf: Int32Array,
    private readonly outside: OutsideUses | undefined,
  ) {
    const all = { payload: count.payload, records: new Uint8Array(count.payload.length).fill(1) };
    this.total = Math.round(sum(count.freed(all)));
  }

  async freed(rows: GoingRows): Promise<Freed> {
    const { count, nodeOf } = this;
    const going = this.goingOf(rows);
    const staying = count.staying(going);
    await this.outside?.look(staying);
    const perNode = count.freed(going, staying);
    const perRow = new Float64Array(nodeOf.length);
    let isExact = true;
    for (const row of [...rows.deleted, ...rows.pruned]) {
      const node = nodeOf[row] as number;
      perRow[row] = Math.round(perNode[node] as number);
      isExact &&= going.payload[node] === 0 || ((count.ledger.flags[node] as number) & INEXACT) === 0;
    }
    return { bytes: sum(perRow), perRow, isExact };
  }

  private goingOf({ deleted, pruned }: GoingRows): Going {
    const { count: { payload: has }, nodeOf } = this;
    const [payload, records] = [new Uint8Array(has.length), new Uint8Array(has.length)];
    for (const row of deleted) {
      const node = nodeOf[row] as number;
      payload[node] = has[node] as number;
      records[node] = 1;
    }
    for (const row of pruned) payload[nodeOf[row] as number] = has[nodeOf[row] as number] as number;
    return { payload, records };
  }
}

function sum(bytes: Float64Array): number {
  return bytes.reduce((all, each) => all + each, 0);
}
