import { snapshotId } from "../../model/records.ts";
import { boolean, integer, nullable, record, text } from "../../model/schema.ts";
import { defineChange } from "../change/kind.ts";
import { RestoreDetails, STEPS } from "./intent.ts";

/** Makes a worktree equal a snapshot. Interrupted, it is finished if it was decided, else undone. */
export const restoring = defineChange({
  operation: "restore",
  details: RestoreDetails,
  steps: STEPS,
  audit: record({
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
  }),
  // Loaded when there is something to recover, which is rare.
  recover: async (context, intent) => (await import("./recovery.ts")).recoverRestore(context, intent),
});
