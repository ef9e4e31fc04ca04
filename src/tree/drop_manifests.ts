import { bytesOf, textOf } from "../model/bytes.ts";
import { isSnapshotId } from "../model/ids.ts";
import type { Folder } from "../platform/platform.ts";
import { Stat } from "../platform/stat.ts";
import { isSystemError, unlessFailed } from "../platform/system_error.ts";
import { isTemporaryName } from "../platform/temporary_file.ts";
import { throwIfCancelled, TimeSlice } from "../platform/time_slice.ts";
import { Damage } from "./byte_stream.ts";
import { readIndex } from "./manifest.ts";
import { packsNamedIn } from "./manifest_index.ts";
import { packName } from "./manifest_packs.ts";
import { PackInUse } from "./sparse_pack.ts";

/** The list of packs of an index is always in so many bytes at its beginning: it has 64 at most. */
const BEGINNING = 2048;
/** The most bytes of indexes that are read to find what of a pack is in use: a second of work. */
const MOST_READ = 256 * 1024 * 1024;

/** How to drop manifests. */
export interface DropOptions {
  /**
   * Packs may be written again. Not where another host may read them: who has a file open that is replaced on a JuiceFS volume or over
   * NFS may get an error. True by default.
   */
  readonly mayReplace?: boolean;
  /** Stops with `E_INTERRUPTED`; a call with the same ids goes on. */
  readonly signal?: AbortSignal | undefined;
}

/** What became of it. */
export interface DroppedManifests {
  /** How many bytes came free. */
  readonly freed: number;
  /** The indexes that cannot be read. They may name any pack, so if there are some, every pack stayed as it was. */
  readonly unreadable: readonly string[];
}

/**
 * Removes the manifests of snapshots that are gone: their indexes, the packs that no index names any more, and of a pack that
 * an index still names what no index uses, if that is most of it. docs/design/manifest-blocks.md.
 *
 * The snapshots have no marker any more, so no process reads these manifests, and only one process at a time may call this. Ids of which nothing but a pack is left may
 * be among them. A call that was interrupted is repeated with the same ids: the indexes go last, because they say which packs to look at.
 */
export async function dropManifests(
  folder: Folder,
  gone: ReadonlySet<string>,
  { mayReplace = true, signal }: DropOptions = {},
): Promise<DroppedManifests> {
  const users = await PackUsers.find(folder, gone, signal);
  const shrinkable = mayReplace ? await users.mostlyUnused(signal) : [];
  const { unreadable } = users;
  let freed = 0;
  if (unreadable.length === 0) {
    for (const id of users.unused()) freed += remove(folder, packName(id));
    for (const pack of shrinkable) {
      const shrunk = await shrink(pack, folder, signal);
      if (shrunk === 0) break; // no holes here, or no room: the others would end in the same way
      freed += shrunk;
    }
    folder.sync(); // the packs, before the indexes that would lead to them again
  }
  for (const name of users.remains()) freed += remove(folder, name);
  for (const id of gone) freed += remove(folder, id);
  folder.sync();
  return { freed, unreadable };
}

/** Removes a file and returns how many bytes it took; 0 if there is none. */
function remove(folder: Folder, name: string): number {
  const bytes = unlessFailed(["ENOENT"], () => {
    using file = folder.openFile(bytesOf(name), "read");
    return file.dataBytes();
  });
  if (bytes === undefined) return 0;
  folder.removeFile(bytesOf(name));
  return bytes;
}

/** A pack that cannot be written again, such as on a full disk, stays as it is: it only takes space. */
async function shrink(pack: PackInUse, folder: Folder, signal: AbortSignal | undefined): Promise<number> {
  try {
    return await pack.shrink(folder, signal);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return 0;
  }
}

/** Which indexes that stay name the packs that those of gone snapshots owned or named. */
class PackUsers {
  readonly unreadable: string[] = [];
  /** The indexes by the pack. */
  private readonly users: Map<string, Set<string>>;

  private constructor(
    private readonly folder: Folder,
    private readonly gone: ReadonlySet<string>,
    private readonly names: ReadonlySet<string>,
  ) {
    this.users = new Map([...gone].filter((id) => names.has(packName(id))).map((id) => [id, new Set()]));
  }

