import { isJvsError, JvsError, unlessThrown } from "../../model/errors.ts";
import { GcPlan, PLAN_VERSION, type PlannedSnapshot, type Policy } from "../../model/gc_records.ts";
import { formatBytes } from "../../model/duration.ts";
import { quoted } from "../../model/path_text.ts";
import { phase } from "../../model/progress.ts";
import { anything, type Infer, record } from "../../model/schema.ts";
import { nowIso, nowMs } from "../../platform/clock.ts";
import { Stat } from "../../platform/stat.ts";
import { MOST_BYTES, readRecord, recordText } from "../../repo/record_file.ts";
import { hashOfRead, recordHash } from "../../repo/record_hash.ts";
import { isKeeperMissing } from "../../repo/kept_folders.ts";
import { readDetailedIndex } from "../../repo/snapshot_index.ts";
import type { SnapshotTable } from "../../repo/snapshot_table.ts";
import type { Store } from "../../repo/store.ts";
import type { RepositoryContext } from "../context.ts";
import { type AboutPlan, aboutPlan } from "./about_plan.ts";
import { assess, type Assessment, type Question } from "./assess.ts";
import { keptByTrail, requireWholeTrail } from "./recorded.ts";
import { keptNow, ofUnended, ofUnknown, type Root } from "./roots.ts";
import { readSpace, type Space } from "../space/space.ts";

const ID_DIGITS = 16;
const MOST_PLANS = 20;

/** All snapshots, and what becomes of each. */
export interface Assessed {
  readonly table: SnapshotTable;
  readonly assessment: Assessment;
}

/** What becomes of each snapshot by a policy, as the repository is now. `also` are kept besides what records say. */
export async function assessNow(
  context: RepositoryContext,
  policy: Policy,
  also: readonly Root[] = [],
): Promise<Assessed> {
  const question = await questionNow(context, policy, also);
  return { table: question.table, assessment: assess(question) };
}

async function questionNow(
  context: RepositoryContext,
  policy: Policy,
  also: readonly Root[],
): Promise<Question> {
  const { store } = context;
  const now = nowMs();
  if (isKeeperMissing(store.layout)) await requireWholeTrail(store, "a folder of refs or pins is missing");
  const readTable = () => readDetailedIndex(store, context);
  // First, so that what is made after it is not judged by records that do not know it.
  let table = await readTable();
  const { roots, worktrees } = keptNow(store, now);
  // What a record names was made before the record.
  if (roots.some(({ id, mayBeNew }) => !mayBeNew && table.find(id) === -1)) table = await readTable();
  const unknown = [...ofUnknown(table, worktrees), ...ofUnended(store, table, worktrees)];
  const all = [...roots, ...unknown, ...foreignRoots(store, table), ...also];
  const worktreeIds = new Set(worktrees.map(({ worktree_id }) => worktree_id));
  return { table, roots: all, worktreeIds, policy, now };
}

/**
 * In a shared repository a member collects what that member made; root and the owner of a private one collect all. Of a pruned one
 * nothing tells who made it.
 */
function foreignRoots({ layout }: Store, table: SnapshotTable): Root[] {
  const { isOpenToOthers, owners: { caller } } = layout.plane;
  if (!isOpenToOthers || caller.uid === 0) return [];
  const stat = new Stat();
  const isOwn = (id: string) => layout.payload(id).stat(stat) && stat.uid === caller.uid;
  return Array.from({ length: table.count }, (_, row) => table.id(row)).filter((id) => !isOwn(id)).map((
    id,
  ) => ({
    id,
    by: "other",
    why: "another member made it",
  }));
}

/** A plan, and what people want to know of it. */
export interface MadePlan {
  readonly plan: GcPlan;
  readonly about: AboutPlan;
}

