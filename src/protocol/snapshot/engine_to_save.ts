import type { Engine } from "../../engine/contract.ts";
import type { BytePath } from "../../model/bytes.ts";
import { DIR, FILE } from "../../model/entry.ts";
import { Stat } from "../../platform/stat.ts";
import { isSystemError } from "../../platform/system_error.ts";
import { TimeSlice } from "../../platform/time_slice.ts";
import { FoldersByPath, lastName, parentPath } from "../../tree/folders_by_path.ts";
import { isReadable } from "../../tree/unreadable.ts";
import type { WorktreeContext } from "../change/kind.ts";
import { engineFor } from "../engine_for.ts";
import type { Look } from "../look/look.ts";

/**
 * The engine for a snapshot. A clone of the whole tree can hold all of it, so an engine that can leave out is taken where
 * - something may not be read, and is to be left out: the user may not remove it from the clone either;
 * - so much is left out (ignored, or in a nested repository) that to remove it from each clone takes longer than to clone
 *   the rest.
 */
export async function engineToSave(
  change: WorktreeContext,
  look: Look,
  { probed, skipUnreadable }: { readonly probed?: Engine | undefined; readonly skipUnreadable: boolean },
): Promise<Engine> {
  const engine = probed ?? (await engineFor(change, { source: look.root })).engine;
  if (engine.abilities.leavesOut) return engine;
  const isForced = (change.engine ?? change.store.config.get("engine")) !== "auto";
  const mustNot = skipUnreadable && hidesSomething(look);
  if (!mustNot && (isForced || !await ignoresMuch(look))) return engine;
  return (await engineFor(change, { source: look.root, needs: { leavesOut: true } })).engine;
}

/** Whether the user may not read something in the worktree. */
function hidesSomething({ root, scan, table }: Look): boolean {
  if (scan.unreadable.length > 0) return true;
  using folders = new FoldersByPath(root);
  for (let i = 0; i < table.count; i++) {
    // A hash says that it was read.
    if (table.type[i] === FILE && table.hashed[i] !== 1 && !isReadable(folders, table.path(i))) return true;
  }
  return false;
}

/** To remove an ignored entry takes about four times as long as to clone one. A few take no time worth speaking of. */
const MUCH = 1 / 4;
const FEW = 1000;

/** Whether much of what is in the worktree is left out. What is in a nested subvolume or mount is not cloned anyway. */
async function ignoresMuch({ context, root, scan, table }: Look): Promise<boolean> {
  const most = Math.max(FEW, table.count * MUCH);
  const slice = new TimeSlice(context.signal);
  using folders = new FoldersByPath(root);
  const nested = [...scan.boundaries].filter(([, kind]) => kind === "nested_repository");
  const waiting = [...scan.ignored, ...nested.map(([index]) => table.path(index))];
  for (let count = 0; waiting.length > 0;) {
    if (++count + waiting.length > most) return true;
    if (slice.isOver()) await slice.yield();
    for (const path of entriesOf(folders, waiting.pop() as BytePath)) waiting.push(path);
  }
  return false;
}

/** What is in a folder. Nothing is in what is no folder, gone or closed. */
function entriesOf(folders: FoldersByPath, path: BytePath): BytePath[] {
  try {
    const stat = new Stat();
    if (!folders.get(parentPath(path)).stat(lastName(path), stat) || stat.type !== DIR) return [];
    const names = folders.get(path).list();
    return Array.from({ length: names.count }, (_, i) => joined(path, names.name(i)));
  } catch (error) {
    if (isSystemError(error)) return [];
    throw error;
  }
}

function joined(folder: BytePath, name: Uint8Array): BytePath {
  const path = new Uint8Array(folder.length + 1 + name.length);
  path.set(folder);
  path[folder.length] = 0x2f;
  path.set(name, folder.length + 1);
  return path;
}
