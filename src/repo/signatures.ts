import type { Descriptor } from "../model/records.ts";
import { SnapshotSignature } from "../model/signing.ts";
import type { Layout } from "./layout.ts";
import { readRecord, writeRecord } from "./record_file.ts";

const WHAT = "the signature";

/** The signature of a snapshot, not proved; nothing if there is none, `E_DESCRIPTOR_CORRUPT` if it is damaged. */
export function readSignature({ signature }: Layout, id: string): SnapshotSignature | undefined {
  return readRecord(signature(id), SnapshotSignature, WHAT);
}

/** Writes the signature of a snapshot, durably: before its READY, so that it is never seen without. */
export function writeSignature({ signature, signatures }: Layout, signed: SnapshotSignature): void {
  signatures.ensure(); // a copy program may have left it out while it was empty
  writeRecord(signature(signed.snapshot_id), signed);
}

/** Whether a signature is for exactly this descriptor in this repository. Whose it is, and whether it is right, is another question. */
export function isFor(signed: SnapshotSignature, descriptor: Descriptor, repoId: string): boolean {
  return signed.repo_id === repoId && signed.snapshot_id === descriptor.snapshot_id &&
    signed.descriptor_checksum === descriptor.descriptor_checksum.value;
}
