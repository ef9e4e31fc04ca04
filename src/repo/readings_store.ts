import { Stat } from "../platform/stat.ts";
import { unlessThrown } from "../model/errors.ts";
import { ifUsable, keepCache, readCache } from "./cache_file.ts";
import { readSealed, saveSealed } from "./column_file.ts";
import { isUnreadableRecord } from "./control_errors.ts";
import type { ControlPath } from "./control_path.ts";
import { placeOfPayloads } from "./place_of_payloads.ts";
import { Readings, type SnapshotReading } from "./readings.ts";
import type { Store } from "./store.ts";

/** What tells where such memories are, and of what. */
export type ReadingsPlace = Pick<Store, "layout" | "platform" | "repoId" | "cacheFolder" | "snapshots">;

/** A sealed file (`column_file.ts`): the snapshots are in its head, the columns are of the files. */
const READINGS = { magic: 0x4a565352, format: 1, mostHeadBytes: 2 ** 25 };

/** No more than 8 million files are remembered, and 100,000 snapshots. */
const MOST_BYTES = 2 ** 28;

interface Head {
  readonly of: string;
  readonly snapshots: readonly (readonly [id: string, reading: SnapshotReading])[];
  readonly sources: readonly string[];
  readonly files: number;
  readonly damaged: number;
}

/** What is remembered. */
export interface StoredReadings {
  readonly readings: Readings;
  /** When damage was found last, in seconds since 1970: what a run read that began before says nothing. 0 if never. */
  readonly damaged: number;
}

/** What this user remembers on this host of the content that was read; nothing of a copy of the repository, or of snapshots that are gone. */
export async function storedReadings(store: ReadingsPlace): Promise<StoredReadings> {
  const content = readCache(readingsFile(store), MOST_BYTES);
  const there = new Set(store.snapshots.list());
  const read = content &&
    await readSealed(content, READINGS, ({ of, snapshots, sources, files, damaged }: Head, take) => {
      const column = () => take(Uint32Array, files);
      const columns = { high: column(), low: column(), times: column(), sources: column() };
      return { of, damaged, readings: Readings.of(snapshots, columns, sources, (id) => there.has(id)) };
    });
  const isOurs = read !== undefined && read.of === placeOf(store);
  return isOurs ? read : { readings: new Readings(), damaged: 0 };
}

/**
 * Whether anything is kept at all: not in a repository without `runtime/`, which is a copy that nobody has accepted yet, and not by root in
 * that of a user, who could not replace it.
 */
export function mayKeepReadings(store: ReadingsPlace): boolean {
  const { control, plane, runtimeFolders } = store.layout;
  const stat = new Stat();
  const isForeign = !plane.isOpenToOthers && control.stat(stat) && stat.uid !== plane.owners.caller.uid;
  return !isForeign && placeOf(store) !== undefined && runtimeFolders.every((folder) => folder.isThere());
}

/**
 * Keeps what was read at `oldest` or later. If it cannot be written, what was kept before goes: it may be wrong by now, and without it more is
 * read again. The caller holds a lock.
 */
export async function keepReadings(
  store: ReadingsPlace,
  { readings, damaged }: StoredReadings,
  oldest: number,
): Promise<void> {
  const of = placeOfPayloads(store);
  const { high, low, times, sources } = readings.columnsSince(oldest);
  const snapshots = [...readings.snapshots].filter(([, { time }]) => time >= oldest);
  const head = { of, snapshots, sources: readings.sourcesOfFiles, files: times.length, damaged };
  const columns = [high, low, times, sources];
  const isKept = await keepCache(store, (folder) => {
    return saveSealed(folder, readingsFile(store).name, READINGS, head satisfies Head, columns);
  });
  if (!isKept) dropReadings(store);
}

/** Removes what is remembered, if it can be removed. */
export function dropReadings(store: ReadingsPlace): void {
  ifUsable(() => readingsFile(store).remove());
}

/** Whether a file among the caches is such a memory: the caller's, if it is whole, or that of another user. */
export async function isSoundReadings(store: ReadingsPlace, name: string): Promise<boolean> {
  if (!/^readings-\d+$/.test(name)) return false;
  if (name !== readingsFile(store).name) return true;
  const content = readCache(readingsFile(store), MOST_BYTES);
  return content !== undefined && await readSealed(content, READINGS, () => true) === true;
}

/** Locked while what is remembered is written. */
export function readingsLock(store: Pick<Store, "cacheFolder">): ControlPath {
  return store.cacheFolder().parent.at("readings-lock");
}

/** Of which payloads something is remembered; nothing where the repository's id is damaged, which others report. */
export function placeOf(store: ReadingsPlace): string | undefined {
  return unlessThrown(isUnreadableRecord, () => placeOfPayloads(store));
}

function readingsFile({ layout, platform }: Pick<Store, "layout" | "platform">) {
  return layout.readings(platform.host.id, platform.host.uid);
}
