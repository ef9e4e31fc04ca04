import { parseWhen } from "../model/duration.ts";
import { JvsError } from "../model/errors.ts";
import { quoted } from "../model/path_text.ts";
import { Finding } from "../model/records.ts";
import { boolean, type Infer, integer, list, nullable, oneOf, record, text } from "../model/schema.ts";
import { nowMs } from "../platform/clock.ts";
import { standsOn } from "../repo/lineage.ts";
import { resolveSnapshot } from "../repo/resolve.ts";
import { checkAudit, checkLineage, runChecks } from "../protocol/verify/check.ts";
import { defineOperation, OTHER_WORKTREE } from "./define.ts";
import type { RepositoryContext } from "../protocol/context.ts";
import { checkExpectedHead, EXPECTED_HEAD } from "../protocol/verify/expected_head.ts";
import { checkRecords } from "../protocol/verify/lost_records.ts";
import { ReadInodes } from "../protocol/verify/read_inodes.ts";
import { Remembered } from "../protocol/verify/remembered.ts";
import { VerifiedSnapshot, verifyListed, verifySnapshot } from "../protocol/verify/verify_snapshot.ts";
import { checkMarkers } from "../protocol/verify/leftovers.ts";
import { checkPruned } from "../protocol/verify/pruned.ts";
import { parseSubset } from "../protocol/verify/subset.ts";
import { recordAllowance, unsignedAllowance } from "../protocol/signing/allow_unsigned.ts";
import type { TrailSignature } from "../protocol/signing/check_trail.ts";
import { checkSignatures, trailFindings } from "../protocol/verify/signatures.ts";
import { SignatureJudge } from "../protocol/signing/judge.ts";
import { noteHead } from "../protocol/signing/own_word.ts";
import { requireWorktree } from "../protocol/worktree/which.ts";

const Input = record({
  snapshot: text().optional().about("The snapshot; by default the one the worktree stands on.")
    .cli({ positional: true, completes: "snapshot" }),
  all: boolean().default(false).about("Verify every snapshot, and the records around them."),
  subset: text().optional()
    .about("Read only a part of the content: `x%`, each time the next, or `n/t`, always the same.")
    .cli({ placeholder: "PART" }),
  since: text().optional()
    .about("Do not read again what this host read since then: a date, a time, or `7d` ago.")
    .cli({ placeholder: "WHEN" }),
  fail_fast: boolean().default(false).about("Stop at the first damage."),
  expect_head: EXPECTED_HEAD,
  allow_unsigned: boolean().default(false)
    .about(
      "Take unsigned snapshots too, where signatures are required, this once; the audit log records it.",
    ),
  worktree: OTHER_WORKTREE,
}, { closed: true });
type Asked = Infer<typeof Input>;

/** Reads snapshots and checks that they are still what was saved. */
export const verify = defineOperation({
  name: "verify",
  summary: "Check that snapshots are still what was saved",
  about:
    "Checks the descriptor, the manifest and every byte of the payload. Names each path that was changed, is missing, " +
    "is extra, or lost only metadata. Reads a file that snapshots share only once. --all also checks commit markers, " +
    "records of worktrees, the lineage, the audit log and all signatures. Changes nothing.",
  examples: [
    ["jvs verify", "the snapshot this worktree stands on"],
    ["jvs verify v1", "one snapshot"],
    ["jvs verify --all", "everything"],
    ["jvs verify --all --subset 15%", "about a seventh of the content, each time the next part"],
    ["jvs verify --all --since 7d", "what was not read in the last week"],
    ["jvs verify v1 --allow-unsigned", "one from before signatures, where they are required"],
  ],
  changes: "nothing",
  kinds: [unsignedAllowance],
  input: Input,
  output: record({
    snapshots: list(VerifiedSnapshot).about("What was found for each snapshot, the oldest first."),
    findings: list(Finding).about(
      "With --all: what is wrong with the records around the snapshots; with --allow-unsigned: with the audit log's signature.",
    ),
    verified: integer().about("How many snapshots were checked."),
    complete: boolean().about("All was checked; false where --fail-fast stopped."),
    checksum_valid: nullable(boolean()).about("Null if a record could not be read, and no other is wrong."),
    payload_hash_valid: nullable(boolean())
      .about("Null if some content was not read, and no other is wrong."),
    tamper_detected: boolean().about("Records or content are not what was saved: `severity` is `critical`."),
    severity: oneOf("ok", "degraded", "unchecked", "error", "critical").about(
      "The worst that was found. `unchecked`: nothing is wrong, but you may not read everything. " +
        "`error`: with --all, a record around the snapshots, such as a ref, is wrong.",
    ),
  }),
  failed: ({ severity }) => severity !== "ok",
  async run(context, input) {
    const { store } = context;
    if (input.all && input.snapshot !== undefined) {
      const message = `Cannot verify ${quoted(input.snapshot)} and all: --all takes no snapshot`;
      const hint = "Leave out the snapshot or --all.";
      throw new JvsError("E_USAGE", message, { hint, details: { snapshot: input.snapshot } });
    }
    const since = input.since === undefined ? undefined : parseWhen(input.since, nowMs());
    const ids = input.all ? store.snapshots.list() : [await oneSnapshot(context, input)];
    const { allow_unsigned: allowUnsigned, fail_fast: failFast } = input;
    const judge = await SignatureJudge.open(store, { allowUnsigned });
    const trail = allowUnsigned
      ? await recordAllowance(context, judge, input.all ? "all" : ids[0] ?? "")
      : undefined;
    // Records are checked in a moment: the first damage may be there.
    const first = failFast ? await checkAround(context, input, trail) : undefined;
    if (first?.some(isDamage)) return { ...resultOf([], first), complete: false };
    const snapshots = await readSnapshots(context, ids, { ...input, judge, since: since });
    const around = first ?? await checkAround(context, input, trail);
    const result = { ...resultOf(snapshots, around), complete: !failFast || !snapshots.some(isDamage) };
    // What was taken for once is not what the user expects from now on.
    if (input.all && !allowUnsigned && result.severity === "ok") await noteHead(context, judge);
    return result;
  },
});