  /** Reads the beginning of every index in the folder: also those of pruned snapshots, and of those that are being made. */
  static async find(
    folder: Folder,
    gone: ReadonlySet<string>,
    signal: AbortSignal | undefined,
  ): Promise<PackUsers> {
    const listing = folder.list();
    const names = new Set(Array.from({ length: listing.count }, (_, i) => textOf(listing.name(i))));
    const found = new PackUsers(folder, gone, names);
    const beginning = new Uint8Array(BEGINNING);
    // What an index that is gone named, if it can still be read, may have no other user.
    for (const id of gone) {
      const packs = names.has(id) ? packsOf(folder, id, beginning) : [];
      for (const pack of packs ?? []) if (names.has(packName(pack))) found.users.set(pack, new Set());
    }
    const slice = new TimeSlice(signal);
    for (const id of names) {
      if (!isSnapshotId(id) || gone.has(id)) continue;
      const packs = packsOf(folder, id, beginning);
      // A damaged list would name some pack that is not there.
      if (packs?.every((pack) => found.isThere(packName(pack))) !== true) found.unreadable.push(id);
      for (const pack of packs ?? []) found.users.get(pack)?.add(id);
      if (slice.isOver()) await slice.yield();
    }
    return found;
  }

  /** The packs that no index names any more. */
  unused(): string[] {
    return [...this.users].filter(([, ids]) => ids.size === 0).map(([pack]) => pack);
  }

  /**
   * The packs of which indexes still use only little. The newest index, and then the oldest, tell most; where half of a pack
   * is in use, no other index of it is read.
   */
  async mostlyUnused(signal: AbortSignal | undefined): Promise<PackInUse[]> {
    const { folder, unreadable, users } = this;
    const open = new Map<string, PackInUse>();
    for (const [pack, ids] of users) if (ids.size > 0) open.set(pack, PackInUse.open(folder, pack));
    const keepOpen = () => open.forEach((pack, id) => pack.isMostlyUnused || open.delete(id));
    keepOpen();
    let read = 0;
    for (
      const id of newestAndOldestFirst(
        new Set([...open.keys()].flatMap((pack) => [...users.get(pack) ?? []])),
      )
    ) {
      throwIfCancelled(signal);
      if (![...open.keys()].some((pack) => users.get(pack)?.has(id))) continue;
      try {
        read += sizeOf(folder, id);
        if (read > MOST_READ) return [];
        for (const { pack, offset, length } of (await readIndex(folder, id)).blocks) {
          open.get(pack)?.add(offset, length);
        }
      } catch (error) {
        if (!isSystemError(error) && !(error instanceof Damage)) throw error;
        unreadable.push(id);
        return [];
      }
      keepOpen();
    }
    return [...open.values()];
  }

  /** What interrupted calls left of files that this one writes. */
  remains(): string[] {
    const beginnings = [...this.users.keys()].map((pack) => `.${packName(pack)}.`);
    const isOurs = (name: string) =>
      isTemporaryName(name) && beginnings.some((each) => name.startsWith(each));
    return [...this.names].filter(isOurs);
  }

  /** The listing may be older than a pack that is being made. */
  private isThere(name: string): boolean {
    return this.names.has(name) || this.folder.stat(bytesOf(name), new Stat());
  }
}

/** The packs that an index names; undefined if it cannot be read, none if it is not there any more. */
function packsOf(folder: Folder, id: string, beginning: Uint8Array): readonly string[] | undefined {
  try {
    using file = folder.openFile(bytesOf(id), "read");
    return packsNamedIn(beginning.subarray(0, file.readAt(beginning, 0)));
  } catch (error) {
    if (isSystemError(error, "ENOENT")) return [];
    if (isSystemError(error) || error instanceof Damage) return undefined;
    throw error;
  }
}

function sizeOf(folder: Folder, id: string): number {
  const stat = new Stat();
  return folder.stat(bytesOf(id), stat) ? stat.size : 0;
}

function newestAndOldestFirst(ids: ReadonlySet<string>): string[] {
  const [newest, ...others] = [...ids].sort().reverse();
  const oldest = others.pop();
  return [newest, oldest, ...others].filter((id) => id !== undefined);
}
