import { bytesOf } from "../../model/bytes.ts";
import { isJvsError } from "../../model/errors.ts";
import { phase } from "../../model/progress.ts";
import type { Folder } from "../../platform/platform.ts";
import { Stat } from "../../platform/stat.ts";
import { SUBVOLUME_INODE } from "../../platform/file_system.ts";
import { isSystemError } from "../../platform/system_error.ts";
import { TimeSlice } from "../../platform/time_slice.ts";
import type { ControlPath } from "../../repo/control_path.ts";
import { compacted } from "../../repo/space_compaction.ts";
import type { SpaceCosts } from "../../repo/space_costs.ts";
import { LedgerWriter, type NewNode, NODE, NONE, type SpaceLedger } from "../../repo/space_ledger.ts";
import { idNumbers, idText, type SnapshotTable } from "../../repo/snapshot_table.ts";
import { Damage } from "../../tree/byte_stream.ts";
import { ManifestComparer } from "../../tree/changed_entries.ts";
import { packName } from "../../tree/manifest_packs.ts";
import { loadSha256 } from "../../tree/sha256.ts";
import type { RepositoryContext } from "../context.ts";
import { Missing, PayloadLook, type Sharing } from "./look_at_payload.ts";
import { Units } from "./units.ts";

/** From so many new snapshots on a person wants to see progress. */
const MANY = 100;

/** A ledger, and the node of each row of a table. */
export interface CurrentLedger {
  readonly ledger: SpaceLedger;
  readonly nodeOf: Int32Array;
  readonly isChanged: boolean;
}

/** The ledger with all rows of a table, and no others. */
export async function bringUpToDate(
  context: RepositoryContext,
  table: SnapshotTable,
  costs: SpaceCosts,
  stored: SpaceLedger | undefined,
): Promise<CurrentLedger> {
  const from = stored === undefined ? new LedgerWriter().finish() : withoutGone(stored, table);
  const nodeOf = nodesOf(from, table);
  const added = Array.from({ length: table.count }, (_, row) => row).filter((row) => nodeOf[row] === NONE);
  if (added.length === 0) return { ledger: from, nodeOf, isChanged: from !== stored };
  const writer = new LedgerWriter(from);
  const newcomers = new Newcomers(context, table, costs, { from, writer, nodeOf });
  using _phase = added.length < MANY
    ? undefined
    : phase(context.reporter, "measuring snapshots", { entries: added.length });
  using _held = context.store.snapshots.hold();
  using manifests = context.store.layout.manifests.open();
  if (added.length >= MANY) await loadSha256(); // the hash that does not wait is faster for many
  const slice = new TimeSlice(context.signal);
  const comparer = new ManifestComparer(manifests);
  for (const row of added) {
    if (slice.isOver(32)) await slice.yield();
    await newcomers.add(row, manifests, comparer);
    context.reporter.advance(1, 0);
  }
  slice.check();
  return { ledger: writer.finish(), nodeOf, isChanged: true };
}

/** Which node each row is. */
function nodesOf(ledger: SpaceLedger, table: SnapshotTable): Int32Array {
  const nodes = new Int32Array(table.count).fill(NONE);
  rowsOf(ledger, table).forEach((row, node) => {
    if (row !== -1) nodes[row] = node;
  });
  return nodes;
}

/** The row of each node; -1 if there is none. */
function rowsOf({ time, digits }: SpaceLedger, table: SnapshotTable): Int32Array {
  const rows = new Int32Array(time.length);
  let row = -1;
  for (let node = 0; node < rows.length; node++) {
    row = table.findNumbers(time[node] as number, digits[node] as number, row + 1);
    rows[node] = row;
  }
  return rows;
}