/** Reads snapshots, as far as it is to go. */
async function readSnapshots(
  context: RepositoryContext,
  ids: readonly string[],
  { all, judge, since, subset, fail_fast: failFast }: Omit<Asked, "since"> & {
    readonly judge: SignatureJudge;
    readonly since: number | undefined;
  },
): Promise<VerifiedSnapshot[]> {
  const part = subset === undefined ? undefined : parseSubset(context, subset);
  await using remembered = await Remembered.open(context.store, since);
  const read = ids.length > 1 ? new ReadInodes() : undefined;
  const options = { read, isRead: part?.isRead, remembered, failFast, judge };
  if (all && failFast) {
    // What shows without reading is looked for in all of them first.
    const looked = await verifyUntil(isDamage, verifyListed(context, ids, { ...options, lookOnly: true }));
    const [last] = looked.slice(-1);
    if (last !== undefined && isDamage(last)) return [last];
  }
  const isLast = (each: VerifiedSnapshot) => failFast && isDamage(each);
  const verified = all
    ? await verifyUntil(isLast, verifyListed(context, ids, options))
    : [await verifySnapshot(context, ids[0] ?? "", options)];
  if (!verified.some(isLast)) part?.wasRead();
  return verified;
}

/** All of them, or up to the first at which to stop. */
async function verifyUntil(
  isLast: (verified: VerifiedSnapshot) => boolean,
  each: AsyncIterable<VerifiedSnapshot>,
): Promise<VerifiedSnapshot[]> {
  const verified: VerifiedSnapshot[] = [];
  for await (const snapshot of each) {
    verified.push(snapshot);
    if (isLast(snapshot)) break;
  }
  return verified;
}

async function checkAround(
  context: RepositoryContext,
  { all, allow_unsigned: allowUnsigned, expect_head: head }: Asked,
  trail: TrailSignature | undefined,
): Promise<Finding[]> {
  const signatures = (each: RepositoryContext) => checkSignatures(each, { allowUnsigned, trail });
  return [
    ...all
      ? await runChecks(context, [...AROUND, signatures])
      : trail === undefined
      ? []
      : trailFindings(context.store, trail),
    ...head === undefined ? [] : await checkExpectedHead(context.store, head),
  ];
}

function isDamage({ severity }: Pick<Finding | VerifiedSnapshot, "severity">): boolean {
  return severity === "critical";
}

/** The checks of records that are not part of one snapshot. */
const AROUND = [checkMarkers, checkPruned, checkRecords, checkLineage, checkAudit];

function resultOf(snapshots: VerifiedSnapshot[], around: readonly Finding[]) {
  // The results of the snapshots have these already.
  const findings = around.filter(({ snapshot_id, code }) =>
    !snapshots.some((each) => each.snapshot_id === snapshot_id && each.error === code)
  );
  const found = new Set<string>([...snapshots, ...findings].map(({ severity }) => severity));
  if (findings.some(({ code }) => code === "E_PERMISSION")) found.add("unchecked");
  const severity = WORST_FIRST.find((each) => found.has(each)) ?? "ok" as const;
  return {
    snapshots,
    findings,
    verified: snapshots.length,
    checksum_valid: allOf(snapshots.map((each) => each.checksum_valid)),
    payload_hash_valid: allOf(snapshots.map((each) => each.payload_hash_valid)),
    tamper_detected: severity === "critical",
    severity,
  };
}

const WORST_FIRST = ["critical", "error", "unchecked", "degraded"] as const;

/** Null if one of them is null and none is false. */
function allOf(answers: readonly (boolean | null)[]): boolean | null {
  return answers.includes(false) ? false : answers.includes(null) ? null : true;
}

async function oneSnapshot(context: RepositoryContext, input: { snapshot?: string; worktree?: string }) {
  const { snapshot } = input;
  // A snapshot that is named can be verified even where the worktree's record is damaged.
  if (snapshot !== undefined && input.worktree === undefined) {
    return await resolveSnapshot(context.store, snapshot, context);
  }
  const worktree = requireWorktree(context, input.worktree);
  if (snapshot !== undefined) return await resolveSnapshot(context.store, snapshot, { ...context, worktree });
  const head = standsOn(context.store, worktree);
  if (head !== null) return head;
  throw new JvsError("E_NOT_FOUND", `Cannot verify: worktree "${worktree.name}" has no snapshot yet`, {
    hint: "Make one with `jvs snapshot`.",
  });
}
