import { FILE } from "../../model/entry.ts";
import { matchUnchanged } from "../../tree/match_unchanged.ts";
import type { Scan } from "../../tree/scan.ts";
import { CLEAN, NOT_CLEAN, YOUNG } from "../../tree/scan_clock.ts";
import { type TreeTable } from "../../tree/table.ts";
import { at } from "../../tree/columns.ts";
import type { WorktreeContext } from "../change/kind.ts";
import { readStatCache } from "./cache_of_looks.ts";

const OTHERS_MAY_READ = 0o044;
/** A cache by another member may be of any size; this is that of some hundred thousand files. */
const MOST_BYTES = 64 * 2 ** 20;

/**
 * Scans again with what the caches of other members know of files that the caller may not read, if there are such files: so
 * `status` can tell whether they are saved. Undefined if there is nothing to learn.
 */
export async function scanWithOthers(
  { store: { layout, platform: { host } }, worktree }: WorktreeContext,
  key: string,
  first: Scan,
  scanAgain: (known: TreeTable) => Promise<Scan>,
): Promise<Scan | undefined> {
  if (host.uid === 0 || !hasClosed(first, host.uid)) return undefined;
  let best: Scan | undefined;
  for (const { uid } of layout.userFolders()) {
    if (uid === host.uid) continue;
    const file = layout.cachesOf(uid, host.id).at(`${worktree.worktree_id}.stat`);
    const known = readStatCache(file, key, { mostBytes: MOST_BYTES })?.table;
    if (known === undefined) continue;
    forgetReadable(known, host.uid);
    const scan = await scanAgain(known);
    if (scan.unreadable.length < (best ?? first).unreadable.length || best === undefined) best = scan;
  }
  if (best !== undefined) await matchUnchanged(first.table, best.table); // the hashes that the caller's own cache had
  return best;
}

function hasClosed({ table, unreadable }: Scan, caller: number): boolean {
  if (unreadable.length > 0) return true;
  for (let i = 0; i < table.count; i++) {
    if (table.hashed[i] !== 1 && table.type[i] === FILE && isClosed(table, i, caller)) return true;
  }
  return false;
}

/** By a forged cache another member could make unsaved work look saved: so it counts only for what the caller may not read. */
function forgetReadable(table: TreeTable, caller: number): void {
  table.listed.fill(0);
  for (let i = 0; i < table.count; i++) {
    if (isClosed(table, i, caller)) {
      // Only the file's owner can store into it, and says more when that one looks again.
      if (table.clean[i] === YOUNG) table.clean[i] = CLEAN;
      continue;
    }
    table.clean[i] = NOT_CLEAN;
    table.hashed[i] = 0;
  }
}

function isClosed(table: TreeTable, i: number, caller: number): boolean {
  return table.uid[i] !== caller && (at(table.mode, i) & OTHERS_MAY_READ) === 0;
}
