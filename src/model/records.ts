import { DEGRADATION_KINDS } from "./entry.ts";
import {
  anything,
  boolean,
  type Infer,
  integer,
  list,
  literal,
  mapOf,
  nullable,
  oneOf,
  record,
  text,
} from "./schema.ts";

/** The records of SPEC 3: what is on disk under `.jvs`, and what `--json` shows of it. */

/** A snapshot's full id. */
export const snapshotId = () => text({ pattern: /^\d{13}-[0-9a-f]{8}$/, what: "a snapshot id" });
/** A point in time. */
export const time = () =>
  text({
    pattern: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/,
    what: "a time",
    format: "date-time",
  });
/** A UUID. */
export const uuid = () => text({ pattern: /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/, what: "a UUID" });
/** The longest text that a user may give JVS to keep, in UTF-16 units: a record that has some of them stays small. */
export const LONGEST_WORDS = 32_768;
/** What users say in their own words. Records that exist may have longer ones. */
export const words = () => text({ pattern: /^[^]{0,32768}$/, what: "a text of at most 32,768 characters" });
const hex64 = () => text({ pattern: /^[0-9a-f]{64}$/, what: "64 hex digits" });
/** A SHA-256 with its algorithm named. */
export const Hash = record({
  algo: literal("sha256").about("The algorithm."),
  value: hex64().about("The hash, as 64 lower-case hex digits."),
});

/** The engines there are and will be. SPEC 5. */
export const ENGINE_NAMES = ["juicefs-clone", "btrfs-snapshot", "reflink-copy", "copy"] as const;
/** The engines that this version has, the best first. */
export const PRESENT_ENGINES = [
  "juicefs-clone",
  "btrfs-snapshot",
  "reflink-copy",
  "copy",
] as const satisfies typeof ENGINE_NAMES[number][];
/** The name of an engine. */
export type EngineName = typeof ENGINE_NAMES[number];

/** Something that could not be kept. */
export const Degradation = record({
  kind: oneOf(...DEGRADATION_KINDS).about("What could not be kept of the entry; `type`: the entry itself."),
  path: text().about(
    "Encoded as in the payload root hash; empty for the payload root, or for the whole tree.",
  ),
  reason: text().about("Why not: what the system said, or a sentence."),
});
export type Degradation = Infer<typeof Degradation>;

/** All that could not be kept: counts, and the first hundred. */
export const Degradations = record({
  counts: mapOf(integer({ min: 0 })).about("How many there are of each kind; empty if there are none."),
  first: list(Degradation).about("The first 100 of them."),
});
export type Degradations = Infer<typeof Degradations>;

/** How much a snapshot holds. */
export const Stats = record({
  files: integer({ min: 0 }).about("Regular files; each name of a hard-linked file counts."),
  directories: integer({ min: 0 }).about("Folders, without the payload root."),
  symlinks: integer({ min: 0 }).about("Symbolic links."),
  other: integer({ min: 0 }).about("FIFOs, sockets and device nodes."),
  bytes: integer({ min: 0 }).about(
    "The sum of the sizes of `files`: holes and each name of a hard-linked file count.",
  ),
  changed_bytes: integer({ min: 0 })
    .about(
      "Bytes in files that are new or changed since the snapshot before; in all files if none is known.",
    ),
});
export type Stats = Infer<typeof Stats>;

/** Where a snapshot came from, and the hashes that prove its content. Written once. */
export const Descriptor = record({
  snapshot_id: snapshotId().about("Its full id; people see the 8 hex digits. Ids rise with time."),
  worktree_id: uuid().about("The id of the worktree that was saved; it may be removed since."),
  parent_snapshot_id: nullable(snapshotId())
    .about("The snapshot that the worktree stood on; null if it had none yet."),
  created_at: time().about("When it was made."),
  note: text().about("What the user said about it, or why JVS made it; empty if nothing."),
  tags: list(text()).about("The labels that it was given when it was made, each once."),
  kind: oneOf("manual", "autosave", "partial").about(
    "`manual`: the user made it; `autosave`: JVS saved unsaved work; `partial`: it holds only `paths`.",
  ),
  paths: nullable(list(text())).about(
    "The paths that it holds, encoded as in the payload root hash; null if it holds the whole worktree.",
  ),
  engine: oneOf(...ENGINE_NAMES).about("How the tree was cloned."),
  consistency_level: oneOf("quiesced", "best_effort").about(
    "`quiesced`: nothing changed while it was made; `best_effort`: files may have been saved in the middle of a change.",
  ),
  ignore_rules: nullable(text()).about("The text of .jvsignore at that time; null if there was none."),
  stats: Stats.about("How much it holds."),
  fencing_token: nullable(integer()).about(
    "The fencing token of the lease that it was made under; null without one.",
  ),
  environment: nullable(anything()).about("What was recorded of the programs around it; null if nothing."),
  meta: mapOf(anything()).about("Other data about it, by name; empty if there is none."),
  degradations: Degradations.about("What it could not keep."),
  payload_root_hash: nullable(Hash)
    .about("Proves its content: the SHA-256 over a line for each entry; null if it is not hashed yet."),
  manifest_hash: Hash.about("Proves its manifest, the list of all its entries."),
  descriptor_checksum: Hash.about(
    "Proves the descriptor: the SHA-256 of all its other fields as canonical JSON.",
  ),
});
export type Descriptor = Infer<typeof Descriptor>;

