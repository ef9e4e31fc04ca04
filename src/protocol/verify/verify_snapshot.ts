import { phase } from "../../model/progress.ts";
import { isJvsError, unlessThrown } from "../../model/errors.ts";
import { type Descriptor, snapshotId, time } from "../../model/records.ts";
import { boolean, type Infer, list, nullable, oneOf, record, text } from "../../model/schema.ts";
import { abilitiesOf } from "../../engine/engines.ts";
import { belongsTo, ownerName } from "../../platform/host_names.ts";
import { RefusedPath } from "../../repo/control_errors.ts";
import { SignatureState } from "../../model/signing.ts";
import { sentence } from "../../model/printable.ts";
import { codeOfSignature, type SignatureJudge } from "../signing/judge.ts";
import { isRefused } from "../../tree/unreadable.ts";
import type { RepositoryContext } from "../context.ts";
import type { ReadingOptions } from "./read_content.ts";
import { DamagedPath, UncheckedPath, verifyPayload, WornPath } from "./verify_payload.ts";

/** The result for one snapshot. */
export const VerifiedSnapshot = record({
  snapshot_id: snapshotId().about("The snapshot that was checked."),
  checksum_valid: nullable(boolean())
    .about("Descriptor and READY are as they were written; null when they may not be read."),
  payload_hash_valid: nullable(boolean())
    .about("The tree has the hash that was saved; null when not all was read."),
  tamper_detected: boolean().about("Its records or its content are not what was saved."),
  severity: oneOf("ok", "degraded", "unchecked", "critical").about(
    "`degraded`: all content is there, but metadata was lost, as some copiers do; a restore brings it back. " +
      "`unchecked`: nothing wrong was found, but you may not read all of it.",
  ),
  error: nullable(text()).about(
    "The class of the error that was found, `E_PERMISSION` if it is `unchecked`; else null.",
  ),
  message: nullable(text()).about("What is wrong, why it is `unchecked`, or that it was pruned; else null."),
  files: list(DamagedPath).about("Each path of its content that is not what was saved."),
  unchecked: list(UncheckedPath).about("What you may not read, and so was not checked."),
  worn: list(WornPath).about("What is whole, but lost metadata."),
  signature: nullable(SignatureState).about(
    "How it is signed; null if its record cannot be read. One with a `problem` makes the snapshot `critical`.",
  ),
  read_at: nullable(time()).about(
    "When all its content was read and was what was saved: in this run, or with --since before it, the oldest reading; null if that is not so.",
  ),
});
export type VerifiedSnapshot = Infer<typeof VerifiedSnapshot>;

/** How to verify. */
interface VerifySnapshotOptions extends ReadingOptions {
  /** Judges signatures; without it they are not looked at. */
  readonly judge?: SignatureJudge;
}

/**
 * Verifies a snapshot, and changes nothing. SPEC 9. Each step relies on what the step before it proved:
 *
 * 1. Check the descriptor against its own checksum, and READY against the descriptor, and its signature (`signing/judge.ts`).
 * 2. Check each block of the manifest, and its index against the hash in the descriptor.
 * 3. Scan the payload and hash its files (`read_content.ts`), once for all snapshots that share them (`read_inodes.ts`).
 *    Compare every entry with the manifest (`verify_payload.ts`).
 * 4. Compare the root hash of what is there with the one in the descriptor.
 *
 * The rest of the folder looks around the snapshots: `check.ts` and `lost_records.ts` at records, lineage and audit log,
 * `leftovers.ts` at remains of crashes, `foreign_files.ts` at files that are not ours. All report findings (`finding.ts`);
 * only `repair.ts` changes something.
 */
export async function verifySnapshot(
  context: RepositoryContext,
  id: string,
  options: VerifySnapshotOptions,
): Promise<VerifiedSnapshot> {
  using _phase = phase(context.reporter, "verifying");
  const verified = await verifyParts(context, id, options);
  await note(verified, options);
  return bySignature(verified);
}

/** What was found is remembered. Signatures are judged each time, and what may not be read is neither damaged nor sound. */
async function note(
  { snapshot_id: id, severity, error, files, unchecked }: VerifiedSnapshot,
  { remembered, failFast = false, lookOnly = false }: VerifySnapshotOptions,
): Promise<void> {
  if (severity === "critical") {
    const paths = files.map(({ path }) => path);
    const isPartly = failFast || lookOnly || unchecked.length > 0;
    await remembered?.noteDamage(id, { error: error ?? "E_PAYLOAD_HASH_MISMATCH", paths, isPartly });
  } else if (severity !== "unchecked") {
    // One that lost metadata must not look whole to the next run; this shows without reading.
    if (severity === "degraded") remembered?.noteWrong();
    if (!lookOnly) remembered?.damage.noteSound(id);
  }
}

/** The content can be whole and the snapshot forged all the same. */
function bySignature(verified: VerifiedSnapshot): VerifiedSnapshot {
  const { severity, signature } = verified;
  const error = signature === null ? undefined : codeOfSignature(signature);
  if (error === undefined || severity === "critical") return verified;
  return {
    ...verified,
    severity: "critical",
    tamper_detected: true,
    error,
    message: sentence(signature?.problem ?? ""),
  };
}

