import { DEGRADATION_KINDS } from "./entry.ts";
import {
  anything,
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
const hex64 = () => text({ pattern: /^[0-9a-f]{64}$/, what: "64 hex digits" });
/** A SHA-256 with its algorithm named. */
export const hash = () => record({ algo: literal("sha256"), value: hex64() });

/** The engines there are and will be. SPEC 5. */
export const ENGINE_NAMES = ["juicefs-clone", "btrfs-snapshot", "reflink-copy", "copy"] as const;
/** The engines that this version has, the best first. */
export const PRESENT_ENGINES = ["reflink-copy", "copy"] as const satisfies typeof ENGINE_NAMES[number][];
/** The name of an engine. */
export type EngineName = typeof ENGINE_NAMES[number];

/** Something that could not be kept. */
export const Degradation = record({
  kind: oneOf(...DEGRADATION_KINDS),
  path: text().about("The path in the tree, encoded as in the payload root hash."),
  reason: text(),
});
export type Degradation = Infer<typeof Degradation>;

/** All that could not be kept: counts, and the first hundred. */
export const Degradations = record({
  counts: mapOf(integer({ min: 0 })),
  first: list(Degradation),
});
export type Degradations = Infer<typeof Degradations>;

/** How much a snapshot holds. */
export const Stats = record({
  files: integer({ min: 0 }),
  directories: integer({ min: 0 }),
  symlinks: integer({ min: 0 }),
  other: integer({ min: 0 }),
  bytes: integer({ min: 0 }),
  changed_bytes: integer({ min: 0 }),
});
export type Stats = Infer<typeof Stats>;

/** Where a snapshot came from, and the hashes that prove its content. Written once. */
export const Descriptor = record({
  snapshot_id: snapshotId(),
  worktree_id: uuid(),
  parent_snapshot_id: nullable(snapshotId()),
  created_at: time(),
  note: text(),
  tags: list(text()),
  kind: oneOf("manual", "autosave", "partial"),
  paths: nullable(list(text())),
  engine: oneOf(...ENGINE_NAMES),
  consistency_level: oneOf("quiesced", "best_effort"),
  ignore_rules: nullable(text()),
  stats: Stats,
  fencing_token: nullable(integer()),
  environment: nullable(anything()),
  meta: mapOf(anything()),
  degradations: Degradations,
  payload_root_hash: nullable(hash()),
  manifest_hash: hash(),
  descriptor_checksum: hash(),
});
export type Descriptor = Infer<typeof Descriptor>;

/** The commit marker: a snapshot exists if and only if this does. */
export const Ready = record({
  snapshot_id: snapshotId(),
  created_at: time(),
  engine: oneOf(...ENGINE_NAMES),
  descriptor_checksum: hash(),
  payload_root_hash: nullable(hash()),
});
export type Ready = Infer<typeof Ready>;

/** The identity of a payload root, which does not depend on its path and mount. SPEC 2. */
export const Identity = record({
  file_system: text(),
  inode: text({ pattern: /^\d+$/, what: "an inode number" }),
});
export type Identity = Infer<typeof Identity>;

/** The record of a worktree. */
export const WorktreeConfig = record({
  worktree_id: uuid(),
  name: text(),
  path: text().about("Relative to the repository; `../name` for an adopted one."),
  identity: Identity,
  isolation: literal("exclusive"),
  created_at: time(),
  base_snapshot_id: nullable(snapshotId()),
  head_snapshot_id: nullable(snapshotId()),
  latest_snapshot_id: nullable(snapshotId()),
  fencing_token: integer({ min: 0 }),
  label: text(),
});
export type WorktreeConfig = Infer<typeof WorktreeConfig>;

/** A repository-wide name for a snapshot. */
export const Ref = record({
  ref_name: text(),
  snapshot_id: snapshotId(),
  created_at: time(),
  created_by: text(),
  note: text(),
});
export type Ref = Infer<typeof Ref>;

/** Keeps a snapshot from garbage collection, until a time or forever. */
export const Pin = record({
  pin_id: uuid(),
  snapshot_id: snapshotId(),
  reason: text(),
  created_at: time(),
  expires_at: nullable(time()),
});
export type Pin = Infer<typeof Pin>;

/** One line of the audit log. SPEC 9. */
export const AuditRecord = record({
  event_id: uuid(),
  timestamp: time(),
  operation: text(),
  actor: text(),
  target: text(),
  fencing_token: nullable(integer()),
  session_id: nullable(text()),
  reason: nullable(text()),
  details: mapOf(anything()),
  prev_hash: hex64(),
  record_hash: hex64(),
});
export type AuditRecord = Infer<typeof AuditRecord>;

/** The end of the audit log, written before the record that it announces. */
export const AuditHead = record({
  count: integer({ min: 0 }),
  last_hash: hex64(),
  next: nullable(AuditRecord),
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
  id: uuid(),
  operation: text(),
  worktree_id: nullable(uuid()),
  target: text(),
  host: text(),
  boot_id: text(),
  pid: integer(),
  process_start: text(),
  started_at: time(),
  state: oneOf("active", "completed", "abandoned"),
  steps: list(text()),
  claims: Claims.default({}),
  details: mapOf(anything()).about("What recovery must know; each kind of change has its own form."),
  audit: nullable(anything()).about("The audit record's content, once the change is decided."),
});
export type Intent = Infer<typeof Intent>;

/** Something that doctor or verify found. */
export const Finding = record({
  severity: oneOf("info", "warning", "error", "critical"),
  code: text(),
  message: text(),
  repair: nullable(text()),
  path: nullable(text()),
  snapshot_id: nullable(snapshotId()),
});
export type Finding = Infer<typeof Finding>;
