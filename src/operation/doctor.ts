import { firstFew } from "../model/first_few.ts";
import { Finding } from "../model/records.ts";
import { sentence } from "../model/printable.ts";
import { boolean, list, oneOf, record, text } from "../model/schema.ts";
import {
  type Check,
  checkAudit,
  checkLeftovers,
  checkLineage,
  checkParts,
  checkWorktrees,
  eachOnce,
  runChecks,
} from "../protocol/verify/check.ts";
import { checkClock } from "../protocol/verify/clock.ts";
import { defineOperation } from "./define.ts";
import type { RepositoryContext } from "../protocol/context.ts";
import { damageFound, finding, REPAIRS } from "../protocol/verify/finding.ts";
import { checkLeases } from "../protocol/verify/leases.ts";
import { asFar, checkForeign, checkKept, checkPlaces } from "../protocol/verify/foreign_files.ts";
import { checkRecords } from "../protocol/verify/lost_records.ts";
import { checkMarkers } from "../protocol/verify/leftovers.ts";
import { checkPruned } from "../protocol/verify/pruned.ts";
import { checkKnownDamage } from "../protocol/verify/known_damage.ts";
import { checkFolders } from "../protocol/verify/missing_folders.ts";
import { folderAcceptance } from "../protocol/change/change.ts";
import { headAdvance, lineKeeping } from "../protocol/snapshot/catch_up.ts";
import { readyRebuilding, repair, repairRuntime } from "../protocol/verify/repair.ts";
import { ReadInodes } from "../protocol/verify/read_inodes.ts";
import { Remembered } from "../protocol/verify/remembered.ts";
import { checkRuntime } from "../protocol/verify/runtime.ts";
import { checkSettings } from "../protocol/verify/settings.ts";
import { checkSignatures, checkSigningKey } from "../protocol/verify/signatures.ts";
import { verifyListed } from "../protocol/verify/verify_snapshot.ts";

/** Checks the repository, and repairs it on request. */
export const doctor = defineOperation({
  name: "doctor",
  summary: "Check the repository, and repair it on request",
  about:
    "Checks the layout, snapshots, lineage, worktrees, audit log, interrupted operations and the clock, " +
    "and says what `jvs verify` found damaged and has not found sound since. Changes nothing " +
    "unless you ask for a repair. --repair-runtime recovers interrupted operations and rebuilds what can be rebuilt. " +
    `It does other repairs only by name: ${REPAIRS.join(", ")}.`,
  examples: [
    ["jvs doctor", "a quick check"],
    ["jvs doctor --strict", "also reads every snapshot"],
    ["jvs doctor --strict --repair-runtime", "after a crash, or after copying a repository"],
  ],
  changes: "repository",
  kinds: [folderAcceptance, headAdvance, lineKeeping, readyRebuilding],
  input: record({
    strict: boolean().default(false).about("Also read every snapshot's content."),
    repair_runtime: boolean().default(false)
      .about("Finish or undo interrupted operations, and do the repairs that cannot lose anything."),
    repair: list(oneOf(...REPAIRS)).default([]).about("Also do this repair; may be given several times.")
      .cli({ placeholder: "ACTION" }),
  }, { closed: true }),
  output: record({
    healthy: boolean().about("No finding is an `error` or `critical`."),
    findings: list(Finding).about("What was found after the repairs, the worst first."),
    repaired: list(text()).about("The repairs that were made, as sentences."),
  }),
  failed: ({ healthy }) => !healthy,
  takesUnmarked: ({ repair_runtime }) => repair_runtime,
  async run(context, input) {
    const repaired = input.repair_runtime ? await repairRuntime(context) : [];
    for (const action of input.repair) repaired.push(...await repair(context, action));
    const found = await check(context, input.strict);
    const findings = WORST_FIRST.flatMap((worst) => found.filter(({ severity }) => severity === worst));
    const healthy = !findings.some(({ severity }) => severity === "error" || severity === "critical");
    return { healthy, findings, repaired };
  },
});

const WORST_FIRST = ["critical", "error", "warning", "info"] as const;

const CHECKS: readonly Check[] = [
  checkParts,
  checkLeftovers,
  checkFolders,
  checkMarkers,
  checkPruned,
  checkLineage,
  checkRecords,
  checkWorktrees,
  checkAudit,
  checkSignatures,
  checkSigningKey,
  checkRuntime,
  checkLeases,
  checkClock,
  checkForeign,
  checkKept,
  checkSettings,
];

async function check(context: RepositoryContext, strict: boolean): Promise<Finding[]> {
  const places = checkPlaces(context);
  const found = [...places];
  for (const each of CHECKS) found.push(...await asFar(() => runChecks(context, [each]), places));
  const findings = eachOnce(found);
  const told = new Set(findings.map(({ code, snapshot_id }) => `${code} ${snapshot_id}`));
  const ofContent = strict ? () => Array.fromAsync(readEverything(context)) : () => checkKnownDamage(context);
  const read = await asFar(ofContent, places);
  return [...findings, ...read.filter(({ code, snapshot_id }) => !told.has(`${code} ${snapshot_id}`))];
}

/** Reads every snapshot: a finding for each that is damaged, unreadable or degraded. */
async function* readEverything(context: RepositoryContext): AsyncGenerator<Finding> {
  const { store } = context;
  await using remembered = await Remembered.open(store);
  const options = { read: new ReadInodes(), remembered };
  for await (const verified of verifyListed(context, store.snapshots.list(), options)) {
    const { severity, error, message, files, unchecked, worn, snapshot_id: id } = verified;
    const told = (state: string, paths: readonly (readonly [path: string, what: string])[]) =>
      `${state} ${firstFew(paths.map(([path, what]) => `${path || "."} (${what})`))}`.trimEnd();
    const noted = (code: "E_PERMISSION" | "E_DEGRADED", what: string, way: string) =>
      finding("warning", code, `Snapshot ${id}: ${sentence(what)} ${way}`, { snapshot_id: id });
    if (severity === "critical") {
      const what = told(message ?? "It is damaged.", files.map(({ path, problem }) => [path, problem]));
      yield damageFound(id, error ?? "E_PAYLOAD_HASH_MISMATCH", what);
    } else if (severity === "unchecked") {
      const what = told(message ?? "", unchecked.map(({ path, owner }) => [path, `of ${owner}`]));
      yield noted("E_PERMISSION", what, "Let their owner or root check it.");
    } else if (severity === "degraded") {
      yield noted("E_DEGRADED", told(LOST, worn.map(({ path, lost }) => [path, lost])), RESTORE_MENDS);
    }
  }
}

const LOST = "its content is whole, but metadata was lost, as some copiers do:";
const RESTORE_MENDS = "A restore brings it back.";
