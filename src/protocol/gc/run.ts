import type { GcPlan, PlannedSnapshot, Policy } from "../../model/gc_records.ts";
import { isJvsError } from "../../model/errors.ts";
import { snapshotId } from "../../model/records.ts";
import { list, record, text } from "../../model/schema.ts";
import { canonicalJson } from "../../model/canonical_json.ts";
import { nowMs } from "../../platform/clock.ts";
import { changeRepository } from "../change/change.ts";
import { commitChange, entryOf, finishDecided } from "../change/commit.ts";
import { type Change, defineChange } from "../change/kind.ts";
import { lockCollection, lockRepository, recoverOpenIntents } from "../change/locks.ts";
import type { RepositoryContext } from "../context.ts";
import { isExpired } from "../../repo/pins.ts";
import type { Store } from "../../repo/store.ts";
import { removeOldReplaced } from "../restore/replaced.ts";
import { assessNow, planMismatch } from "./plan.ts";
import { policyOf } from "./policy.ts";
import { keptByTrail } from "./recorded.ts";
import type { Root } from "./roots.ts";
import { sweep, type Swept } from "./sweep.ts";
import { COLLECTION, finishTaking, isAny, TAKEN, type Taken, takeOut } from "./take_out.ts";

/** So many snapshots leave the history in one change: the marker of each is open and locked until they have. */
const AT_ONCE = 256;

const NOTHING: Taken = { pruned: [], deleted: [] };

/** Takes snapshots out of the history. What they held is deleted afterwards. */
export const collection = defineChange({
  operation: COLLECTION,
  details: TAKEN,
  steps: ["marking"],
  touchesFiles: true, // where others may write, they must not make up which payloads are moved
  audit: record({ plan_id: text(), pruned: list(snapshotId()), deleted: list(snapshotId()) }),
  async recover(context, intent): Promise<void> {
    const { store } = context;
    const decided = intent.decided();
    // Until it is decided nothing goes. With a tombstone the decision may be newer than the intent of a copy.
    const begun = decided !== null || store.tombstones.has(intent.id) ? intent.details : NOTHING;
    const told = decided === null ? undefined : { plan_id: intent.target, audit: decided };
    const taken = finishTaking(store, intent.id, begun, told);
    if (decided === null || !isAny(taken)) return intent.complete();
    intent.decide({ ...decided, details: { ...decided.details, ...taken } });
    await finishDecided(context, intent);
  },
});

/** What a garbage collection did. */
export interface Collected extends Taken {
  /** Candidates that stayed, because somebody used them at that moment. */
  readonly inUse: readonly string[];
  /** What an earlier run took out of the history, and this one deleted. */
  readonly finished: readonly string[];
  /** What came free with all that was deleted, by the plans. */
  readonly freedBytes: number;
  /** What came free besides with what restores had replaced: no plan says it. */
  readonly replacedBytes: number;
}

/**
 * Carries a plan out, in two phases. Snapshots leave the history, many in one change: a tombstone says which, then their markers
 * go. Then their files are deleted, without a lock that others wait for (`sweep.ts`). Interrupted anywhere, it goes on when it is
 * called again. docs/design/garbage-collection.md has the reasons.
 *
 * A plan that somebody looked at before is carried out whole or not at all. Of one that was made just now, what came to be kept since is
 * left.
 */
export class PlanRun {
  readonly #swept: Swept[] = [];
  /** The candidates that were there when the first was about to be taken. */
  #waiting: ReadonlySet<string> | undefined;
  #replacedBytes = 0;

  constructor(
    private readonly context: RepositoryContext,
    readonly plan: GcPlan,
    private readonly options: { readonly wasLookedAt: boolean },
  ) {}

