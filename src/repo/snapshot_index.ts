import { isJvsError, JvsError } from "../model/errors.ts";
import type { Reporter } from "../model/progress.ts";
import type { Descriptor } from "../model/records.ts";
import { inodeText, Stat } from "../platform/stat.ts";
import { TimeSlice } from "../platform/time_slice.ts";
import { isSettled } from "../tree/scan_clock.ts";
import { loadSha256 } from "../tree/sha256.ts";
import { ifUsable, keepCache, readCache } from "./cache_file.ts";
import { isUnreadableRecord } from "./control_errors.ts";
import type { ControlPath } from "./control_path.ts";
import { readIndexFile, saveIndex, type StoredTable } from "./snapshot_index_file.ts";
import { eachMarker } from "./snapshot_files.ts";
import { WrongIndex } from "./snapshot_columns.ts";
import { idText, type Row, saidOf, type SnapshotTable } from "./snapshot_table.ts";
import { changedTable, EMPTY_TABLE } from "./snapshot_table_writer.ts";
import type { Store } from "./store.ts";

/** What this file needs from a store. */
export type IndexSource = Pick<Store, "layout" | "cacheFolder"> & {
  readonly snapshots: Pick<Store["snapshots"], "descriptor" | "readable">;
};

/** Who waits for the index while it is made. */
export interface IndexOptions {
  readonly reporter?: Reporter;
  readonly signal?: AbortSignal;
}

/** Fewer snapshots are as fast without an index. */
const LEAST = 64;
/** From so many on, loading the hash that does not wait is faster, and a person wants to see progress. */
const MANY = 1000;
/** So many descriptors that were read for the index need not be read again to be shown. */
const MOST_READ = 256;
/** No index of real snapshots is nearly as large. */
const MOST_BYTES = 2 ** 31;

/** The snapshots of a repository as a table, which is never the truth: `confirm` asks that. */
export interface Indexed {
  readonly table: SnapshotTable;
  /** The descriptor of a row, proved as always. If it says something else, the question begins again with a new table. */
  confirm(row: number): Promise<Descriptor>;
  /** Begins again for another reason. */
  doubt(): void;
}

/**
 * Answers a question about many snapshots by the index. Where a descriptor that is asked for is not what the index says, the
 * index is made again from all descriptors, and then each of them is as it is.
 */
export async function byIndex<T>(
  store: IndexSource,
  options: IndexOptions,
  ask: (index: Indexed) => Promise<T>,
): Promise<T> {
  for (const isNew of [false, true]) {
    try {
      return await ask(await open(store, options, isNew));
    } catch (error) {
      if (!(error instanceof WrongIndex)) throw error;
    }
  }
  throw new JvsError("E_BUSY", "Cannot read the history: it changes while it is read", {
    hint: "Try again.",
  });
}

async function open(store: IndexSource, options: IndexOptions, isNew: boolean): Promise<Indexed> {
  const read = new Map<string, Descriptor>();
  const table = await readIndex(store, { ...options, read, isNew });
  const descriptorOf = async (id: string) => {
    try {
      return read.get(id) ?? await store.snapshots.descriptor(id);
    } catch (error) {
      const isGone = isUnreadableRecord(error) || isJvsError(error, "E_NOT_FOUND");
      throw isGone && !isNew ? new WrongIndex() : error;
    }
  };
  return {
    table,
    doubt() {
      if (!isNew) throw new WrongIndex();
    },
    async confirm(row) {
      const descriptor = await descriptorOf(table.id(row));
      if (!isNew && !table.agrees(row, descriptor)) throw new WrongIndex();
      return descriptor;
    },
  };
}

/** How the table is read. */
interface ReadOptions extends IndexOptions {
  /** From descriptors alone. */
  readonly isNew?: boolean;
  /** Gets some of the descriptors that had to be read. */
  readonly read?: Map<string, Descriptor>;
}

/**
 * All snapshots that exist or are pruned, as they are now. What the index of this host and user has is taken from there. Only
 * what is new is read, and the index is written again. docs/design/index.md says why nothing can be missed.
 */
export async function readIndex(store: IndexSource, options: ReadOptions = {}): Promise<SnapshotTable> {
  return await unlessWrong(options, (each) => readKept(store, each));
}

/** The same with what is seldom used, such as notes. */
export async function readDetailedIndex(
  store: IndexSource,
  options: ReadOptions = {},
): Promise<SnapshotTable> {
  return await unlessWrong(options, async (each) => {
    const table = await readKept(store, each);
    await table.readDetails();
    return table;
  });
}

/** What `read` gives; where the index is damaged, by one that is made again. */
async function unlessWrong<T>(options: ReadOptions, read: (options: ReadOptions) => Promise<T>): Promise<T> {
  try {
    return await read(options);
  } catch (error) {
    if (!(error instanceof WrongIndex) || options.isNew) throw error;
    return await read({ ...options, isNew: true });
  }
}

async function readKept(store: IndexSource, options: ReadOptions): Promise<SnapshotTable> {
  const repository = repositoryOf(store);
  const stored = options.isNew ? undefined : await load(store, repository);
  const from = stored?.table ?? EMPTY_TABLE;
  const stamp = stampOf(store); // of before the listing: a later change gives another one
  if (stored !== undefined && stamp !== "" && stored.stamp === stamp) {
    if (!from.hasUnread()) return from;
    const table = await update(store, from, markersOf(from), options);
    if (table !== from) await save(store, { table, repository, stamp });
    return table;
  }
  let isCertain = stored !== undefined && mayRely(store);
  let markers = listMarkers(store, from);
  if (stored === undefined && markers.added.size >= LEAST) {
    isCertain = mayRely(store);
    markers = listMarkers(store, from); // again, because the listing must come after
  }
  const table = await update(store, from, markers, options);
  if (table.count >= LEAST) await save(store, { table, repository, stamp: isCertain ? stamp : "" });
  return table;
}

