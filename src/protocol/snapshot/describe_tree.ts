import { phase } from "../../model/progress.ts";
import { DIR, FILE, SYMLINK } from "../../model/entry.ts";
import { isJvsError } from "../../model/errors.ts";
import type { Descriptor, Stats } from "../../model/records.ts";
import { CHANGED, compareEntries } from "../../tree/diff.ts";
import { mergeTables } from "../../tree/merge_tables.ts";
import { repeatManifest, writeManifest } from "../../tree/manifest.ts";
import { payloadRootHash } from "../../tree/root_hash.ts";
import { sameTable } from "../../tree/match_unchanged.ts";
import { NONE, TreeTable } from "../../tree/table.ts";
import { at } from "../../tree/columns.ts";
import type { WorktreeContext } from "../change/kind.ts";
import type { Capture } from "./capture.ts";

/** What a descriptor says of a snapshot's tree. */
type TreeDescription = Pick<Descriptor, "stats" | "payload_root_hash" | "manifest_hash">;

/** Writes the manifest of a captured tree, and returns what the descriptor says of the tree. */
export async function describeTree(
  change: WorktreeContext,
  id: string,
  captured: Pick<Capture, "earlier" | "table">,
): Promise<TreeDescription> {
  const { store, worktree } = change;
  const { earlier, table } = captured;
  using _phase = phase(change.reporter, "writing the manifest");
  const repeated = await describeAsBefore(change, id, captured);
  if (repeated !== undefined) return repeated;
  const rootHash = await payloadRootHash(table);
  using manifests = store.layout.manifests.open();
  const { hash } = await writeManifest(manifests, id, table, worktree.head_snapshot_id);
  return {
    stats: statsOf(table, await changedBytes(earlier?.table, table)),
    payload_root_hash: { algo: "sha256", value: rootHash },
    manifest_hash: { algo: "sha256", value: hash },
  };
}

/** Repeats the description of the earlier snapshot if it has the same tree; undefined if it has not, or is damaged. */
async function describeAsBefore(
  { store }: WorktreeContext,
  id: string,
  { earlier, table }: Pick<Capture, "earlier" | "table">,
): Promise<TreeDescription | undefined> {
  if (earlier === undefined || !sameTable(earlier.table, table)) return undefined;
  try {
    const { payload_root_hash, manifest_hash } = await store.snapshots.descriptor(earlier.snapshotId);
    if (payload_root_hash === null) return undefined;
    const of = { id: earlier.snapshotId, expectedHash: manifest_hash.value };
    using manifests = store.layout.manifests.open();
    const { hash } = await repeatManifest(manifests, id, of);
    return { stats: statsOf(table, 0), payload_root_hash, manifest_hash: { algo: "sha256", value: hash } };
  } catch (error) {
    // Verify and doctor report what is wrong with that snapshot.
    if (isJvsError(error, "E_DESCRIPTOR_CORRUPT", "E_NOT_FOUND", "E_FORMAT_UNSUPPORTED")) return undefined;
    throw error;
  }
}

/** What a descriptor counts of a tree, of which `changed` bytes are new. */
function statsOf(table: TreeTable, changed: number): Stats {
  const stats = { files: 0, directories: 0, symlinks: 0, other: 0, bytes: 0, changed_bytes: changed };
  for (let i = 1; i < table.count; i++) {
    const type = at(table.type, i);
    if (type === FILE) {
      stats.files++;
      stats.bytes += at(table.size, i);
    } else if (type === DIR) stats.directories++;
    else if (type === SYMLINK) stats.symlinks++;
    else stats.other++;
  }
  return stats;
}

const CONTENT = CHANGED.type | CHANGED.content | CHANGED.unknown;

/** The bytes of files that are new or have other content than in an earlier tree; without one, of all files. */
export async function changedBytes(before: TreeTable | undefined, now: TreeTable): Promise<number> {
  let bytes = 0;
  const earlier = before ?? new TreeTable(0);
  await mergeTables(earlier, now, (i, j) => {
    if (j === -1 || (i !== -1 && (compareEntries(earlier, i, now, j) & CONTENT) === 0)) return;
    const group = at(now.linkGroup, j);
    const isFurtherName = group !== NONE && group !== j;
    if (now.type[j] === FILE && !isFurtherName) bytes += at(now.size, j);
  });
  return bytes;
}
