import { removeClone } from "../../engine/engines.ts";
import { bytesOf } from "../../model/bytes.ts";
import { isJvsError } from "../../model/errors.ts";
import { nowMs } from "../../platform/clock.ts";
import type { Folder } from "../../platform/platform.ts";
import { Stat } from "../../platform/stat.ts";
import { isSystemError } from "../../platform/system_error.ts";
import { costsOf } from "../../repo/space_costs.ts";
import type { Store } from "../../repo/store.ts";
import type { RemoveTreeOptions } from "../../tree/remove_tree.ts";
import { isSetAside } from "../set_aside.ts";
import { listedName, listOf, removeList } from "../kept_lists.ts";
import { RemovedSpace } from "../space/removed_space.ts";

/**
 * Deletes what earlier restores replaced, once it was kept for long enough; never what was set aside for a person. Where others may write,
 * only what has a list of its folders: the rest may be somebody's work, and `doctor` names it. `freed` gets what comes free with each.
 */
export async function removeOldReplaced(
  store: Store,
  keepMs: number,
  freed?: (bytes: number) => void,
): Promise<void> {
  using replaced = store.layout.replaced.open();
  const costs = freed && costsOf(store.platform.fileSystem(replaced));
  const stat = new Stat();
  for (const name of store.layout.replaced.names()) {
    if (isSetAside(name)) continue;
    if (!replaced.stat(bytesOf(name), stat)) continue; // another restore has just removed it
    if (nowMs() - (stat.ctimeSec * 1000 + stat.ctimeNsec / 1e6) <= keepMs) continue;
    const space = costs && new RemovedSpace(costs);
    const seen: RemoveTreeOptions["seen"] = space && ((...entry) => space.see(...entry));
    try {
      await remove(store, replaced, name, seen);
      freed?.(Math.round(space?.bytes ?? 0));
    } catch (error) {
      // It belongs to another member, whose next restore removes it.
      if (!isSystemError(error, "EACCES", "EPERM")) throw error;
    }
  }
}

async function remove(
  store: Store,
  replaced: Folder,
  name: string,
  seen: RemoveTreeOptions["seen"],
): Promise<void> {
  const { layout, platform } = store;
  // Doctor may have put a worktree there that was being made.
  if (!layout.plane.isOpenToOthers) return await removeClone(platform, replaced, bytesOf(name), { seen });
  const listed = listedName(name);
  if (listed !== undefined) {
    if (!replaced.stat(bytesOf(listed), new Stat())) removeList(layout.replaced, listed);
    return;
  }
  const only = listOf(store, layout.replaced, name);
  if (only === undefined) return;
  try {
    await removeClone(platform, replaced, bytesOf(name), { only, seen });
  } catch (error) {
    // Something else came into it: that is said once, and from now on it is kept.
    if (isJvsError(error, "E_PERMISSION") && !isSystemError(error)) removeList(layout.replaced, name);
    throw error;
  }
  removeList(layout.replaced, name);
}

/** The paths of what lies there and is not deleted by itself: what was set aside, and where others may write, what has no list. */
export function keptFor({ layout }: Store): string[] {
  const names = layout.replaced.names();
  const pathOf = (name: string) => layout.replaced.at(name).path;
  if (!layout.plane.isOpenToOthers) return names.filter(isSetAside).sort().map(pathOf);
  const listed = new Set(names.map(listedName));
  const kept = names.filter((name) => listedName(name) === undefined && !listed.has(name)).sort();
  return [...kept.map(pathOf), ...layout.leftInPrivate().map(({ path }) => path)];
}
