import type { GcPlan } from "../../model/gc_records.ts";
import { snapshotId } from "../../model/records.ts";
import { boolean, type Infer, integer, list, record, text } from "../../model/schema.ts";
import type { SnapshotTable } from "../../repo/snapshot_table.ts";
import type { Assessment } from "./assess.ts";

/**
 * What people want to know of a plan before it is carried out. It is beside the plan and not in it: whether a plan still holds does not
 * depend on it.
 */
export const AboutPlan = record({
  going: list(record({
    snapshot_id: snapshotId().about("The candidate."),
    tags: list(text()).about("Its tags."),
    note: text().about("Its note; of a long one the beginning."),
  })).about("What people wrote of the candidates, in the same order."),
  kept_pruned: integer({ min: 0 }).about(
    "How many of those that stay were pruned before: only their place in the history stays.",
  ),
  other_reasons: list(record({
    why: text().about("The reason."),
    count: integer({ min: 1 }).about("How many are kept for it."),
    is_damage: boolean().about(
      "Whether a damaged or missing record is the cause: `jvs doctor` says what to do.",
    ),
  })).about("The reasons of `protected_by_other`; a snapshot may have several."),
});
export type AboutPlan = Infer<typeof AboutPlan>;

/** What people want to know of a plan that came of this assessment. */
export function aboutPlan({ snapshots }: GcPlan, table: SnapshotTable, assessment: Assessment): AboutPlan {
  const going: AboutPlan["going"][number][] = [];
  const others = new Map<string, { why: string; count: number; is_damage: boolean }>();
  let kept_pruned = 0;
  snapshots.forEach(({ action, snapshot_id }, row) => {
    if (action !== "keep") {
      going.push({ snapshot_id, tags: table.tags(row), note: table.note(row) });
    } else if (table.isPruned(row)) kept_pruned++;
    for (const { by, isDamage = false, why } of assessment.reasons(row)) {
      if (by !== "other") continue;
      const other = others.get(why) ?? { why, count: 0, is_damage: isDamage };
      other.count++;
      others.set(why, other);
    }
  });
  return { going, kept_pruned, other_reasons: [...others.values()].sort((a, b) => b.count - a.count) };
}
