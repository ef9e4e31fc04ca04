import type { Finding } from "../../model/records.ts";
import { printable } from "../../model/path_text.ts";
import { sentence } from "../../model/sentence.ts";

/** The repairs that `jvs doctor --repair` takes by name; the safe ones are also what --repair-runtime does. SPEC 9. */
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

/** Where a finding is, and what mends it. */
export interface FindingOptions {
  /** None by default: nothing of ours mends it. */
  repair?: Repair | "repair_runtime";
  path?: string;
  snapshot_id?: string;
}

/** Puts a finding together; its message is made whole sentences, which the message of an error is not. */
export function finding(
  severity: Finding["severity"],
  code: string,
  message: string,
  options: FindingOptions = {},
): Finding {
  const { repair = null, path = null, snapshot_id = null } = options;
  return { severity, code, message: sentence(printable(message)), repair, path, snapshot_id };
}