  /**
   * Does all that is left to do: where the disk was full, it can be called again. Where room is short, one snapshot leaves the history
   * first and its files go at once, which gives the room to mark two, and so on.
   */
  async run({ isRoomShort }: { readonly isRoomShort: boolean }): Promise<Collected> {
    const { context, options: { wasLookedAt }, plan } = this;
    const { store } = context;
    using _collection = await lockCollection(context, collection.operation);
    await endInterrupted(context);
    await sweep(context, this.#swept); // what an earlier run left: it needs no room, and gives some
    if (wasLookedAt) await requirePlan(context, plan);
    // The newest first: a descendant leaves before what it descends from.
    const waiting = plan.snapshots.filter((each) => isWaiting(store, each)).map((each) => each.snapshot_id)
      .reverse();
    this.#waiting ??= new Set(waiting);
    const inUse: string[] = [];
    for (const batch of batchesOf(waiting, isRoomShort ? 1 : AT_ONCE)) {
      await takeBatch(context, plan, batch, inUse);
      if (isRoomShort) await sweep(context, this.#swept); // what fails stays for the end
    }
    const failure = await sweep(context, this.#swept);
    if (failure !== undefined) throw failure;
    await tidyUp(context, {
      planId: wasLookedAt && inUse.length === 0 ? plan.plan_id : undefined,
      freed: (bytes) => void (this.#replacedBytes += bytes),
    });
    return this.#collected(this.#waiting, inUse);
  }

  #collected(waiting: ReadonlySet<string>, inUse: readonly string[]): Collected {
    const swept = this.#swept;
    const all = (kind: keyof Taken) => swept.flatMap((each) => each[kind]).sort();
    const [pruned, deleted] = [all("pruned"), all("deleted")];
    return {
      pruned: pruned.filter((id) => waiting.has(id)),
      deleted: deleted.filter((id) => waiting.has(id)),
      inUse: inUse.toSorted(),
      finished: [...pruned, ...deleted].filter((id) => !waiting.has(id)).sort(),
      replacedBytes: this.#replacedBytes,
      freedBytes: swept.flatMap(({ bytes }) => [...bytes.values()]).reduce((sum, each) => sum + each, 0),
    };
  }
}

/** Whether what was planned for a snapshot is still to be done. */
function isWaiting({ snapshots }: Store, { action, snapshot_id: id }: PlannedSnapshot): boolean {
  return action === "prune" ? snapshots.exists(id) : action === "delete" && snapshots.isKnown(id);
}

/** Each twice as large as the one before, up to `AT_ONCE`. */
function* batchesOf(ids: readonly string[], first: number): Generator<readonly string[]> {
  for (let [i, size] = [0, first]; i < ids.length; i += size, size = Math.min(2 * size, AT_ONCE)) {
    yield ids.slice(i, i + size);
  }
}

/** What is not needed any more besides. That it cannot be removed is only a warning: the snapshots are gone. */
async function tidyUp(
  context: RepositoryContext,
  { freed, planId }: { readonly planId: string | undefined; readonly freed: (bytes: number) => void },
): Promise<void> {
  const { reporter, store } = context;
  try {
    await removeOldReplaced(store, store.config.get("restore.keep_replaced"), freed);
    forgetExpiredPins(context);
    if (planId !== undefined) store.layout.plan(planId).remove();
  } catch (error) {
    if (!isJvsError(error) || error.code === "E_INTERRUPTED") throw error;
    reporter.warn(`The snapshots are collected, but clearing up afterwards failed: ${error.message}.`);
  }
}

/** Ends a collection that was killed: only then it is known what it took out. */
async function endInterrupted(context: RepositoryContext): Promise<void> {
  using _lock = await lockRepository(context, collection.operation);
  await recoverOpenIntents(context, null);
}

/** `E_GC_PLAN_MISMATCH` if something keeps a snapshot now that nothing kept when the plan was made, or its policy says something else. */
async function requirePlan(context: RepositoryContext, plan: GcPlan): Promise<void> {
  const isSame = canonicalJson(policyOf(context.store, plan.policy.name)) === canonicalJson(plan.policy);
  if (!isSame) {
    throw planMismatch(
      plan.plan_id,
      `the policy "${plan.policy.name}" or the settings retention.* were changed since`,
    );
  }
  const also = await keptByTrail(context.store);
  const { assessment, table } = await assessNow(context, policyToHold(plan), also);
  const kept = plan.candidates.flatMap((id) => {
    const row = table.find(id);
    return row === -1 || assessment.reasons(row).length === 0 ? [] : [{ id, row }];
  });
  const [first] = kept;
  if (first === undefined) return;
  const why = assessment.reasons(first.row).map((each) => each.why).join(", ");
  throw planMismatch(plan.plan_id, `snapshot ${first.id} is kept now (${why})`, kept.map(({ id }) => id));
}

/** For the sake of a size a plan may take what number or age keeps: then only what names a snapshot counts. */
function policyToHold({ policy }: GcPlan): Policy {
  if (policy.max_repo_bytes === 0) return policy;
  return { ...policy, keep_last_n: 0, keep_days: 0, keep_autosave_days: 0 };
}

/** Takes those of a batch out of the history that nobody uses; the others are added to `inUse`. */
async function takeBatch(
  context: RepositoryContext,
  plan: GcPlan,
  batch: readonly string[],
  inUse: string[],
): Promise<void> {
  const { plan_id } = plan;
  const begun = { kind: collection, target: plan_id, details: { pruned: [], deleted: [] } };
  const bytes = new Map(plan.snapshots.map((each) => [each.snapshot_id, each.bytes]));
  await changeRepository(context, begun, async (change) => {
    const { intent, store } = change;
    using held = new DisposableStack();
    for (const id of batch.filter((each) => store.snapshots.isKnown(each))) {
      const marker = store.snapshots.claimForRemoval(id);
      if (marker === undefined) inUse.push(id);
      else held.use(marker);
    }
    const taken = await stillPlanned(change, plan, batch, inUse);
    if (!isAny(taken)) return intent.complete();
    intent.step("marking", taken);
    const note = { target: plan_id, details: { plan_id, ...taken } };
    const sizes = [...taken.pruned, ...taken.deleted].map((id) => [id, bytes.get(id) ?? 0] as const);
    store.tombstones.mark({
      id: intent.id,
      plan_id,
      ...taken,
      bytes: Object.fromEntries(sizes),
      audit: entryOf(change, intent, note),
    });
    await commitChange<typeof collection>(change, note, {
      commit: () => takeOut(store, intent.id, plan_id, taken),
    });
  });
}

/**
 * What becomes of a batch now that its markers are held: nobody can begin to use one of them any more, and whatever was done with
 * them before shows in the records. One that came to be kept is added to `inUse`.
 */
async function stillPlanned(
  context: Change<typeof collection>,
  plan: GcPlan,
  batch: readonly string[],
  inUse: string[],
): Promise<Taken> {
  const stays = (why: string) => (id: string): Root => ({ id, by: "other", why });
  const candidates = new Set(plan.candidates);
  const used = inUse.map(stays("in use"));
  // What is not in the plan stays in any case, so that what it descends from must not go whole.
  const others = context.store.snapshots.listKnown().filter((id) => !candidates.has(id)).map(
    stays("not in the plan"),
  );
  const { assessment, table } = await assessNow(context, policyToHold(plan), [...used, ...others]);
  const planned = new Map(plan.snapshots.map(({ action, snapshot_id }) => [snapshot_id, action]));
  const [pruned, deleted]: [string[], string[]] = [[], []];
  for (const id of batch.filter((each) => !inUse.includes(each))) {
    const row = table.find(id);
    if (row === -1) continue;
    const action = assessment.action(row);
    if (assessment.reasons(row).length > 0) inUse.push(id);
    else if (action === "delete" && planned.get(id) === "delete") deleted.push(id);
    else if (!table.isPruned(row)) pruned.push(id);
  }
  return { pruned: pruned.sort(), deleted: deleted.sort() };
}

/** A pin that has run out keeps nothing. */
function forgetExpiredPins({ store: { pins } }: RepositoryContext): void {
  const now = nowMs();
  for (const pin of pins.list()) if (isExpired(pin, now)) pins.remove(pin.pin_id);
}
