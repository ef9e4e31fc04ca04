import type { Folder } from "../platform/platform.ts";
import { ifUsable, keepCache, readCache } from "./cache_file.ts";
import { readSealed, saveSealed } from "./column_file.ts";
import { placeOfPayloads } from "./place_of_payloads.ts";
import { placeOf, type ReadingsPlace } from "./readings_store.ts";

/** A sealed file (`column_file.ts`) that is only a head. Not among the readings: these are large, and go where they cannot be renewed. */
const DAMAGE = { magic: 0x4a565344, format: 1, mostHeadBytes: 2 ** 24 };

const MOST_BYTES = 2 ** 25;
/** So many characters of paths are kept in all; of a snapshot whose paths have no room all is read again. */
const MOST_PATHS = 2 ** 20;

/** What a verification found damaged in a snapshot. */
export interface NotedDamage {
  /** When, in milliseconds since 1970. Each finding has its own, so that none is taken for another. */
  readonly time: number;
  /** The class of the error. */
  readonly error: string;
  /** What is damaged, encoded; null if all of the snapshot is to be read again. */
  readonly paths: readonly string[] | null;
}

/** By the id of the snapshot. */
export type DamageOf = Map<string, NotedDamage>;

interface Head {
  readonly of: string;
  readonly damage: readonly (readonly [id: string, noted: NotedDamage])[];
}

/** What verifications of this user and host found damaged; nothing of a copy of the repository, or of snapshots that are gone or pruned. */
export async function storedDamage(store: ReadingsPlace): Promise<DamageOf> {
  const content = readCache(damageFile(store), MOST_BYTES);
  const read = content && await readSealed(content, DAMAGE, (head: Head) => head);
  if (read === undefined || read.of !== placeOf(store)) return new Map();
  return new Map(read.damage.filter(([id]) => store.snapshots.exists(id)));
}

/** Keeps it. Where it cannot be written, what was kept before stays: it is still damaged. The caller holds a lock. */
export async function keepDamage(store: ReadingsPlace, damage: DamageOf): Promise<void> {
  const file = damageFile(store);
  if (damage.size === 0) return ifUsable(() => void file.remove());
  const head: Head = { of: placeOfPayloads(store), damage: [...bounded(damage)] };
  await keepCache(store, (folder: Folder) => saveSealed(folder, file.name, DAMAGE, head, []));
}

/** Whether a file among the caches is such a memory: the caller's, if it is whole, or that of another user. */
export async function isSoundDamage(store: ReadingsPlace, name: string): Promise<boolean> {
  if (!isDamageFile(name)) return false;
  if (name !== damageFile(store).name) return true;
  const content = readCache(damageFile(store), MOST_BYTES);
  return content !== undefined && await readSealed(content, DAMAGE, () => true) === true;
}

/** Whether it has the name of one. */
export function isDamageFile(name: string): boolean {
  return /^damage-\d+$/.test(name);
}

function* bounded(damage: DamageOf): Generator<[id: string, noted: NotedDamage]> {
  let length = 0;
  for (const [id, noted] of damage) {
    const more = noted.paths?.reduce((sum, path) => sum + path.length, 0) ?? 0;
    const hasRoom = length + more <= MOST_PATHS;
    if (hasRoom) length += more;
    yield [id, hasRoom ? noted : { ...noted, paths: null }];
  }
}

function damageFile({ layout, platform }: Pick<ReadingsPlace, "layout" | "platform">) {
  return layout.damage(platform.host.id, platform.host.uid);
}
