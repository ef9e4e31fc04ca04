import type { BytePath } from "../../model/bytes.ts";
import { DIR } from "../../model/entry.ts";
import type { Folder, Platform } from "../../platform/platform.ts";
import { inodeText } from "../../platform/stat.ts";
import { parentPath } from "../../tree/folders_by_path.ts";
import { type TreeTable } from "../../tree/table.ts";
import { at } from "../../tree/columns.ts";

/**
 * The folders of a worktree that other processes work in, have something open in, or watch, as far as we can see; without the
 * folders above them. Undefined where the system does not say.
 */
export function foldersInUse(platform: Platform, root: Folder, table: TreeTable): Set<number> | undefined {
  const places = platform.placesInUse(root);
  if (places === undefined) return undefined;
  const found = new Set(places.paths.map((path) => nearestFolder(table, path)));
  if (places.watched.size === 0) return found;
  for (let i = 0; i < table.count; i++) {
    if (table.type[i] !== DIR) continue;
    if (places.watched.has(inodeText(at(table.inoHi, i), at(table.inoLo, i)))) found.add(i);
  }
  return found;
}

/** The folder at a path, or the nearest one above it that the look saw. */
function nearestFolder(table: TreeTable, path: BytePath): number {
  for (let each = path;; each = parentPath(each)) {
    const i = table.find(each);
    if (i !== -1 && table.type[i] === DIR) return i;
  }
}
