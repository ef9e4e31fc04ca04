import { FILE, LOST } from "../../model/entry.ts";
import { equalBytes } from "../../model/bytes.ts";
import { isJvsError } from "../../model/errors.ts";
import type { ShareSource } from "../../engine/contract.ts";
import { abilitiesOf } from "../../engine/engines.ts";
import type { Store } from "../../repo/store.ts";
import { CHANGED, compareEntries, mergeTables } from "../../tree/diff.ts";
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
  const { known } = look;
  if (known !== undefined && known.snapshotId !== null && await isSharable(store, known.snapshotId)) {
    // The cache is that snapshot's manifest, and the scan has matched it already.
    const payload = store.snapshots.openPayload(known.snapshotId);
    return { snapshotId: known.snapshotId, payload, table: known.table, match: look.scan.knownAs };
  }
  const candidates = [worktree.head_snapshot_id, worktree.latest_snapshot_id];
  const id = candidates.find((candidate) => candidate !== null && store.snapshots.exists(candidate));
  if (id === undefined || id === null || !await isSharable(store, id)) return undefined;
  const table = await store.snapshots.manifest(id);
  const match = matchUnchanged(table, look.table);
  return { snapshotId: id, payload: store.snapshots.openPayload(id), table, match };
}

/** Payloads of engines that keep modes have writable files, which no other payload may have. */
async function isSharable({ platform, snapshots }: Store, id: string): Promise<boolean> {
  return snapshots.exists(id) && !abilitiesOf((await snapshots.descriptor(id)).engine, platform).keepsModes;
}

/** A shared inode has one set of aspects, so all that a payload shows of a file must be the same. */
function matchUnchanged(payload: TreeTable, now: TreeTable): Int32Array {
  const match = new Int32Array(now.count).fill(-1);
  mergeTables(payload, now, (i, j) => {
    if (i === -1 || j === -1 || now.type[j] !== FILE || payload.type[i] !== FILE) return;
    const before = payload.contentHash(i);
    const after = now.contentHash(j);
    if (before === undefined || after === undefined || !equalBytes(before, after)) return;
    if ((at(payload.lost, i) & LOST.type) !== 0) return;
    const differing = compareEntries(payload, i, now, j, { metadata: true });
    if ((differing & ~CHANGED.hardlink) === 0) match[j] = i;
  });
  return match;
}