/** Makes a plan and writes it, so that it can be carried out later. Nothing else changes. */
export async function writePlan(context: RepositoryContext, policy: Policy): Promise<MadePlan> {
  const { store } = context;
  const made = await makePlan(context, policy);
  const { plan } = made;
  store.layout.gc.ensure(); // copy programs may leave out empty folders
  store.layout.plans.ensure();
  // A power cut costs a plan at most: it is made again, and one that is torn is not carried out.
  store.layout.plan(plan.plan_id).writeWhole(recordText(plan));
  forgetOld(store, plan.plan_id);
  return made;
}

/** Makes a plan. */
export async function makePlan(context: RepositoryContext, policy: Policy): Promise<MadePlan> {
  using _phase = phase(context.reporter, "planning");
  const made = await planKeeping(context, policy, []);
  if (made.plan.candidate_count === 0) return made;
  const also = await keptByTrail(context.store);
  return also.length === 0 ? made : await planKeeping(context, policy, also);
}

/** A plan that keeps these too. */
async function planKeeping(
  context: RepositoryContext,
  policy: Policy,
  also: readonly Root[],
): Promise<MadePlan> {
  const { store } = context;
  const question = await questionNow(context, policy, also);
  const space = await readSpace(context, question.table);
  const assessment = await withinLimit(context, question, space);
  const plan = await planOf(store, question, assessment, space);
  return { plan, about: aboutPlan(plan, question.table, assessment) };
}

/**
 * The assessment by which the repository is within the limit, or as near as it can be: the oldest that only number or age keeps are given
 * up. Where a policy takes the history too, a limit that cannot be reached is refused, because it would cost all of it in vain: it may
 * be in another unit than its author meant.
 */
async function withinLimit(
  { reporter }: RepositoryContext,
  question: Question,
  space: Space,
): Promise<Assessment> {
  const { policy, table } = question;
  const { max_repo_bytes } = policy;
  const first = assess(question);
  if (max_repo_bytes === 0) return first;
  const oldest = first.onlyRetained();
  const without = (count: number) => assess({ ...question, givenUp: new Set(oldest.slice(0, count)) });
  const left = async (assessment: Assessment) =>
    space.total - (await space.freed(rowsOf(table, assessment))).bytes;
  const least = await left(without(oldest.length));
  if (least > max_repo_bytes) {
    const error = outOfReach(policy, least);
    if (policy.prune_ancestors && oldest.length > 0) throw error;
    reporter.warn(`${error.message}.`);
  }
  let [few, many] = [0, oldest.length];
  while (few < many) {
    const middle = (few + many) >>> 1;
    if (await left(without(middle)) <= max_repo_bytes) many = middle;
    else few = middle + 1;
  }
  return without(few);
}

function outOfReach({ max_repo_bytes: limit, name }: Policy, least: number): JvsError {
  const kept = `what worktrees, refs, pins and tags keep takes ${formatBytes(least)} alone`;
  const message = `Cannot keep the repository within ${formatBytes(limit)}, as the policy ${
    quoted(name)
  } says: ${kept}`;
  return new JvsError("E_USAGE", message, {
    hint:
      "Set max_repo_bytes, which counts bytes, above that; or make less be kept: by a policy that prunes, or with fewer worktrees, refs and pins.",
    details: { policy: name, max_repo_bytes: limit, kept_bytes: least },
  });
}

function rowsOf(table: SnapshotTable, assessment: Assessment) {
  const pruned = assessment.rows("prune").filter((row) => !table.isPruned(row));
  return { deleted: assessment.rows("delete"), pruned };
}

