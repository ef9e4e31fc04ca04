import { defineChange } from "../change/kind.ts";
import { RestoreAudit, RestoreDetails, STEPS } from "./intent.ts";

/** Makes a worktree equal a snapshot. Interrupted, it is finished if it was decided, else undone. */
export const restoring = defineChange({
  operation: "restore",
  details: RestoreDetails,
  steps: STEPS,
  touchesFiles: true,
  audit: RestoreAudit,
  // Loaded when there is something to recover, which is rare.
  recover: async (context, intent) => (await import("./recovery.ts")).recoverRestore(context, intent),
});
