import { FILE } from "../../model/entry.ts";
import { equalBytes } from "../../model/bytes.ts";
import { isJvsError } from "../../model/errors.ts";
import type { ShareSource } from "../../engine/contract.ts";
import { abilitiesOf } from "../../engine/engines.ts";
import { CHANGED, compareEntries } from "../../tree/diff.ts";
import { mergeTables } from "../../tree/merge_tables.ts";
import { settle } from "../../tree/scan_clock.ts";
import type { TreeTable } from "../../tree/table.ts";
import type { WorktreeContext } from "../change/kind.ts";
import type { Look } from "../look/look.ts";
import { isLeftOut } from "../payload/as_allowed.ts";

/** A snapshot whose payload can share files with a new one. */
export interface SnapshotToShare extends ShareSource {
  readonly snapshotId: string;
}

/**
 * Finds the newest payload of this worktree, and which of the files that `look` saw it holds unchanged: those can be
 * hard-linked from it. Undefined if there is none, or if it is damaged: then everything is cloned.
 */
export function shareWithNewest(change: WorktreeContext, look: Look): Promise<SnapshotToShare | undefined> {
  return unlessDamaged(async () => {
    const newest = await findNewest(change, look);
    if (newest === undefined) return undefined;
    const { snapshots } = change.store;
    const { snapshotId: id, table, isCached } = newest;
    // An engine that keeps modes makes writable payload files, and two payloads must not share such a file.
    const { engine } = await snapshots.descriptor(id);
    if (abilitiesOf(engine, change.store.platform).keepsModes) return undefined;
    const { count } = look.table;
    // The scan has matched the cache already.
    const match = isCached ? look.scan.knownAs.slice(0, count) : new Int32Array(count).fill(-1);
    await matchByContent(look, table, match);
    return { snapshotId: id, payload: snapshots.openPayload(id), table, match };
  });
}

/** The newest snapshot of this worktree, to tell what changed since; undefined if there is none, or if it is damaged. */
export function newestSnapshot(
  change: WorktreeContext,
  look: Look,
): Promise<Pick<SnapshotToShare, "snapshotId" | "table"> | undefined> {
  return unlessDamaged(() => findNewest(change, look));
}

/** Sharing only saves time and space. Verify and doctor report what is wrong with that snapshot. */
async function unlessDamaged<T>(find: () => Promise<T>): Promise<T | undefined> {
  try {
    return await find();
  } catch (error) {
    if (isJvsError(error, "E_DESCRIPTOR_CORRUPT", "E_NOT_FOUND", "E_IO", "E_PERMISSION")) return undefined;
    throw error;
  }
}

async function findNewest({ store, worktree }: WorktreeContext, look: Look) {
  const { cachedSnapshotId } = look;
  const candidates = [cachedSnapshotId, worktree.head_snapshot_id, worktree.latest_snapshot_id];
  const id = candidates.find((candidate) => candidate !== null && store.snapshots.exists(candidate)) ?? null;
  if (id === null) return undefined;
  // The cache is that snapshot's manifest.
  const cached = id === cachedSnapshotId ? look.cachedTable() : undefined;
  return {
    snapshotId: id,
    table: cached ?? await store.snapshots.manifest(id),
    isCached: cached !== undefined,
  };
}

/** Finds unchanged files that the cache does not know. It reads all that look the same: a copy takes space, a link none. */
async function matchByContent(look: Look, payload: TreeTable, match: Int32Array): Promise<void> {
  const now = look.table;
  const alike = await looksAlike(payload, now, match);
  const unread = [...alike.keys()].filter((j) => now.hashed[j] !== 1);
  // A later write gets another time, and then the capture is repeated.
  if (unread.length > 0 && look.clock !== undefined) await settle(now, look.clock);
  await look.hash(unread);
  for (const [j, i] of alike) {
    const before = payload.contentHash(i);
    const after = now.contentHash(j);
    if (before !== undefined && after !== undefined && equalBytes(before, after)) match[j] = i;
  }
  // A file that is cloned is hashed in the payload.
  for (const j of unread) if (match[j] === -1) now.hashed[j] = 0;
}

/** Files without a match whose manifest entry differs in no aspect: a shared inode has only one set of aspects. */
async function looksAlike(
  payload: TreeTable,
  now: TreeTable,
  match: Int32Array,
): Promise<Map<number, number>> {
  const alike = new Map<number, number>();
  if (!match.some((i, j) => i === -1 && now.type[j] === FILE)) return alike;
  await mergeTables(payload, now, (i, j) => {
    if (i === -1 || j === -1 || match[j] !== -1 || now.type[j] !== FILE || payload.type[i] !== FILE) return;
    if (isLeftOut(payload, i)) return;
    const differing = compareEntries(payload, i, now, j, { metadata: true });
    if ((differing & ~(CHANGED.hardlink | CHANGED.unknown)) === 0) alike.set(j, i);
  });
  return alike;
}
