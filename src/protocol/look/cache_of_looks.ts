import { unlessThrown } from "../../model/errors.ts";
import { type Folder, Stat } from "../../platform/platform.ts";
import { isSystemError } from "../../platform/system_error.ts";
import { RefusedPath } from "../../repo/control_errors.ts";
import type { ControlPath } from "../../repo/control_path.ts";
import type { Owners } from "../../repo/owners.ts";
import { loadStatCache, type StatCache } from "../../tree/stat_cache.ts";
import { at, type TreeTable } from "../../tree/table.ts";
import type { WorktreeContext } from "../change/kind.ts";
import type { RepositoryContext } from "../context.ts";

/** Where the cache of a worktree is. */
export function cacheFile({ store, worktree }: WorktreeContext): ControlPath {
  return store.layout.cache(store.platform.host.id, worktree.worktree_id);
}

/** A cache by another member may be of any size; this is that of some hundred thousand files. */
const MOST_OF_OTHERS = 64 * 2 ** 20;

/**
 * The cache in a file, of this tree or of any; undefined if it is missing, no file of ours, or must not be trusted. With `share`
 * workers can see a large one.
 */
export function readStatCache(
  place: ControlPath,
  owners: Owners,
  key?: string,
  share = false,
): StatCache | undefined {
  return unlessThrown(isRefusedCache, () => {
    using file = place.openFile("read");
    const maker = Stat.ofFile(file);
    const isOwn = owners.isTrustedMaker(maker);
    if (!isOwn && maker.size > MOST_OF_OTHERS) return undefined;
    const cache = loadStatCache(file, key, share);
    if (cache === undefined || isOwn) return cache;
    forgetReadable(cache.table, owners.caller.uid);
    return { ...cache, since: null, snapshotId: null, savedAs: null };
  });
}

/**
 * By a forged cache another member could make unsaved work look saved. So their caches count only for what the caller may not
 * read: files of others that are closed to all.
 */
function forgetReadable(table: TreeTable, caller: number): void {
  table.listed.fill(0);
  for (let i = 0; i < table.count; i++) {
    if (caller !== 0 && table.uid[i] !== caller && (at(table.mode, i) & 0o044) === 0) continue;
    table.clean[i] = 0;
    table.hashed[i] = 0;
  }
}

/** Whether an error says only that there is no cache to be had, or to be written. */
export function isRefusedCache(error: unknown): boolean {
  return isSystemError(error) || error instanceof RefusedPath;
}

/** Names the folder that the cache is about: for a copy of it, or a folder that replaced it, the cache is wrong. */
export function cacheKey({ store }: RepositoryContext, root: Folder): string {
  const { file_system, inode } = store.worktrees.identify(root);
  return `${file_system} ${inode}`;
}
