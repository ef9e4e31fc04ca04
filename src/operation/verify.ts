import { JvsError } from "../model/errors.ts";
import { quoted } from "../model/path_text.ts";
import { Finding } from "../model/records.ts";
import { boolean, type Infer, integer, list, nullable, oneOf, record, text } from "../model/schema.ts";
import { standsOn } from "../repo/lineage.ts";
import { resolveSnapshot } from "../repo/resolve.ts";
import { checkAudit, checkLineage, runChecks } from "../protocol/verify/check.ts";
import { defineOperation } from "./define.ts";
import type { RepositoryContext } from "../protocol/context.ts";
import { checkRecords } from "../protocol/verify/lost_records.ts";
import { parseSubset } from "../protocol/verify/subset.ts";
import { ReadInodes } from "../protocol/verify/read_inodes.ts";
import { VerifiedSnapshot, verifySnapshot } from "../protocol/verify/verify_snapshot.ts";
import { checkMarkers } from "../protocol/verify/lost_markers.ts";
import { requireWorktree } from "../protocol/worktree/which.ts";

const Input = record({
  snapshot: text().optional().about("The snapshot; the one the worktree stands on when left out.")
    .cli({ positional: true, completes: "snapshot" }),
  all: boolean().default(false).about("Every snapshot, the lineage and the audit trail."),
  subset: text().optional().about("Read only a part of the content: `n/t` or `x%` (a rotating one).")
    .cli({ placeholder: "PART" }),
  worktree: text().optional().about("Another worktree than the one you are in.")
    .cli({ placeholder: "NAME", completes: "worktree" }),
}, { closed: true });

const Output = record({
  snapshots: list(VerifiedSnapshot),
  findings: list(Finding).about(
    "With --all: what is wrong with commit markers, records of worktrees, lineage and audit trail.",
  ),
  verified: integer().about("How many snapshots were looked at."),
  checksum_valid: nullable(boolean()).about("Null when a record may not be read, and what was read is well."),
  payload_hash_valid: nullable(boolean()).about("Null when not all was read, and what was read is well."),
  tamper_detected: boolean(),
  severity: oneOf("ok", "degraded", "unchecked", "error", "critical").about(
    "The worst there is. `unchecked`: nothing wrong was found, but you may not read everything. " +
      "`error`: with --all, something is wrong with records around the snapshots, such as a ref.",
  ),
});

/** Reads snapshots and says whether they are still what was saved. */
export const verify = defineOperation({
  name: "verify",
  summary: "Read snapshots and say whether they are still what was saved",
  about:
    "Checks descriptor, manifest and every byte of the payload, and names each changed, missing or extra path, and what " +
    "lost only metadata. " +
    "Files that snapshots share are read once. --all adds commit markers, records of worktrees, the lineage and the audit trail. Changes nothing.",
  examples: [
    ["jvs verify", "the snapshot this worktree stands on"],
    ["jvs verify v1", "one snapshot"],
    ["jvs verify --all", "everything"],
    ["jvs verify --all --subset 1/7", "a seventh of the content: another one each night"],
  ],
  changes: "nothing",
  input: Input,
  output: Output,
  failed: ({ severity }) => severity !== "ok",
  async run(context, input) {
    const { store } = context;
    if (input.all && input.snapshot !== undefined) throw bothAsked(input.snapshot);
    const ids = input.all
      ? store.snapshots.list()
      : [await oneSnapshot(context, input.snapshot, input.worktree)];
    const read = new ReadInodes();
    const isRead = input.subset === undefined ? undefined : parseSubset(context, input.subset);
    const snapshots: VerifiedSnapshot[] = [];
    for (const id of ids) {
      snapshots.push(
        await verifySnapshot(context, id, { read, ...(isRead === undefined ? {} : { isRead }) }),
      );
    }
    return resultOf(snapshots, input.all ? await checkAround(context) : []);
  },
});

function resultOf(snapshots: VerifiedSnapshot[], around: readonly Finding[]): Infer<typeof Output> {
  // What a snapshot says of itself is not said again.
  const findings = around.filter(({ snapshot_id, code }) =>
    !snapshots.some((each) => each.snapshot_id === snapshot_id && each.error === code)
  );
  const has = (severity: Finding["severity"]) => findings.some((each) => each.severity === severity);
  const is = (severity: VerifiedSnapshot["severity"]) => snapshots.some((each) => each.severity === severity);
  const tampered = is("critical") || has("critical");
  const unchecked = is("unchecked") || findings.some(({ code }) => code === "E_PERMISSION");
  return {
    snapshots,
    findings,
    verified: snapshots.length,
    checksum_valid: allOf(snapshots.map((each) => each.checksum_valid)),
    payload_hash_valid: allOf(snapshots.map((each) => each.payload_hash_valid)),
    tamper_detected: tampered,
    severity: tampered
      ? "critical"
      : has("error")
      ? "error"
      : unchecked
      ? "unchecked"
      : is("degraded")
      ? "degraded"
      : "ok",
  };
}

/** Null: one of them is not known, and none is false. */
function allOf(answers: readonly (boolean | null)[]): boolean | null {
  return answers.includes(false) ? false : answers.includes(null) ? null : true;
}

function bothAsked(snapshot: string): JvsError {
  return new JvsError("E_USAGE", `Cannot verify ${quoted(snapshot)} and all: --all takes no snapshot`, {
    hint: "Leave one of the two out.",
    details: { snapshot },
  });
}

/** What is not in any one snapshot. */
async function checkAround(context: RepositoryContext): Promise<Finding[]> {
  return await runChecks(context, [checkMarkers, checkRecords, checkLineage, checkAudit]);
}

async function oneSnapshot(
  context: RepositoryContext,
  word: string | undefined,
  worktreeName: string | undefined,
): Promise<string> {
  const worktree = requireWorktree(context, worktreeName);
  if (word !== undefined) {
    return await resolveSnapshot(context.store, word, { worktree, forProgram: context.forProgram });
  }
  const head = standsOn(context.store, worktree);
  if (head !== null) return head;
  throw new JvsError("E_NOT_FOUND", `Cannot verify: worktree "${worktree.name}" has no snapshot yet`, {
    hint: "Make one with `jvs snapshot`.",
  });
}