/** The commit marker: a snapshot exists if and only if this does. */
export const Ready = record({
  snapshot_id: Descriptor.fields.snapshot_id,
  created_at: Descriptor.fields.created_at,
  engine: Descriptor.fields.engine,
  descriptor_checksum: Descriptor.fields.descriptor_checksum,
  payload_root_hash: Descriptor.fields.payload_root_hash,
});
export type Ready = Infer<typeof Ready>;

/** The identity of a payload root, which does not depend on its path and mount. SPEC 2. */
export const Identity = record({
  file_system: text().about("The id of its file system; `unknown` if the system does not say."),
  inode: text({ pattern: /^\d+$/, what: "an inode number" }).about("Its inode number, in decimal."),
});
export type Identity = Infer<typeof Identity>;

/** The record of a worktree. */
export const WorktreeConfig = record({
  worktree_id: uuid().about("The worktree's id, which stays the same when it is renamed."),
  name: text().about("The worktree's name."),
  path: text().about("Relative to the repository; `../name` for an adopted one."),
  identity: Identity.about("Tells its folder from another one that took its place."),
  isolation: literal("exclusive").about("No other worktree uses the folder."),
  created_at: time().about("When the worktree was made."),
  base_snapshot_id: nullable(snapshotId())
    .about(
      "The snapshot that the worktree's line began with, or its first one if it began empty; null before that.",
    ),
  head_snapshot_id: nullable(snapshotId())
    .about("The snapshot that the worktree stands on; null if it has none yet."),
  latest_snapshot_id: nullable(snapshotId())
    .about("The newest snapshot of the worktree's line; null if it has none yet."),
  fencing_token: integer({ min: 0 }).about(
    "The highest fencing token of a lease on it; 0 if there was no lease.",
  ),
  label: text().about("Words of the user about it; empty if there are none."),
});
export type WorktreeConfig = Infer<typeof WorktreeConfig>;

/** A repository-wide name for a snapshot. */
export const Ref = record({
  ref_name: text().about("The name: no other ref of the repository has it."),
  snapshot_id: snapshotId().about("The snapshot that it names."),
  created_at: time().about("When the ref was made."),
  created_by: text().about("The actor who made it: `user@host`, or the name that the caller gave."),
  note: text().about("What it means, in the user's words; empty if nothing was said."),
  keeps_line: boolean().about(
    "Whether garbage collection keeps what the snapshot descends from, too: the ref of a line that was left by `snapshot --branch` does, and one that was made with `--line`.",
  ),
});
export type Ref = Infer<typeof Ref>;

/** Keeps a snapshot from garbage collection, until a time or forever. */
export const Pin = record({
  pin_id: uuid().about("The pin's id; its file has this name."),
  snapshot_id: snapshotId().about("The snapshot that is kept."),
  reason: text().about("Why it is kept."),
  created_at: time().about("When the pin was made."),
  expires_at: nullable(time()).about("Until when it is kept; null: forever."),
  keeps_line: boolean().about("Whether the snapshots that it descends from are kept with it."),
});
export type Pin = Infer<typeof Pin>;

/** One line of the audit log. SPEC 9. */
export const AuditRecord = record({
  event_id: uuid().about("Identifies the change. A change has one record, even if a recovery finished it."),
  timestamp: time().about("When the record was written."),
  operation: text().about(
    "What was done: a command such as `worktree fork`, or what JVS did by itself, such as `audit close`.",
  ),
  actor: text().about("Who did it: `user@host`, or the name that the caller gave."),
  target: text().about(
    "What it was done to: the name of a worktree, ref, setting or file, a snapshot's id, or a path.",
  ),
  fencing_token: nullable(integer())
    .about("The fencing token of the lease that it was done under; null without one."),
  session_id: nullable(text()).about("The session that the user gave; null if none."),
  reason: nullable(text()).about("The reason that the user gave; null if none."),
  details: mapOf(anything()).about("More about it; each operation has its own fields."),
  prev_hash: hex64().about("The `record_hash` of the record before; 64 zeros in the first record."),
  record_hash: hex64().about("The SHA-256 of all other fields as canonical JSON."),
});
export type AuditRecord = Infer<typeof AuditRecord>;

