import { FILE } from "../../model/entry.ts";
import { equalBytes } from "../../model/bytes.ts";
import { isJvsError } from "../../model/errors.ts";
import type { ShareSource } from "../../engine/contract.ts";
import { abilitiesOf } from "../../engine/engines.ts";
import { CHANGED, compareEntries } from "../../tree/diff.ts";
import { mergeTables } from "../../tree/merge_tables.ts";
import { settle } from "../../tree/scan_clock.ts";
import { isUnreadableRecord } from "../../repo/control_errors.ts";
import type { TreeTable } from "../../tree/table.ts";
import type { WorktreeContext } from "../change/kind.ts";
import type { Look } from "../look/look.ts";
import { isLeftOut } from "../payload/as_allowed.ts";

/** A snapshot and its tree. */
export interface EarlierSnapshot {
  readonly snapshotId: string;
  readonly table: TreeTable;
}

/** A snapshot whose payload can share files with a new one. */
export type SnapshotToShare = EarlierSnapshot & ShareSource;

/** A snapshot that is not collected until the end of `using`. */
export interface UsedSnapshot extends Disposable {
  readonly id: string;
}

/**
 * The newest snapshot of this worktree whose content is there, in use: the new one shares files and blocks of the manifest with it. Undefined if
 * there is none. Blocks of the head are shared too; as long as the worktree is locked, its record protects that.
 */
export async function useNewest(
  { signal, store: { snapshots }, worktree }: WorktreeContext,
  look: Look,
): Promise<UsedSnapshot | undefined> {
  const candidates = [look.cachedSnapshotId, worktree.head_snapshot_id, worktree.latest_snapshot_id];
  for (const id of new Set(candidates)) {
    if (id === null || !snapshots.exists(id)) continue;
    const used = await unlessDamaged(() => snapshots.use(id, { signal, action: "share with" }));
    if (used !== undefined) return { id, [Symbol.dispose]: () => used[Symbol.dispose]() };
  }
  return undefined;
}

/**
 * Finds which of the files that `look` saw this snapshot holds unchanged: those can be hard-linked from it. Undefined if
 * it is damaged: then everything is cloned. The caller uses it.
 */
export async function shareWith(
  id: string,
  change: WorktreeContext,
  look: Look,
): Promise<SnapshotToShare | undefined> {
  return await unlessDamaged(() => payloadToShare(id, change, look));
}

/** A snapshot and its tree, to describe a new one by what changed. Undefined as above. */
export async function earlierSnapshot(
  id: string,
  { store }: WorktreeContext,
  look: Look,
): Promise<EarlierSnapshot | undefined> {
  return await unlessDamaged(async () => ({
    snapshotId: id,
    table: cachedTable(look, id) ?? await store.snapshots.manifest(id),
  }));
}

/** An earlier snapshot only saves time and space. Verify and doctor report what is wrong with it. */
async function unlessDamaged<T>(find: () => Promise<T | undefined>): Promise<T | undefined> {
  try {
    return await find();
  } catch (error) {
    if (isUnreadableRecord(error) || isJvsError(error, "E_NOT_FOUND", "E_IO", "E_PERMISSION")) {
      return undefined;
    }
    throw error;
  }
}

/** The cache is the manifest of a snapshot, and the scan has matched it already. */
function cachedTable(look: Look, id: string): TreeTable | undefined {
  return id === look.cachedSnapshotId ? look.cachedTable() : undefined;
}

async function payloadToShare(
  id: string,
  { store }: WorktreeContext,
  look: Look,
): Promise<SnapshotToShare | undefined> {
  const { scan } = look;
  // An engine that keeps modes makes writable payload files, and two payloads must not share such a file.
  if (abilitiesOf((await store.snapshots.descriptor(id)).engine, store.platform).keepsModes) return undefined;
  const cached = cachedTable(look, id);
  const table = cached ?? await store.snapshots.manifest(id);
  const match = cached ? scan.knownAs.slice(0, look.table.count) : new Int32Array(look.table.count).fill(-1);
  await matchByContent(look, table, match);
  return { snapshotId: id, payload: store.snapshots.openPayload(id), table, match };
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
