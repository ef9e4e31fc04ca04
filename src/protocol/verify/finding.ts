import { ERROR_CLASSES, JvsError } from "../../model/errors.ts";
import { type FindingCode, isFindingCode } from "../../model/finding_codes.ts";
import type { Finding } from "../../model/records.ts";
import { sentence } from "../../model/printable.ts";
import { belongsTo } from "../../platform/host_names.ts";
import { RefusedPath } from "../../repo/control_errors.ts";
import { FROM_COPY } from "./ways_out.ts";

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

/**
 * Makes a finding. Without `repair` its message says in whole sentences what a person does. The message of an error has no full
 * stop; this adds it.
 */
export function finding(
  severity: Finding["severity"],
  code: FindingCode,
  message: string,
  options: FindingOptions = {},
): Finding {
  const nowhere = { repair: null, path: null, snapshot_id: null };
  return { severity, code, message: sentence(message), ...nowhere, ...options };
}

/** The way out for a snapshot that cannot be read, where a copy does not help. */
const WAYS: Partial<Record<FindingCode, string>> = {
  E_FORMAT_UNSUPPORTED: ERROR_CLASSES.E_FORMAT_UNSUPPORTED[1],
  E_IO:
    "Look at what it names. If the device is failing (`dmesg` says so), copy the repository to another one.",
};

/** The code of the finding for an error. An error that is no finding is thrown on. */
export function codeOf(error: JvsError): FindingCode {
  if (isFindingCode(error.code)) return error.code;
  throw error;
}

/** The finding for an error, with the way out: by default the hint, for a damaged record a copy. */
export function problemFound(
  error: JvsError,
  way = error.code === "E_DESCRIPTOR_CORRUPT" ? FROM_COPY : error.hint,
): Finding {
  const { details: { path }, message } = error;
  const code = codeOf(error);
  const where = typeof path === "string" ? { path } : {};
  const isRefused = error instanceof RefusedPath; // something else is there: nobody closed it
  if (code !== "E_PERMISSION" || isRefused) {
    return finding("critical", code, `${sentence(message)} ${isRefused ? error.hint : way}`, where);
  }
  // A closed file may be sound or damaged.
  const closed = `${message}${belongsTo(path)}. So it could not be checked. ${error.hint}`;
  return finding("warning", code, closed, where);
}

/** The finding for a snapshot that is not what was saved; `error` is the class of the error, and one that is no finding is thrown. */
export function damageFound(id: string, error: string, message: string): Finding {
  const where = { snapshot_id: id };
  if (!isFindingCode(error)) {
    throw new JvsError("E_INTERNAL", `Cannot check snapshot ${id}: ${message} (${error})`, {
      details: where,
    });
  }
  const way = WAYS[error] ?? FROM_COPY;
  return finding("critical", error, `Snapshot ${id}: ${sentence(message)} ${way}`, where);
}
