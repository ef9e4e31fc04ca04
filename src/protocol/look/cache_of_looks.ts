import { phase } from "../../model/progress.ts";
import type { Folder } from "../../platform/platform.ts";
import { Stat } from "../../platform/stat.ts";
import { ifUsable } from "../../repo/cache_file.ts";
import type { ControlPath } from "../../repo/control_path.ts";
import { loadStatCache, saveStatCache, type StatCache } from "../../tree/stat_cache.ts";
import type { WorktreeContext } from "../change/kind.ts";
import type { RepositoryContext } from "../context.ts";

/** Where the cache of a worktree is. */
export function cacheFile({ store, worktree }: WorktreeContext): ControlPath {
  return store.layout.cache(store.platform.host.id, worktree.worktree_id);
}

/**
 * The cache in a file, of this tree or of any; undefined if it is missing or no file of ours. By a forged cache another user
 * could make unsaved work look saved: so where others may write it lies in the caller's own folder. With `share` workers can
 * see a large one.
 */
export function readStatCache(
  place: ControlPath,
  key?: string,
  { mostBytes = Infinity, share = false }: { readonly mostBytes?: number; readonly share?: boolean } = {},
): StatCache | undefined {
  return ifUsable(() => {
    using file = place.openFile("read");
    return Stat.ofFile(file).size > mostBytes ? undefined : loadStatCache(file, key, share);
  });
}

/** Writes the cache of a worktree. It may fail: the repository may be read-only, and then every look reads everything. */
export function writeStatCache(context: WorktreeContext, cache: Parameters<typeof saveStatCache>[2]): void {
  ifUsable(() => {
    using _phase = phase(context.reporter, "writing the cache");
    using folder = context.store.cacheFolder().open();
    saveStatCache(folder, cacheFile(context).name, cache);
  });
}

/** Names the folder that the cache is about: for a copy of it, or a folder that replaced it, the cache is wrong. */
export function cacheKey({ store }: RepositoryContext, root: Folder): string {
  const { file_system, inode } = store.worktrees.identify(root);
  return `${file_system} ${inode}`;
}