function withoutGone(ledger: SpaceLedger, table: SnapshotTable): SpaceLedger {
  const { flags, time } = ledger;
  const [payload, known] = [new Uint8Array(time.length), new Uint8Array(time.length)];
  let isSame = true;
  rowsOf(ledger, table).forEach((row, node) => {
    const had = ((flags[node] as number) & NODE.payload) !== 0;
    known[node] = Number(row !== -1);
    payload[node] = Number(had && row !== -1 && !table.isPruned(row));
    isSame &&= (payload[node] === 1) === had && (row !== -1 || !had);
  });
  return isSame ? ledger : compacted(ledger, { payload, known });
}

/** Where snapshots are added to. */
interface Target {
  readonly from: SpaceLedger;
  readonly writer: LedgerWriter;
  readonly nodeOf: Int32Array;
}

class Newcomers {
  private readonly units: Units;
  private readonly packs = new Map<string, number>();
  private readonly stat = new Stat();

  constructor(
    private readonly context: RepositoryContext,
    private readonly table: SnapshotTable,
    private readonly costs: SpaceCosts,
    private readonly to: Target,
  ) {
    const { packTime, packDigits } = to.from;
    for (let pack = 0; pack < packTime.length; pack++) {
      this.packs.set(idText(packTime[pack] as number, packDigits[pack] as number), pack);
    }
    this.units = new Units(to.from, to.writer);
  }

  async add(row: number, manifests: Folder, comparer: ManifestComparer): Promise<void> {
    const { table, to: { writer, nodeOf } } = this;
    const id = table.id(row);
    const [time, digits] = idNumbers(id);
    const payload = table.isPruned(row)
      ? { base: NONE, own: 0, inodes: 0, flags: 0 }
      : await unlessUnreadable(() => this.look(row, id, comparer)) ?? await this.estimate(row, id);
    await unlessUnreadable(() => this.addPacks(id, manifests, comparer));
    const records = this.recordsOf(id);
    nodeOf[row] = writer.addNode({ time, digits, records, ...payload });
  }

  /** The nearest ancestor with a payload that shares in the same way. */
  private baseOf(row: number, sharing: number): { readonly row: number; readonly node: number } | undefined {
    const { table, to: { writer, nodeOf } } = this;
    for (let at = table.columns.parent[row] as number; at >= 0; at = table.columns.parent[at] as number) {
      const node = nodeOf[at] as number;
      if (node === NONE || table.isPruned(at)) continue;
      const flags = writer.columns.flags.get(node);
      const isUsable = (flags & NODE.estimated) === 0 && (flags & (NODE.subvolume | NODE.apart)) === sharing;
      return isUsable ? { row: at, node } : undefined;
    }
    return undefined;
  }

  private async look(row: number, id: string, comparer: ManifestComparer) {
    const { store: { layout } } = this.context;
    using payload = layout.payload(id).open();
    const sharing = await this.sharingOf(id, payload);
    const base = this.baseOf(row, FLAG_OF[sharing]);
    if (base === undefined) return await this.lookAt({ id, payload, sharing }, comparer);
    const baseId = this.table.id(base.row);
    using basePayload = layout.payload(baseId).open();
    return await this.lookAt(
      { id, payload, sharing, base: { ...base, id: baseId, payload: basePayload } },
      comparer,
    );
  }

  private async lookAt(
    { id, payload, sharing, base }: Looked,
    comparer: ManifestComparer,
  ): Promise<Pick<NewNode, "base" | "own" | "inodes" | "flags">> {
    const { costs, units, to: { writer } } = this;
    using comparison = await comparer.compare(base?.id, id);
    units.sawEncoded = false;
    using look = new PayloadLook({ costs, sharing, units, payload, base: base?.payload });
    if (base !== undefined && !look.isBased(comparison)) {
      return await this.lookAt({ id, payload, sharing }, comparer);
    }
    const slice = new TimeSlice(this.context.signal);
    for (const { path, before, after } of comparison.changes()) {
      if (slice.isOver()) await slice.yield();
      look.see(path, before, after);
    }
    for (const [unit, times] of look.events) {
      for (let left = Math.abs(times); left > 0; left--) writer.addEvent(unit, times < 0);
    }
    const node = writer.columns.time.count;
    for (const leaf of look.touchedLeaves()) {
      const before = base && units.leafOf(leaf, base.node);
      if (before !== undefined) writer.addEvent(before, true);
      writer.addEvent(units.addLeaf(leaf, costs.leaf, node), false);
    }
    const isRoot = base === undefined || sharing === "extents";
    const own = look.own + (isRoot ? 0 : writer.columns.own.get(base.node));
    const compressed = units.sawEncoded ? NODE.compressed : 0;
    const inodes = look.inodes + (base === undefined ? 0 : writer.columns.inodes.get(base.node));
    return { base: base?.node ?? NONE, own, inodes, flags: NODE.payload | FLAG_OF[sharing] | compressed };
  }