async function planOf(
  store: Store,
  { policy, table }: Question,
  assessment: Assessment,
  space: Space,
): Promise<GcPlan> {
  const rows = rowsOf(table, assessment);
  const { bytes, isExact, perRow } = await space.freed(rows);
  const snapshots: PlannedSnapshot[] = [];
  const counts = { pin: 0, lineage: 0, ref: 0, retention: 0, other: 0 };
  for (let row = 0; row < table.count; row++) {
    const action = assessment.action(row);
    const reasons = assessment.reasons(row);
    reasons.forEach(({ by }, n) => {
      if (!reasons.slice(0, n).some((before) => before.by === by)) counts[by]++;
    });
    // Its fields are in the order in which they are hashed: so many records need no sorting then.
    snapshots.push({
      action,
      bytes: action === "keep" ? 0 : perRow[row] ?? 0,
      reasons: reasons.length > 0 ? reasons.map(({ why }) => why) : action === "delete" ? [] : LEADS_ON,
      snapshot_id: table.id(row),
    });
  }
  const candidates = snapshots.filter(({ action }) => action !== "keep").map((each) => each.snapshot_id);
  const said = {
    plan_version: PLAN_VERSION,
    repo_id: store.repoId,
    policy,
    candidates,
    candidate_count: candidates.length,
    protected_by_pin: counts.pin,
    protected_by_lineage: counts.lineage,
    protected_by_ref: counts.ref,
    protected_by_retention: counts.retention,
    protected_by_other: counts.other,
    deletable_bytes_estimate: bytes,
    is_exact: isExact,
    total_bytes: space.total,
    snapshots,
  };
  return { plan_id: (await recordHash(said)).slice(0, ID_DIGITS), created_at: nowIso(), ...said };
}

const LEADS_ON = ["a kept snapshot descends from it"];

/** Keeps the newest plans: others have been made since. They are not read, as others may have put anything there. */
function forgetOld({ layout }: Store, keep: string): void {
  const names = layout.plans.jsonNames().filter((name) => name !== keep);
  if (names.length < MOST_PLANS) return;
  const stat = new Stat();
  const made = (name: string) => layout.plan(name).stat(stat) ? stat.mtimeSec + stat.mtimeNsec / 1e9 : 0;
  const oldestFirst = names.map((name) => ({ name, at: made(name) })).sort((a, b) => a.at - b.at);
  for (const { name } of oldestFirst.slice(0, names.length - MOST_PLANS + 1)) layout.plan(name).remove();
}

/** A plan that was made here and is as it was written; `E_GC_PLAN_MISMATCH` says what is wrong with it. */
export async function readPlan(store: Store, planId: string): Promise<GcPlan> {
  const file = store.layout.plan(planId);
  const mismatch = (state: string) => planMismatch(planId, state);
  if (!/^[0-9a-f]{16}$/.test(planId)) throw mismatch("no plan has this id");
  const plan = unlessThrown(isDamaged, () => readRecord(file, GcPlan, "the plan", MOST_BYTES.plan) ?? null);
  if (plan === null) throw mismatch("there is no such plan, or it was carried out");
  if (plan === undefined) {
    const raw = unlessThrown(isDamaged, () => readRecord(file, AnyPlan, "the plan", MOST_BYTES.plan));
    if (raw !== undefined && await isAsWritten(raw, planId)) {
      throw mismatch("it was written by another version of jvs");
    }
    throw mismatch(`its file ${quoted(file.path)} is damaged`);
  }
  if (!await isAsWritten(plan, planId)) throw mismatch("it was changed after it was made");
  if (plan.repo_id !== store.repoId) throw mismatch("it was made for another repository");
  return plan;
}

/** A plan of any version: the hash of all else that it says is its id. */
const AnyPlan = record({ plan_id: GcPlan.fields.plan_id, created_at: anything() });

async function isAsWritten(plan: Infer<typeof AnyPlan>, planId: string): Promise<boolean> {
  const { created_at: _made, plan_id, ...said } = plan;
  return plan_id === planId && (await hashOfRead(said))?.slice(0, ID_DIGITS) === planId;
}

function isDamaged(error: unknown): error is JvsError {
  return isJvsError(error, "E_DESCRIPTOR_CORRUPT");
}

/** The error for a plan that cannot be carried out. */
export function planMismatch(planId: string, state: string, snapshotIds: readonly string[] = []): JvsError {
  return new JvsError("E_GC_PLAN_MISMATCH", `Cannot carry out the plan ${quoted(planId)}: ${state}`, {
    hint: "Nothing was changed by it. Make a new plan with `jvs gc plan`.",
    details: { plan_id: planId, snapshot_ids: snapshotIds.slice(0, 100) },
  });
}
