import { Ready, snapshotId, time, uuid } from "./records.ts";
import { boolean, type Infer, integer, list, literal, oneOf, record, text } from "./schema.ts";

/** The records of garbage collection: what is on disk in `.jvs/gc`. SPEC 3. */

const count = () => integer({ min: 0 });

const FIELDS = {
  prune_ancestors: boolean().about(
    "Whether ancestors of heads and of kept lines lose their content too; heads and newest snapshots never do.",
  ),
  keep_last_n: count().about(
    "The newest N of each worktree that there is keep their content; 0: none for that reason.",
  ),
  keep_days: count().about("What is younger than so many days keeps it; 0: none for that reason."),
  keep_tag_prefixes: list(text()).about("What has a tag that begins with one of these keeps it."),
  max_repo_bytes: count().about(
    "Above this size of the repository, what is kept only by number or age goes too, the oldest first; 0: no limit.",
  ),
  keep_autosave_days: count().about("Autosaves that are younger than so many days keep their content."),
};

/** What is kept besides that which something names. */
export const Policy = record({ name: text().about("Its name."), ...FIELDS }, { closed: true });
export type Policy = Infer<typeof Policy>;

/** A policy in `gc/retention.json`; what it does not say is as the settings say. */
export const NamedPolicy = record({
  prune_ancestors: FIELDS.prune_ancestors.optional(),
  keep_last_n: FIELDS.keep_last_n.optional(),
  keep_days: FIELDS.keep_days.optional(),
  keep_tag_prefixes: FIELDS.keep_tag_prefixes.optional(),
  max_repo_bytes: FIELDS.max_repo_bytes.optional(),
  keep_autosave_days: FIELDS.keep_autosave_days.optional(),
}, { closed: true });
export type NamedPolicy = Infer<typeof NamedPolicy>;

/** What a plan says of one snapshot. */
export const PlannedSnapshot = record({
  snapshot_id: snapshotId().about("The snapshot."),
  action: oneOf("keep", "prune", "delete").about(
    "`prune`: its content goes, its place in the history stays; `delete`: nothing stays, because nothing descends from it.",
  ),
  reasons: list(text()).about(
    "Why it is kept; or, where it goes, why its record stays. Empty if it goes whole.",
  ),
  bytes: count().about("What comes free with it; what several have comes free with the newest of them."),
}, { closed: true });
export type PlannedSnapshot = Infer<typeof PlannedSnapshot>;

/** The version of plans. A program that means anything else by a plan writes another one. */
export const PLAN_VERSION = 1 as const;

/**
 * What a garbage collection would do. Nothing is collected without a plan that still holds. It is closed: a field that this version does
 * not know might spare what it would delete.
 */
export const GcPlan = record({
  plan_version: literal(PLAN_VERSION).about("The version of plans: others are not carried out."),
  plan_id: text({ pattern: /^[0-9a-f]{16}$/, what: "16 hex digits" }).about(
    "Its id, which depends on nothing but what it says: the same plan has the same id.",
  ),
  repo_id: uuid().about("The repository that it was made for."),
  created_at: time().about("When it was made."),
  policy: Policy.about("What it keeps besides that which something names."),
  candidates: list(snapshotId()).about("The snapshots that lose their content, the oldest first."),
  candidate_count: count().about("How many that are."),
  protected_by_pin: count().about(
    "How many are kept because of a pin. A snapshot may be kept for several reasons.",
  ),
  protected_by_lineage: count().about(
    "How many are kept because a worktree stands on them, has them as its newest, or has a descendant of them.",
  ),
  protected_by_ref: count().about("How many are kept because a ref names them."),
  protected_by_retention: count().about("How many are kept by number, age or tag."),
  protected_by_other: count().about(
    "How many are kept for another reason: a change under way, damaged records around them, or another member made them.",
  ),
  deletable_bytes_estimate: count().about("What comes free in all."),
  is_exact: boolean().about("Whether all could be looked at; else a part of the bytes is a guess."),
  total_bytes: count().about("What all snapshots take now."),
  snapshots: list(PlannedSnapshot).about(
    "Each snapshot, the oldest first, with what happens to it, and why.",
  ),
}, { closed: true });
export type GcPlan = Infer<typeof GcPlan>;

/** The marker of a snapshot without content: what its READY said, and the plan by which the content went. */
export const Pruned = record({ ...Ready.fields, plan_id: GcPlan.fields.plan_id });
export type Pruned = Infer<typeof Pruned>;
