import { formatBytes } from "../model/duration.ts";
import { JvsError } from "../model/errors.ts";
import { GcPlan } from "../model/gc_records.ts";
import { snapshotId } from "../model/records.ts";
import { boolean, integer, list, record, text } from "../model/schema.ts";
import { type MadePlan, makePlan, readPlan } from "../protocol/gc/plan.ts";
import { policyOf } from "../protocol/gc/policy.ts";
import { withRoom } from "../protocol/gc/room.ts";
import { collection, PlanRun } from "../protocol/gc/run.ts";
import type { RepositoryContext } from "../protocol/context.ts";
import { defineOperation } from "./define.ts";
import { POLICY } from "./gc_plan.ts";

const Input = record({
  plan_id: text().optional().about("The plan to carry out.").cli({ placeholder: "ID" }),
  yes: boolean().default(false).about("Make a plan and carry it out at once."),
  policy: POLICY,
}, { closed: true });

/** Frees the space of snapshots that nothing keeps. */
export const gcRun = defineOperation({
  name: "gc run",
  summary: "Free the space of snapshots that nothing keeps",
  about:
    "Carries out a plan of `jvs gc plan`, if it still holds. A snapshot that is being restored, forked or verified at that " +
    "moment stays. Also deletes what restores replaced, once it was kept for restore.keep_replaced. If it is interrupted, or files cannot be deleted, the same command goes on.",
  examples: [
    ["jvs gc run --plan-id 0f1e2d3c4b5a6978", "carries out the plan that was looked at before"],
    ["jvs gc run --yes", "plans and does it, for a nightly job"],
  ],
  changes: "repository",
  kinds: [collection],
  input: Input,
  output: record({
    plan: GcPlan.about("The plan that was carried out."),
    pruned: list(snapshotId()).about(
      "The snapshots that lost their content and keep their place in the history.",
    ),
    deleted: list(snapshotId()).about("The snapshots of which nothing stays."),
    in_use: list(snapshotId()).about(
      "Candidates that somebody used at that moment, and that stay until the next run.",
    ),
    finished: list(snapshotId()).about(
      "What an earlier run took out of the history and could not delete whole: this run did.",
    ),
    freed_bytes: integer({ min: 0 }).about(
      "What came free with all that was deleted, by the plan of each; what the two parts of an interrupted run shared is counted in both.",
    ),
    replaced_bytes: integer({ min: 0 }).about(
      "What came free besides with what restores had replaced and restore.keep_replaced keeps no longer. No plan says it, so it is not in `freed_bytes`.",
    ),
  }),
  async run(context, input) {
    let run: PlanRun | undefined;
    return await withRoom(context, async (isRoomShort) => {
      run ??= new PlanRun(context, await planToRun(context, input), { wasLookedAt: !input.yes });
      const { deleted, finished, freedBytes, inUse, pruned, replacedBytes } = await run.run({ isRoomShort });
      const bytes = { freed_bytes: freedBytes, replaced_bytes: replacedBytes };
      return { plan: run.plan, pruned, deleted, in_use: inUse, finished, ...bytes };
    });
  },
});

async function planToRun(
  context: RepositoryContext,
  { plan_id, policy, yes }: { readonly plan_id?: string; readonly policy?: string; readonly yes: boolean },
): Promise<GcPlan> {
  if ((plan_id === undefined) !== yes) {
    const state = yes ? "it has a plan and is to make one" : "it has no plan";
    throw new JvsError("E_USAGE", `Cannot collect: ${state}`, {
      hint: "Look at `jvs gc plan`, then give its id with --plan-id. Or plan and collect at once with --yes.",
    });
  }
  if (plan_id === undefined) {
    const made = await makePlan(context, policyOf(context.store, policy));
    if (made.plan.candidate_count > 0) await show(context, made);
    return made.plan;
  }
  if (policy === undefined) return await readPlan(context.store, plan_id);
  throw new JvsError("E_USAGE", "Cannot collect by another policy than that of the plan", {
    hint: "Leave out --policy, or make a new plan with it.",
  });
}

/** Shows what is about to go, as nobody looked at the plan before. */
async function show({ announce, reporter }: RepositoryContext, { about, plan }: MadePlan): Promise<void> {
  if (announce !== undefined) return await announce("gc plan", { ...plan, ...about });
  const { candidate_count: count, deletable_bytes_estimate: bytes, plan_id } = plan;
  const what = count === 1 ? "1 snapshot loses its content" : `${count} snapshots lose their content`;
  reporter.warn(`By plan ${plan_id}, ${what}; that frees ${formatBytes(bytes)}.`);
}
