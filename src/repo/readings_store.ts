import { unlessThrown } from "../model/errors.ts";
import { keepCache, readCache } from "./cache_file.ts";
import { readSealed, saveSealed } from "./column_file.ts";
import { isUnreadableRecord } from "./control_errors.ts";
import { placeOfPayloads } from "./place_of_payloads.ts";
import { Readings } from "./readings.ts";
import type { Store } from "./store.ts";

type ReadingsPlace = Pick<Store, "layout" | "platform" | "repoId" | "cacheFolder">;

/** A sealed file (`column_file.ts`): the snapshots are in its head, the columns are of the files. */
const READINGS = { magic: 0x4a565352, format: 1 };

/** No more than 8 million files are remembered. */
const MOST_BYTES = 2 ** 28;

interface Head {
  readonly of: string;
  readonly snapshots: readonly (readonly [id: string, time: number])[];
  readonly files: number;
}

/** What this user remembers on this host of the content that was read; nothing of a copy of the repository. */
export async function storedReadings(store: ReadingsPlace): Promise<Readings> {
  const content = readCache(readingsFile(store), MOST_BYTES);
  const read = content && await readSealed(content, READINGS, ({ of, snapshots, files }: Head, take) => {
    const [high, low, times] = [take(Uint32Array, files), take(Uint32Array, files), take(Uint32Array, files)];
    return { of, readings: Readings.of(snapshots, { high, low, times }) };
  });
  return read !== undefined && read.of === placeOf(store) ? read.readings : new Readings();
}

/**
 * Keeps what was read at `oldest` or later. Nothing is said if it cannot be written: then more is read again. Nothing is written into a
 * repository without `runtime/`, which is a copy that nobody has accepted yet.
 */
export async function keepReadings(store: ReadingsPlace, readings: Readings, oldest: number): Promise<void> {
  const { high, low, times } = readings.columnsSince(oldest);
  const of = placeOf(store);
  if (of === undefined || store.layout.runtimeFolders.some((folder) => !folder.isThere())) return;
  const snapshots = [...readings.snapshots].filter(([, time]) => time >= oldest);
  const head = { of, snapshots, files: times.length };
  await keepCache(store, (folder) => {
    return saveSealed(folder, readingsFile(store).name, READINGS, head satisfies Head, [high, low, times]);
  });
}

/** Whether a file among the caches is such a memory: the caller's, if it is whole, or that of another user. */
export async function isSoundReadings(store: ReadingsPlace, name: string): Promise<boolean> {
  if (!/^readings-\d+$/.test(name)) return false;
  if (name !== readingsFile(store).name) return true;
  const content = readCache(readingsFile(store), MOST_BYTES);
  return content !== undefined && await readSealed(content, READINGS, () => true) === true;
}

/** Nothing where the repository's id is damaged, which others report. */
function placeOf(store: ReadingsPlace): string | undefined {
  return unlessThrown(isUnreadableRecord, () => placeOfPayloads(store));
}

function readingsFile({ layout, platform }: Pick<Store, "layout" | "platform">) {
  return layout.readings(platform.host.id, platform.host.uid);
}