/** A public key of Ed25519: its 32 bytes. It is the key's only identity, so no other key can stand for it. */
export const publicKey = () => text({ pattern: /^[0-9a-f]{64}$/, what: "a public key, 64 hex digits" });
/** A signature of Ed25519. */
export const signature = () => text({ pattern: /^[0-9a-f]{128}$/, what: "a signature, 128 hex digits" });

/** A signature of the audit log up to one record: the chain of hashes makes it one of all records before, too. */
export const HeadSignature = record({
  signs: literal("jvs audit").about("What is signed: no signature stands for one of another kind."),
  repo_id: uuid().about("The id of the repository."),
  count: integer({ min: 1 }).about("Up to which record: how many there were."),
  hash: hex64().about("The `record_hash` of that record."),
  signed_at: time().about("When it was signed, by the clock of the signer."),
  public_key: publicKey().about("The key that signed."),
  signature: signature().about("Of all other fields, as canonical JSON."),
});
export type HeadSignature = Infer<typeof HeadSignature>;

/** The end of the audit log, written before the record that it announces. */
export const AuditHead = record({
  count: integer({ min: 0 }).about("How many records the log has for certain."),
  last_hash: hex64().about("The `record_hash` of the last of them; 64 zeros if there is none."),
  next: nullable(AuditRecord).about(
    "The record after them, which the log may not have yet; null before the first.",
  ),
  signed: HeadSignature.optional().about(
    "The newest signature of the log, of the record `next` or of one before it; missing if no key ever signed it.",
  ),
});
export type AuditHead = Infer<typeof AuditHead>;

/** What an open intent claims: other changes must leave it alone. */
export const Claims = record({
  snapshot_id: snapshotId()
    .about("The snapshot that the change makes, or that must not be removed meanwhile.").optional(),
  worktree_name: text()
    .about("The worktree that the change makes, renames or removes; for a rename, the new name.").optional(),
  staging_in_root: text().about("A folder of JVS in the payload root: every scan skips it.").optional(),
});
export type Claims = Infer<typeof Claims>;

/** What a change is about to do, so that it can be finished or undone. */
export const Intent = record({
  id: uuid().about("The change's id; its file has this name, and its audit record this `event_id`."),
  operation: text().about("The kind of change, such as `worktree fork`: it says how to recover."),
  worktree_id: nullable(uuid()).about("The worktree that the change is made to; null if it is made to none."),
  target: text().about("What the change is made to: a name, a snapshot's id, or a path."),
  host: text().about("The id of the machine that makes the change."),
  boot_id: text().about("The boot of that machine: no process of an earlier boot still runs."),
  pid: integer().about("The process that makes the change."),
  process_start: text().about("When that process started: tells it from a later one with the same pid."),
  started_at: time().about("When the change began."),
  state: oneOf("active", "completed", "abandoned").about(
    "How far the change is; the intent of a completed one is deleted.",
  ),
  steps: list(text()).about("The steps that were begun, in order."),
  claims: Claims.default({}).about("What other changes must leave alone meanwhile."),
  details: mapOf(anything()).about("What recovery must know; each kind of change has its own form."),
  audit: nullable(anything()).about("The audit record's content, once the change is decided."),
});
export type Intent = Infer<typeof Intent>;

/** Something that doctor or verify found. */
export const Finding = record({
  severity: oneOf("info", "warning", "error", "critical")
    .about("How bad it is: a repository with an `error` or `critical` finding is not healthy."),
  code: text().about(
    "What kind it is: one of the stable codes of docs/recovery.md, which says of each what it means and what to do.",
  ),
  message: text().about("What was found, in whole sentences."),
  repair: nullable(text()).about(
    "What repairs it: a name for `jvs doctor --repair`, or `repair_runtime` for `--repair-runtime`; null if neither does.",
  ),
  path: nullable(text()).about("The file or folder that it is about, absolute; null if it is about none."),
  snapshot_id: nullable(snapshotId()).about("The snapshot that it is about; null if it is about none."),
});
export type Finding = Infer<typeof Finding>;
