import type { Descriptor } from "../../src/model/records.ts";

/** The id of a made-up snapshot, made this many minutes after noon of 1 May. */
export function idOf(short: string, minutes = 0): string {
  return `${Date.parse("2026-05-01T12:00:00Z") + minutes * 60_000}-${short}`;
}

/** A made-up descriptor. */
export function descriptorOf(id: string, more: Partial<Descriptor> = {}): Descriptor {
  const hash = { algo: "sha256" as const, value: "0".repeat(64) };
  return {
    snapshot_id: id,
    worktree_id: "00000000-0000-4000-8000-000000000000",
    parent_snapshot_id: null,
    created_at: new Date(Number(id.slice(0, 13))).toISOString(),
    note: "",
    tags: [],
    kind: "manual",
    paths: null,
    engine: "copy",
    consistency_level: "quiesced",
    ignore_rules: null,
    stats: { files: 12, directories: 3, symlinks: 0, other: 0, bytes: 1_200_000, changed_bytes: 34_000 },
    fencing_token: null,
    environment: null,
    meta: {},
    degradations: { counts: {}, first: [] },
    payload_root_hash: hash,
    manifest_hash: hash,
    descriptor_checksum: hash,
    ...more,
  };
}
