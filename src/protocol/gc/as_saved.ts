import { DIR, FILE } from "../../model/entry.ts";
import { ITSELF, keyOf } from "../../model/bytes.ts";
import { displayPath } from "../../model/path_text.ts";
import type { Folder } from "../../platform/platform.ts";
import { Stat } from "../../platform/stat.ts";
import { isSystemError, unlessFailed } from "../../platform/system_error.ts";
import { TimeSlice } from "../../platform/time_slice.ts";
import { closeFolder } from "../../tree/close_folders.ts";
import { OpenFolders } from "../../tree/open_folders.ts";
import { type TreeTable } from "../../tree/table.ts";
import { at } from "../../tree/columns.ts";

const OWNER_RIGHTS = 0o700;

/**
 * The path of something in a folder that is not in the manifest, or is of another kind or size; nothing if the folder holds only what was
 * saved, or a part of it. Where others may write, they may have put the work of somebody else in the place of a payload. So each folder is
 * closed before it is listed: then nothing comes after the look.
 */
export async function strangerIn(
  root: Folder,
  manifest: TreeTable,
  { caller, signal }: { readonly caller: number; readonly signal?: AbortSignal | undefined },
): Promise<string | undefined> {
  const children = childrenOf(manifest);
  using folders = new OpenFolders(root, manifest);
  const slice = new TimeSlice(signal);
  const stat = new Stat();
  const waiting = [0];
  for (let index = waiting.pop(); index !== undefined; index = waiting.pop()) {
    const folder = openToRead(folders, index, manifest);
    if (folder === undefined) return displayPath(manifest.path(index));
    if (!closeFolder(folder, caller)) return index === 0 ? "it" : displayPath(manifest.path(index));
    const names = folder.list();
    const known = children.get(index);
    for (let i = 0; i < names.count; i++) {
      if (slice.isOver()) await slice.yield();
      const name = names.name(i);
      if (!folder.stat(name, stat)) continue;
      const child = known?.get(keyOf(name));
      const isSame = child !== undefined && at(manifest.type, child) === stat.type &&
        (stat.type !== FILE || at(manifest.size, child) === stat.size);
      if (!isSame) {
        return displayPath(index === 0 ? name : manifest.path(index)) +
          (index === 0 ? "" : `/${displayPath(name)}`);
      }
      if (stat.type === DIR) waiting.push(child);
    }
  }
  return undefined;
}

function childrenOf(manifest: TreeTable): Map<number, Map<string, number>> {
  const children = new Map<number, Map<string, number>>();
  for (let i = 1; i < manifest.count; i++) {
    const parent = at(manifest.parent, i);
    const known = children.get(parent) ?? new Map<string, number>();
    children.set(parent, known.set(keyOf(manifest.name(i)), i));
  }
  return children;
}

/** Opens a folder that is about to be deleted; undefined if it is none, or cannot be read by any means. */
function openToRead(folders: OpenFolders, index: number, manifest: TreeTable): Folder | undefined {
  try {
    const folder = folders.get(index);
    const { mode } = Stat.ofFolder(folder);
    if ((mode & OWNER_RIGHTS) !== OWNER_RIGHTS) {
      unlessFailed(["EPERM", "EROFS"], () => folder.setMode(ITSELF, mode | OWNER_RIGHTS));
    }
    return folder;
  } catch (error) {
    if (!isSystemError(error, "EACCES", "ENOTDIR", "ELOOP", "ENOENT")) throw error;
    if (index === 0 || !isSystemError(error, "EACCES")) return undefined;
    // Its owner may not enter it either, as it was saved so.
    folders.get(at(manifest.parent, index)).setMode(manifest.name(index), OWNER_RIGHTS);
    return unlessFailed(["EACCES"], () => folders.get(index));
  }
}
