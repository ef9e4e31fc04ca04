import { Finding } from "../model/records.ts";
import { boolean, list, oneOf, record, text } from "../model/schema.ts";
import {
  checkAudit,
  checkLayout,
  checkLineage,
  checkRuntime,
  checkWorktrees,
  runChecks,
} from "../protocol/verify/check.ts";
import { checkForeign } from "../protocol/verify/foreign_files.ts";
import { defineOperation } from "./define.ts";
import type { RepositoryContext } from "../protocol/context.ts";
import { finding, REPAIRS } from "../protocol/verify/finding.ts";
import { asFar, checkPlaces } from "../protocol/verify/refused_places.ts";
import { checkRecords } from "../protocol/verify/lost_records.ts";
import { checkMarkers } from "../protocol/verify/lost_markers.ts";
import { folderAcceptance } from "../protocol/change/change.ts";
import { readyRebuilding } from "../protocol/verify/rebuild_ready.ts";
import { headAdvance, repair, repairRuntime } from "../protocol/verify/repair.ts";
import { ReadInodes } from "../protocol/verify/read_inodes.ts";
import { verifySnapshot } from "../protocol/verify/verify_snapshot.ts";

const Input = record({
  strict: boolean().default(false).about("Also read every snapshot's content."),
  repair_runtime: boolean().default(false)
    .about("Finish or undo interrupted operations, and do the repairs that cannot lose anything."),
  repair: list(oneOf(...REPAIRS)).default([]).about("Also do this repair; may be given several times.")
    .cli({ placeholder: "ACTION" }),
}, { closed: true });

/** Checks the repository, and repairs it on request. */
export const doctor = defineOperation({
  name: "doctor",
  summary: "Check the repository, and repair it on request",
  about:
    "Checks the layout, snapshots, lineage, worktrees, audit log, interrupted operations and the clock. Changes nothing " +
    "unless you ask for a repair. --repair-runtime recovers interrupted operations and rebuilds what can be rebuilt. " +
    `It does other repairs only by name: ${REPAIRS.join(", ")}.`,
  examples: [
    ["jvs doctor", "a quick check"],
    ["jvs doctor --strict", "also reads every snapshot"],
    ["jvs doctor --strict --repair-runtime", "after a crash, or after copying a repository"],
  ],
  changes: "repository",
  kinds: [folderAcceptance, headAdvance, readyRebuilding],
  input: Input,
  output: record({
    healthy: boolean(),
    findings: list(Finding),
    repaired: list(text()).about("The repairs that were made, as sentences."),
  }),
  failed: ({ healthy }) => !healthy,
  async run(context, input) {
    const repaired = input.repair_runtime ? await repairRuntime(context) : [];
    for (const action of input.repair) repaired.push(...await repair(context, action));
    const findings = (await check(context, input.strict)).sort(bySeverity);
    const healthy = !findings.some(({ severity }) => severity === "error" || severity === "critical");
    return { healthy, findings, repaired };
  },
});

const SEVERITIES: readonly Finding["severity"][] = ["critical", "error", "warning", "info"];

/** The worst first; the order of the checks stays within a severity. */
function bySeverity(a: Finding, b: Finding): number {
  return SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity);
}

const CHECKS: readonly ((context: RepositoryContext) => Finding[] | Promise<Finding[]>)[] = [
  checkLayout,
  checkMarkers,
  checkLineage,
  checkRecords,
  checkWorktrees,
  checkAudit,
  checkRuntime,
  checkForeign,
];

async function check(context: RepositoryContext, strict: boolean): Promise<Finding[]> {
  const places = checkPlaces(context);
  const findings = [...places];
  for (const each of CHECKS) findings.push(...await asFar(() => runChecks(context, [each]), places));
  const problem = context.store.config.problem();
  if (problem !== undefined) findings.push(finding("error", problem.code, problem.message));
  const notHonoured = context.store.config.notHonoured();
  if (notHonoured !== undefined) findings.push(finding("warning", "E_USAGE", notHonoured));
  if (!strict) return findings;
  const told = new Set(findings.map(({ code, snapshot_id }) => `${code} ${snapshot_id}`));
  const read = await asFar(() => readEverything(context), places);
  return [...findings, ...read.filter(({ code, snapshot_id }) => !told.has(`${code} ${snapshot_id}`))];
}

/** Reads every snapshot: a finding for each that is damaged, unreadable or degraded. */
async function readEverything(context: RepositoryContext): Promise<Finding[]> {
  const read = new ReadInodes();
  const findings: Finding[] = [];
  for (const id of context.store.snapshots.list()) {
    const { severity, error, message, files, unchecked, worn } = await verifySnapshot(context, id, { read });
    const add = (
      level: Finding["severity"],
      code: string,
      state: string | null,
      paths: readonly string[],
    ) => findings.push(finding(level, code, `Snapshot ${id}: ${state}${someOf(paths)}`, { snapshot_id: id }));
    if (severity === "critical") {
      const paths = files.map(({ path, problem }) => `${path || "."} (${problem})`);
      add("critical", error ?? "E_PAYLOAD_HASH_MISMATCH", message ?? "it is damaged.", paths);
    } else if (severity === "unchecked") {
      add(
        "warning",
        "E_PERMISSION",
        message,
        unchecked.map(({ path, owner }) => `${path || "."} (of ${owner})`),
      );
    } else if (severity === "degraded") {
      add("warning", "E_DEGRADED", METADATA_LOST, worn.map(({ path, lost }) => `${path || "."} (${lost})`));
    }
  }
  return findings;
}

const METADATA_LOST =
  "its content is whole, but metadata was lost, as some copiers do; a restore brings it back.";

const MOST_NAMED = 5;

/** The first few paths, as the end of a message. */
function someOf(named: readonly string[]): string {
  if (named.length === 0) return "";
  const rest = named.length > MOST_NAMED ? `, and ${named.length - MOST_NAMED} more` : "";
  return ` ${named.slice(0, MOST_NAMED).join(", ")}${rest}`;
}
