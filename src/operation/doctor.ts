import { Finding } from "../model/records.ts";
import { boolean, type Infer, list, oneOf, record, text } from "../model/schema.ts";
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
import { folderAcceptance } from "../protocol/change/accept_folder.ts";
import { readyRebuilding } from "../protocol/verify/rebuild_ready.ts";
import { headAdvance, repair, repairRuntime } from "../protocol/verify/repair.ts";
import { ReadInodes } from "../protocol/verify/read_inodes.ts";
import { verifySnapshot } from "../protocol/verify/verify_snapshot.ts";

const Input = record({
  strict: boolean().default(false).about("Also read every snapshot's content."),
  repair_runtime: boolean().default(false)
    .about("Finish or undo what was interrupted, and do the repairs that cannot lose anything."),
  repair: list(oneOf(...REPAIRS)).default([]).about("Do this repair too; may be given several times.")
    .cli({ placeholder: "ACTION" }),
}, { closed: true });

/** Looks the repository over, and mends on request. */
export const doctor = defineOperation({
  name: "doctor",
  summary: "Look the repository over, and mend it on request",
  about:
    "Checks layout, snapshots, lineage, worktrees, audit trail, what was interrupted, and the clock. Changes nothing " +
    "unless asked to. --repair-runtime recovers interrupted operations and rebuilds what is rebuildable; other repairs " +
    `are done only by name: ${REPAIRS.join(", ")}.`,
  examples: [
    ["jvs doctor", "a quick look"],
    ["jvs doctor --strict", "reads every snapshot too"],
    ["jvs doctor --strict --repair-runtime", "after a crash, or after copying a repository"],
  ],
  changes: "repository",
  kinds: [folderAcceptance, headAdvance, readyRebuilding],
  input: Input,
  output: record({
    healthy: boolean(),
    findings: list(Finding),
    repaired: list(text()).about("What was mended, in sentences."),
  }),
  failed: ({ healthy }) => !healthy,
  async run(context, input) {
    const repaired = input.repair_runtime ? await repairRuntime(context) : [];
    for (const action of input.repair) repaired.push(...await repair(context, action));
    const findings = await look(context, input);
    const healthy = !findings.some(({ severity }) => severity === "error" || severity === "critical");
    return { healthy, findings, repaired };
  },
});

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

async function look(context: RepositoryContext, { strict }: Infer<typeof Input>): Promise<Finding[]> {
  const places = checkPlaces(context);
  const findings = [...places];
  for (const check of CHECKS) findings.push(...await asFar(() => runChecks(context, [check]), places));
  const problem = context.store.config.problem();
  if (problem !== undefined) findings.push(finding("error", problem.code, problem.message));
  const notHonoured = context.store.config.notHonoured();
  if (notHonoured !== undefined) findings.push(finding("warning", "E_USAGE", notHonoured));
  if (!strict) return findings;
  const told = new Set(findings.map(({ code, snapshot_id }) => `${code} ${snapshot_id}`));
  const read = await asFar(() => readEverything(context), places);
  return [...findings, ...read.filter(({ code, snapshot_id }) => !told.has(`${code} ${snapshot_id}`))];
}

async function readEverything(context: RepositoryContext): Promise<Finding[]> {
  const read = new ReadInodes();
  const findings: Finding[] = [];
  for (const id of context.store.snapshots.list()) {
    const { severity, error, message, files, unchecked, worn } = await verifySnapshot(context, id, { read });
    if (severity === "critical") {
      const named = someOf(files.map(({ path, problem }) => `${path || "."} (${problem})`));
      const text = `Snapshot ${id}: ${message ?? "it is damaged."}${named}`;
      findings.push(finding("critical", error ?? "E_PAYLOAD_HASH_MISMATCH", text, { snapshot_id: id }));
    } else if (severity === "unchecked") {
      const named = someOf(unchecked.map(({ path, owner }) => `${path || "."} (of ${owner})`));
      const text = `Snapshot ${id}: ${message}${named}`;
      findings.push(finding("warning", "E_PERMISSION", text, { snapshot_id: id }));
    } else if (severity === "degraded") {
      const named = someOf(worn.map(({ path, lost }) => `${path || "."} (${lost})`));
      const text =
        `Snapshot ${id}: its content is whole, but metadata was lost, as some copiers do; a restore brings it back.${named}`;
      findings.push(finding("warning", "E_DEGRADED", text, { snapshot_id: id }));
    }
  }
  return findings;
}

const MOST_NAMED = 5;

/** The first few, as the end of a message. */
function someOf(named: readonly string[]): string {
  if (named.length === 0) return "";
  const rest = named.length > MOST_NAMED ? `, and ${named.length - MOST_NAMED} more` : "";
  return ` ${named.slice(0, MOST_NAMED).join(", ")}${rest}`;
}
