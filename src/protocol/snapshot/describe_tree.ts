import { isJvsError } from "../../model/errors.ts";
import { repeatManifest, writeManifest } from "../../tree/manifest.ts";
import { payloadRootHash } from "../../tree/root_hash.ts";
import { sameTable } from "../../tree/same_table.ts";
import type { Capture } from "./capture.ts";
import type { WorktreeContext } from "../change/kind.ts";

/** What a descriptor says of the tree that a snapshot holds. */
interface TreeDescription {
  readonly rootHash: string;
  readonly manifestHash: string;
  /** Whether it is the tree of the snapshot before. */
  readonly isRepeated: boolean;
}

/** Writes the manifest of a tree that was captured, and gives both hashes. */
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

/** Of a tree that is that of an earlier snapshot all is known already; unless anything of it is damaged. */
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
    // It is verify's and doctor's to tell what is wrong with that snapshot; this one is then described anew.
    if (isJvsError(error, "E_DESCRIPTOR_CORRUPT", "E_NOT_FOUND", "E_FORMAT_UNSUPPORTED")) return undefined;
    throw error;
  }
}
