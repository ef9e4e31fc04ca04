import { isJvsError } from "../../model/errors.ts";
import { type Descriptor, snapshotId } from "../../model/records.ts";
import { boolean, type Infer, list, nullable, oneOf, record, text } from "../../model/schema.ts";
import { DamagedPath, type ReadInodes, verifyPayload, WornPath } from "./payload.ts";
import type { RepositoryContext } from "../context.ts";

/** What verifying one snapshot found. */
export const VerifiedSnapshot = record({
  snapshot_id: snapshotId(),
  checksum_valid: boolean().about("Descriptor and READY are as they were written."),
  payload_hash_valid: nullable(boolean()).about(
    "The tree has the hash that was saved; null when not all was read.",
  ),
  tamper_detected: boolean(),
  severity: oneOf("ok", "degraded", "critical").about(
    "`degraded`: all content is there, but metadata was lost, as some copiers do; a restore brings it back.",
  ),
  error: nullable(text()),
  message: nullable(text()),
  files: list(DamagedPath),
  worn: list(WornPath).about("What is whole, but lost metadata."),
});
export type VerifiedSnapshot = Infer<typeof VerifiedSnapshot>;

/** How to verify. */
export interface VerifySnapshotOptions {
  readonly read: ReadInodes;
  readonly isRead?: (path: Uint8Array) => boolean;
}

/** Verifies a snapshot: its descriptor, its manifest, and all of its payload. Changes nothing. SPEC 9. */
export async function verifySnapshot(
  context: RepositoryContext,
  id: string,
  options: VerifySnapshotOptions,
): Promise<VerifiedSnapshot> {
  const { snapshots } = context.store;
  try {
    const descriptor = await snapshots.descriptor(id);
    if (snapshots.isPruned(id)) return { ...whole(id), payload_hash_valid: null };
    return await verifyContent(context, descriptor, options);
  } catch (error) {
    if (!isJvsError(error) || error.code === "E_INTERRUPTED") throw error;
    return broken(id, error.code, error.message, false);
  }
}

/** The same for manifest and payload alone, by the snapshot's descriptor; throws where the manifest is damaged. */
export async function verifyContent(
  context: RepositoryContext,
  descriptor: Descriptor,
  options: VerifySnapshotOptions,
): Promise<VerifiedSnapshot> {
  const { layout, snapshots } = context.store;
  const id = descriptor.snapshot_id;
  const manifest = await snapshots.manifestOf(descriptor, { verify: true });
  if (!layout.payload(id).isThere()) {
    const message = `Its payload "${layout.payload(id)}" is missing.`;
    return broken(id, "E_PAYLOAD_HASH_MISMATCH", message, true);
  }
  using payload = layout.payload(id).open();
  const { damaged, worn, rootHash } = await verifyPayload(context, { payload, manifest, ...options });
  const valid = rootHash === null ? null : rootHash === descriptor.payload_root_hash?.value;
  if (damaged.length > 0 || valid === false) {
    const message = "The content is not what was saved.";
    return { ...broken(id, "E_PAYLOAD_HASH_MISMATCH", message, true), files: damaged, worn };
  }
  return { ...whole(id), payload_hash_valid: valid, severity: worn.length > 0 ? "degraded" : "ok", worn };
}

function whole(id: string): VerifiedSnapshot {
  return {
    snapshot_id: id,
    checksum_valid: true,
    payload_hash_valid: true,
    tamper_detected: false,
    severity: "ok",
    error: null,
    message: null,
    files: [],
    worn: [],
  };
}

function broken(id: string, code: string, message: string, checksumValid: boolean): VerifiedSnapshot {
  return {
    ...whole(id),
    checksum_valid: checksumValid,
    payload_hash_valid: false,
    tamper_detected: true,
    severity: "critical",
    error: code,
    message,
  };
}