async function verifyParts(
  context: RepositoryContext,
  id: string,
  options: VerifySnapshotOptions,
): Promise<VerifiedSnapshot> {
  const { snapshots } = context.store;
  try {
    using _used = await snapshots.use(id, { signal: context.signal });
    const descriptor = await snapshots.descriptor(id);
    const signature = await options.judge?.judge(descriptor) ?? null;
    if (snapshots.isPruned(id)) return { ...whole(id), payload_hash_valid: null, message: PRUNED, signature };
    return { ...await verifyContent(context, descriptor, options), signature };
  } catch (error) {
    if (!isJvsError(error) || error.code === "E_INTERRUPTED") throw error;
    if (error.code === "E_NOT_FOUND" && !snapshots.isKnown(id)) throw error; // it was collected meanwhile
    const isOther = error instanceof RefusedPath; // something else is in the place of a record
    if (error.code !== "E_PERMISSION" || isOther) return broken(id, error.code, error.message, false);
    const message = `${error.message}${belongsTo(error.details.path)}. So it could not be checked.`;
    return { ...unchecked(id, message), checksum_valid: null };
  }
}

/**
 * Verifies snapshots that were listed before. One that has no marker by now was collected meanwhile, and is left out: if it lost its marker
 * in another way, the checks around the snapshots find it.
 */
export async function* verifyListed(
  context: RepositoryContext,
  ids: readonly string[],
  options: VerifySnapshotOptions,
): AsyncGenerator<VerifiedSnapshot> {
  using _phase = phase(context.reporter, "verifying snapshots", { entries: ids.length, unit: "snapshot" });
  for (const id of ids) {
    try {
      yield await verifySnapshot(context, id, options);
      context.reporter.advance(1, 0);
    } catch (error) {
      if (!isJvsError(error, "E_NOT_FOUND")) throw error;
    }
  }
}

/** Verifies only manifest and payload, by this descriptor. Throws if the manifest is damaged. The caller uses the snapshot. */
export async function verifyContent(
  context: RepositoryContext,
  descriptor: Descriptor,
  options: VerifySnapshotOptions = {},
): Promise<VerifiedSnapshot> {
  const { layout, platform } = context.store;
  const id = descriptor.snapshot_id;
  const manifest = await readManifest(context, descriptor);
  if (!layout.payload(id).isThere()) {
    const message = `Its payload "${layout.payload(id)}" is missing.`;
    return broken(id, "E_PAYLOAD_HASH_MISMATCH", message, true);
  }
  using payload = unlessThrown(isRefused, () => layout.payload(id).open());
  if (payload === undefined) {
    const root = { path: "", owner: ownerName(layout.payload(id).path) };
    return { ...unchecked(id, NOT_ALL_READ), unchecked: [root] };
  }
  const known = options.remembered?.snapshot(id, payload);
  if (known !== undefined) return { ...whole(id), payload_hash_valid: null, read_at: timeText(known) };
  const abilities = abilitiesOf(descriptor.engine, platform);
  const asked = { id, payload, manifest, abilities, ...options };
  const { damaged, worn, rootHash, readAt, ...refused } = await verifyPayload(context, asked);
  const valid = rootHash === null ? null : rootHash === descriptor.payload_root_hash?.value;
  if (damaged.length > 0 || valid === false) {
    const message = "The content is not what was saved.";
    return { ...broken(id, "E_PAYLOAD_HASH_MISMATCH", message, true), files: damaged, worn, ...refused };
  }
  if (refused.unchecked.length > 0) return { ...unchecked(id, NOT_ALL_READ), worn, ...refused };
  const result = { ...whole(id), payload_hash_valid: valid, worn };
  if (worn.length > 0) return { ...result, severity: "degraded" };
  if (readAt === null || options.remembered === undefined) return result;
  const since = await options.remembered.noteSnapshot(descriptor, payload, readAt);
  return { ...result, read_at: timeText(since) };
}

function timeText(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}

async function readManifest({ reporter, store }: RepositoryContext, descriptor: Descriptor) {
  using _phase = phase(reporter, "reading a manifest");
  return await store.snapshots.manifestOf(descriptor, { verify: true });
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
    unchecked: [],
    worn: [],
    signature: null,
    read_at: null,
  };
}

const PRUNED = "Its content was pruned; its records are as they were written.";
const NOT_ALL_READ = "You may not read all of it, so it could not be checked whole.";

/** The result for what may not be read: it may be sound or damaged. */
function unchecked(id: string, message: string): VerifiedSnapshot {
  return { ...whole(id), payload_hash_valid: null, severity: "unchecked", error: "E_PERMISSION", message };
}

function broken(id: string, code: string, message: string, checksumValid: boolean): VerifiedSnapshot {
  const damage = { payload_hash_valid: false, tamper_detected: true, severity: "critical" } as const;
  return { ...whole(id), ...damage, checksum_valid: checksumValid, error: code, message };
}
