import { isJvsError } from "../../model/errors.ts";
import { repeatManifest, writeManifest } from "../../tree/manifest.ts";
import { payloadRootHash } from "../../tree/root_hash.ts";
import { sameTable } from "../../tree/same_table.ts";
import type { Capture } from "./capture.ts";
import type { WorktreeContext } from "../change/kind.ts";

/** What a descriptor says of a snapshot's tree. */
interface TreeDescription {
  readonly rootHash: string;
  readonly manifestHash: string;
  /** Whether it is the same tree as in the snapshot before. */
  readonly isRepeated: boolean;
}

/** Writes the manifest of a captured tree, and returns both hashes. */
export async function describeTree(
  change: WorktreeContext,
  id: string,
  captured: Capture,
): Promise<TreeDescription> {
  const { store, worktree } = change;
  const repeated = await describeAsBefore(change, id, captured);
  if (repeated !== undefined) return repeated;
  const rootHash = await payloadRootHash(captured.table);
  const parent = worktree.head_snapshot_id;
  using manifests = store.layout.manifests.open();
  const { hash } = await writeManifest(manifests, id, captured.table, parent);
  return { rootHash, manifestHash: hash, isRepeated: false };
}

/** Repeats the description of the earlier snapshot if it has the same tree; undefined if it has not, or is damaged. */
async function describeAsBefore(
  { store }: WorktreeContext,
  id: string,
  { earlier, table }: Capture,
): Promise<TreeDescription | undefined> {
  if (earlier === undefined || !sameTable(earlier.table, table)) return undefined;
  try {
    const { payload_root_hash, manifest_hash } = await store.snapshots.descriptor(earlier.snapshotId);
    if (payload_root_hash === null) return undefined;
    const of = { id: earlier.snapshotId, expectedHash: manifest_hash.value };
    using manifests = store.layout.manifests.open();
    const { hash } = await repeatManifest(manifests, id, of);
    return { rootHash: payload_root_hash.value, manifestHash: hash, isRepeated: true };
  } catch (error) {
    // Verify and doctor report what is wrong with that snapshot.
    if (isJvsError(error, "E_DESCRIPTOR_CORRUPT", "E_NOT_FOUND", "E_FORMAT_UNSUPPORTED")) return undefined;
    throw error;
  }
}
