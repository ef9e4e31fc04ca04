import { GcPlan } from "../model/gc_records.ts";
import { boolean, record, text } from "../model/schema.ts";
import { AboutPlan } from "../protocol/gc/about_plan.ts";
import { writePlan } from "../protocol/gc/plan.ts";
import { policyOf } from "../protocol/gc/policy.ts";
import { withRoom } from "../protocol/gc/room.ts";
import { defineOperation } from "./define.ts";

/** `--policy` of operations that plan. */
export const POLICY = text().optional().about(
  "A policy of gc/retention.json, or `thin`, which thins out the lines of worktrees too; without it the settings retention.*.",
).cli({ placeholder: "NAME" });

/** Says what garbage collection would do. */
export const gcPlan = defineOperation({
  name: "gc plan",
  summary: "Say which snapshots can go, why the others stay, and how much space that frees",
  about:
    "Nothing but the plan is written. A snapshot keeps its content while a worktree stands on it, on its newest or on a " +
    "descendant of it, while a ref or a pin names it, and while the settings retention.* or a policy keep it. The others " +
    "are pruned (their place in the history stays) or, where nothing kept descends from them, deleted.",
  examples: [
    ["jvs gc plan", "what would go by the settings retention.*"],
    ["jvs gc plan --all", "also says of each snapshot what keeps it"],
    ["jvs gc plan --policy thin", "also thins out what is before the head"],
    ["jvs gc run --plan-id 0f1e2d3c4b5a6978", "does it"],
  ],
  changes: "repository",
  input: record({
    policy: POLICY,
    all: boolean().default(false).about(
      "List each snapshot with what keeps it, not only the first of those that go; JSON always has all.",
    ),
  }, { closed: true }),
  output: record({ ...GcPlan.fields, ...AboutPlan.fields }),
  async run(context, input) {
    const { about, plan } = await withRoom(
      context,
      () => writePlan(context, policyOf(context.store, input.policy)),
    );
    return { ...plan, ...about };
  },
});
