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

/** Where a finding is, and what repairs it. */
export interface FindingOptions {
  /** The repair for it; by default there is none. */
  repair?: Repair | "repair_runtime";
  path?: string;
  snapshot_id?: string;
}

/** Makes a finding. The message of an error has no full stop; this adds it. */
export function finding(
  severity: Finding["severity"],
  code: string,
  message: string,
  options: FindingOptions = {},
): Finding {
  const { repair = null, path = null, snapshot_id = null } = options;
  return { severity, code, message: sentence(message), repair, path, snapshot_id };
}

const MOST_NAMED = 5;

/** The first of these for a message, and how many more there are. */
export function firstFew(names: readonly string[]): string {
  const more = names.length > MOST_NAMED ? `, and ${names.length - MOST_NAMED} more` : "";
  return names.slice(0, MOST_NAMED).join(", ") + more;
}
