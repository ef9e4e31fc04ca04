import type { Finding } from "../../model/records.ts";
import { sentence } from "../../model/printable.ts";

/** The repairs that `jvs doctor --repair` takes by name. `--repair-runtime` does the safe ones. SPEC 9. */
export const REPAIRS = [
  "clean_tmp",
  "rebuild_index",
  "audit_repair",
  "advance_head",
  "rebuild_ready",
  "clean_locks",
  "clean_intents",
] as const;

/** A repair's name. */
export type Repair = typeof REPAIRS[number];

/** Where a finding is, and what repairs it; by default nothing does. */
type FindingOptions = Partial<Pick<Finding, "path" | "snapshot_id">> & { repair?: Repair | "repair_runtime" };

/** Makes a finding. The message of an error has no full stop; this adds it. */
export function finding(
  severity: Finding["severity"],
  code: string,
  message: string,
  options: FindingOptions = {},
): Finding {
  const nowhere = { repair: null, path: null, snapshot_id: null };
  return { severity, code, message: sentence(message), ...nowhere, ...options };
}

const MOST_NAMED = 5;

/** The first of these for a message, and how many more there are. */
export function firstFew(names: readonly string[]): string {
  const more = names.length > MOST_NAMED ? `, and ${names.length - MOST_NAMED} more` : "";
  return names.slice(0, MOST_NAMED).join(", ") + more;
}