function repositoryOf({ layout }: IndexSource): string {
  return ifUsable(() => layout.repoId.readFresh()) ?? "";
}

/** Names the state of all markers: with the same stamp, and if `mayRely` was true then, there are the same snapshots. */
function stampOf({ layout }: IndexSource): string {
  return ifUsable(() => {
    const stat = new Stat();
    layout.snapshots.stat(stat);
    const { inoHi, inoLo, mtimeSec, mtimeNsec, ctimeSec, ctimeNsec } = stat;
    const times = [mtimeSec, mtimeNsec, ctimeSec, ctimeNsec];
    const folder = `${inodeText(inoHi, inoLo)} ${times.join(" ")}`;
    return `${folder}\n${layout.auditHead.readFresh()}`;
  }) ?? "";
}

/** Whether each marker that is made or removed from now on will show in the times of their folder. */
function mayRely(store: IndexSource): boolean {
  return ifUsable(() => {
    const { platform } = store.layout.plane;
    using ours = store.cacheFolder().open();
    using markers = store.layout.snapshots.open();
    return isSettled(platform, ours, markers);
  }) ?? false;
}

/** The markers there are, beside the rows of a table. */
interface Markers {
  /** For each row: GONE, or which marker there is. */
  readonly states: Uint8Array;
  /** The snapshots that have no row, and whether each is pruned. */
  readonly added: ReadonlyMap<string, boolean>;
}

const GONE = 0;
const IS_PRUNED = 1;
const IS_READY = 2;

function markersOf(table: SnapshotTable): Markers {
  const states = new Uint8Array(table.count);
  for (let row = 0; row < table.count; row++) states[row] = stateOf(table.isPruned(row));
  return { states, added: new Map() };
}

function listMarkers({ layout }: IndexSource, table: SnapshotTable): Markers {
  const states = new Uint8Array(table.count);
  const added = new Map<string, boolean>();
  eachMarker(layout.snapshots, (time, digits, isPruned) => {
    const row = table.findNumbers(time, digits);
    if (row !== -1) {
      states[row] = Math.max(states[row] as number, stateOf(isPruned)); // READY counts if both are there
      return;
    }
    const id = idText(time, digits);
    added.set(id, isPruned && added.get(id) !== false);
  });
  return { states, added };
}

function stateOf(isPruned: boolean): number {
  return isPruned ? IS_PRUNED : IS_READY;
}

/** The table with these markers: the same one if nothing changed. */
async function update(
  store: IndexSource,
  from: SnapshotTable,
  { states, added }: Markers,
  options: ReadOptions,
): Promise<SnapshotTable> {
  const kept = new Uint32Array(from.count);
  let length = 0;
  const ids = [...added];
  let isSame = added.size === 0;
  for (let row = 0; row < from.count; row++) {
    const state = states[row];
    isSame &&= state === stateOf(from.isPruned(row));
    if (state === GONE) continue;
    // What could not be read may be whole again by now.
    if (from.isUnread(row)) ids.push([from.id(row), state === IS_PRUNED]);
    else kept[length++] = row;
  }
  const rows = await readRows(store, ids.sort(([a], [b]) => a < b ? -1 : 1), options);
  isSame &&= rows.every(({ said }) => said === null);
  if (isSame) return from;
  const pruned = (row: number) => states[row] === IS_PRUNED;
  return changedTable(from, { kept: kept.subarray(0, length), pruned, added: rows });
}

async function readRows(
  { snapshots }: IndexSource,
  ids: readonly (readonly [id: string, pruned: boolean])[],
  { read, reporter, signal }: ReadOptions,
): Promise<Row[]> {
  if (ids.length >= MANY) {
    await loadSha256();
    reporter?.begin("reading the records of snapshots", { entries: ids.length });
  }
  const slice = new TimeSlice(signal);
  const rows: Row[] = [];
  for (const [id, pruned] of ids) {
    if (slice.isOver()) await slice.yield();
    const said = await snapshots.readable(id) ?? null;
    if (said !== null && ids.length - rows.length <= MOST_READ) read?.set(id, said);
    rows.push({ id, pruned, said: said && saidOf(said) });
    reporter?.advance(1, 0);
  }
  return rows;
}

/** The index of this host and user; undefined if there is none that can be used, or another user may have written it. */
async function load(store: IndexSource, repository: string): Promise<StoredTable | undefined> {
  const content = readCache(indexFile(store), MOST_BYTES);
  const stored = content && await readIndexFile(content);
  return stored?.repository === repository ? stored : undefined;
}

/** Whether a file among the caches is an index: the caller's, if it is whole and of this repository, or that of another user. */
export async function isSoundIndex(store: IndexSource, name: string): Promise<boolean> {
  if (!/^snapshots-\d+\.index$/.test(name)) return false;
  if (name !== indexFile(store).name) return true;
  const stored = await load(store, repositoryOf(store));
  return await stored?.table.readDetails().then(() => true, () => false) ?? false;
}

/** Nothing is said if it cannot be written: then the next reader reads more. */
async function save(store: IndexSource, stored: StoredTable): Promise<void> {
  await keepCache(store, (folder) => saveIndex(folder, indexFile(store).name, stored));
}

/** Each user has one of their own, because no user believes that of another. */
function indexFile({ layout }: IndexSource): ControlPath {
  const { id, uid } = layout.plane.platform.host;
  return layout.index(id, uid);
}