  private async sharingOf(id: string, payload: Folder): Promise<Sharing> {
    const { stat, context: { store } } = this;
    payload.stat(bytesOf("."), stat);
    if (this.costs.leaf > 0 && stat.inoLo === SUBVOLUME_INODE && stat.inoHi === 0) return "extents";
    if (this.costs.sharesBlocks || store.platform.fileSystem(payload).kind !== "fuse.juicefs") {
      return "inodes";
    }
    return (await store.snapshots.readable(id))?.engine === "juicefs-clone" ? "nothing" : "inodes";
  }

  /** What a payload may take that cannot be looked at. */
  private async estimate(row: number, id: string) {
    this.to.writer.cancelEvents();
    const { stats } = await this.context.store.snapshots.readable(id) ?? {};
    const hasParent = (this.table.columns.parent[row] as number) >= 0;
    const own = hasParent ? stats?.changed_bytes ?? stats?.bytes ?? 0 : stats?.bytes ?? 0;
    return { base: NONE, own, inodes: 0, flags: NODE.payload | NODE.estimated };
  }

  private async addPacks(id: string, manifests: Folder, comparer: ManifestComparer): Promise<void> {
    for (const name of (await comparer.index(id)).packs) {
      let pack = this.packs.get(name);
      if (pack === undefined) {
        pack = this.to.writer.addPack(...idNumbers(name), this.costOf(manifests, packName(name)));
        this.packs.set(name, pack);
      }
      this.to.writer.addPackUse(pack);
    }
  }

  private recordsOf(id: string): number {
    const { layout } = this.context.store;
    const { stat, costs } = this;
    const files: ControlPath[] = [
      layout.descriptor(id),
      layout.ready(id),
      layout.pruned(id),
      layout.manifests.at(id),
    ];
    return files.reduce((sum, file) => {
      if (!file.stat(stat)) return sum;
      return sum + recordCost(costs, stat, file.name.length);
    }, 0);
  }

  private costOf(folder: Folder, name: string): number {
    return folder.stat(bytesOf(name), this.stat) ? recordCost(this.costs, this.stat, name.length) : 0;
  }
}

interface Looked {
  readonly id: string;
  readonly payload: Folder;
  readonly sharing: Sharing;
  readonly base?: { readonly id: string; readonly node: number; readonly payload: Folder };
}

const FLAG_OF: Record<Sharing, number> = { inodes: 0, extents: NODE.subvolume, nothing: NODE.apart };

/** btrfs stores a file of at most so many bytes within its metadata. */
const MOST_INLINE = 2048;

/** A record shares its blocks with no other file. */
function recordCost(costs: SpaceCosts, stat: Stat, nameBytes: number): number {
  const isInline = costs.leaf > 0 && stat.size <= MOST_INLINE;
  return costs.name(nameBytes) + costs.file(stat, nameBytes, isInline ? [] : undefined);
}

/** What a look gives; undefined if something cannot be read or is damaged. */
async function unlessUnreadable<T>(look: () => Promise<T>): Promise<T | undefined> {
  try {
    return await look();
  } catch (error) {
    if (isJvsError(error, "E_INTERRUPTED") || !isUnreadable(error)) throw error;
    return undefined;
  }
}

function isUnreadable(error: unknown): boolean {
  return isSystemError(error) || error instanceof Damage || isJvsError(error) || error instanceof Missing;
}
