import { HooksRun } from "../../model/hooks.ts";
import { boolean, type Infer, integer, list, nullable, record, text } from "../../model/schema.ts";
import { snapshotId } from "../../model/records.ts";
import type { OpenIntent } from "../../repo/intents.ts";

/** What the intent of a restore tells recovery. (Apart from `in_place.ts`, because recovery and staging need it too.) */
export const RestoreDetails = record({
  root_before: record({
    mode: integer(),
    mtime: list(integer()).about("Seconds and nanoseconds."),
  }).about("How the payload root was before JVS made or removed something in it.").optional(),
  staging_inode: text().about("Of staging in the payload root.").optional(),
  staging_born: text().about("Its birth time; missing in intents of earlier versions.").optional(),
  head: nullable(record({
    base_snapshot_id: nullable(snapshotId()),
    head_snapshot_id: nullable(snapshotId()),
    latest_snapshot_id: nullable(snapshotId()),
  })).about("Where the worktree will stand; null if it stays.").optional(),
});

/** What changes of a payload root when JVS makes or removes something in it. */
export type RootState = NonNullable<Infer<typeof RestoreDetails>["root_before"]>;

/** What the audit record of a restore says. */
export const RestoreAudit = record({
  worktree: text(),
  snapshot_id: snapshotId(),
  previous_head: nullable(snapshotId()),
  paths: nullable(integer()).about("How many were named; null for everything."),
  changed: integer(),
  added: integer(),
  removed: integer(),
  metadata: integer(),
  autosave_snapshot_id: nullable(snapshotId()),
  second_autosave_id: nullable(snapshotId()),
  discarded: boolean(),
  hooks: HooksRun.optional(),
});

/**
 * The steps of a restore. `staging`: staging is being made. `in root`: it was made in the payload root. `journal`: the journal is durable, and the change begins.
 * `committing`: the audit record is about to be decided. `undone`: recovery has undone the change. `retiring`: staging in
 * the payload root is about to be removed.
 */
export const STEPS = ["staging", "in root", "journal", "committing", "undone", "retiring"] as const;

/** The intent of a restore. */
export type RestoreIntent = OpenIntent<Infer<typeof RestoreDetails>, typeof STEPS[number]>;
