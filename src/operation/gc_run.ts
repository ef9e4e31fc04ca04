import { formatBytes } from "../model/duration.ts";
import { JvsError } from "../model/errors.ts";
import { GcPlan } from "../model/gc_records.ts";
import { snapshotId } from "../model/records.ts";
import { boolean, integer, list, record, text } from "../model/schema.ts";
import { makePlan, readPlan } from "../protocol/gc/plan.ts";
import { policyOf } from "../protocol/gc/policy.ts";
import { withRoom } from "../protocol/gc/room.ts";
import { collection, runPlan } from "../protocol/gc/run.ts";
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
    "moment stays. If it is interrupted, or files cannot be deleted, the same command goes on.",
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
    freed_bytes: integer({ min: 0 }).about("What came free, by the plan."),
  }),
  async run(context, input) {
    return await withRoom(context, async () => {
      const plan = await planToRun(context, input);
      const { deleted, inUse, pruned } = await runPlan(context, plan, { wasLookedAt: !input.yes });
      const gone = new Set([...pruned, ...deleted]);
      const freed_bytes = gone.size === plan.candidate_count
        ? plan.deletable_bytes_estimate
        : plan.snapshots.reduce((sum, each) => sum + (gone.has(each.snapshot_id) ? each.bytes : 0), 0);
      return { plan, pruned, deleted, in_use: inUse, freed_bytes };
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
  if (plan_id === undefined) return shown(context, await makePlan(context, policyOf(context.store, policy)));
  if (policy === undefined) return await readPlan(context.store, plan_id);
  throw new JvsError("E_USAGE", "Cannot collect by another policy than that of the plan", {
    hint: "Leave out --policy, or make a new plan with it.",
  });
}

/** Says what is about to go, as nobody looked at the plan before. */
function shown({ reporter }: RepositoryContext, plan: GcPlan): GcPlan {
  const { candidate_count: count, deletable_bytes_estimate: bytes, plan_id } = plan;
  if (count === 0) return plan;
  const what = count === 1 ? "1 snapshot loses its content" : `${count} snapshots lose their content`;
  reporter.warn(`By plan ${plan_id}, ${what}; that frees ${formatBytes(bytes)}.`);
  return plan;
}
