import { FILE, LOST } from "../../model/entry.ts";
import { equalBytes } from "../../model/bytes.ts";
import { isJvsError } from "../../model/errors.ts";
import type { ShareSource } from "../../engine/contract.ts";
import { abilitiesOf } from "../../engine/engines.ts";
import type { Store } from "../../repo/store.ts";
import { CHANGED, compareEntries, mergeTables } from "../../tree/diff.ts";
import { settle } from "../../tree/scan_clock.ts";
import { at, type TreeTable } from "../../tree/table.ts";
import type { WorktreeContext } from "../change/kind.ts";
import type { Look } from "../look/look.ts";

/** A snapshot's payload and its manifest, to share files with. */
export interface SnapshotToShare extends ShareSource {
  readonly snapshotId: string;
}

/**
 * The newest payload of this worktree, and which of the files that `look` saw it holds unchanged, to be hard-linked
 * from it. Nothing where there is none, or where it is damaged: then everything is cloned.
 */
export async function shareWithNewest(
  change: WorktreeContext,
  look: Look,
): Promise<SnapshotToShare | undefined> {
  try {
    return await newestPayload(change, look);
  } catch (error) {
    // Sharing only saves time and space; what is wrong with that snapshot is verify's and doctor's to say.
    if (isJvsError(error, "E_DESCRIPTOR_CORRUPT", "E_NOT_FOUND", "E_IO", "E_PERMISSION")) return undefined;
    throw error;
  }
}

async function newestPayload(
  { store, worktree }: WorktreeContext,
  look: Look,
): Promise<SnapshotToShare | undefined> {
  const { known, scan } = look;
  const cached = known?.snapshotId ?? null;
  const candidates = [cached, worktree.head_snapshot_id, worktree.latest_snapshot_id];
  const id = candidates.find((candidate) => candidate !== null && store.snapshots.exists(candidate)) ?? null;
  if (id === null || !await isSharable(store, id)) return undefined;
  // The cache is that snapshot's manifest, and the scan has matched it already.
  const isCached = known !== undefined && id === cached;
  const table = isCached ? known.table : await store.snapshots.manifest(id);
  const match = isCached
    ? scan.knownAs.slice(0, look.table.count)
    : new Int32Array(look.table.count).fill(-1);
  await matchByContent(look, table, match);
  return { snapshotId: id, payload: store.snapshots.openPayload(id), table, match };
}

/** Payloads of engines that keep modes have writable files, which no other payload may have. */
async function isSharable({ platform, snapshots }: Store, id: string): Promise<boolean> {
  return !abilitiesOf((await snapshots.descriptor(id)).engine, platform).keepsModes;
}

/**
 * Finds files that the cache does not know and that are unchanged all the same: what looks as in the manifest is read in
 * the worktree, as a link takes no space and a copy of it does.
 */
async function matchByContent(look: Look, payload: TreeTable, match: Int32Array): Promise<void> {
  const now = look.table;
  const alike = looksAlike(payload, now, match);
  const unread = [...alike.keys()].filter((j) => now.hashed[j] !== 1);
  // What is written from now on has another time: then the capture is repeated.
  if (unread.length > 0 && look.clock !== undefined) await settle(now, look.clock);
  await look.hash(unread);
  for (const [j, i] of alike) {
    const before = payload.contentHash(i);
    const after = now.contentHash(j);
    if (before !== undefined && after !== undefined && equalBytes(before, after)) match[j] = i;
  }
  // What is cloned is hashed as the payload has it.
  for (const j of unread) if (match[j] === -1) now.hashed[j] = 0;
}

/**
 * Files without a match whose entry in the manifest differs in nothing that was seen of them. A shared inode has one set
 * of aspects, so all that a payload shows of a file must be the same.
 */
function looksAlike(payload: TreeTable, now: TreeTable, match: Int32Array): Map<number, number> {
  const alike = new Map<number, number>();
  if (!match.some((i, j) => i === -1 && now.type[j] === FILE)) return alike;
  mergeTables(payload, now, (i, j) => {
    if (i === -1 || j === -1 || match[j] !== -1 || now.type[j] !== FILE || payload.type[i] !== FILE) return;
    if ((at(payload.lost, i) & LOST.type) !== 0) return;
    const differing = compareEntries(payload, i, now, j, { metadata: true });
    if ((differing & ~(CHANGED.hardlink | CHANGED.unknown)) === 0) alike.set(j, i);
  });
  return alike;
}
