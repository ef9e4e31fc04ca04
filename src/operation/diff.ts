import { boolean, list, nullable, record, text } from "../model/schema.ts";
import type { WorktreeConfig } from "../model/records.ts";
import { collectGarbage } from "../platform/collect_garbage.ts";
import type { RepositoryContext } from "../protocol/context.ts";
import { warnIfBehind } from "../repo/behind.ts";
import { standsOn } from "../repo/lineage.ts";
import { compareSides, DifferenceRecord, Hidden, Summary } from "../protocol/look/differences.ts";
import { defineOperation, EVERY_PATH, OTHER_WORKTREE } from "./define.ts";
import { patchesOf } from "../protocol/look/patches.ts";
import { nowSide, openSide, snapshotSide } from "../protocol/look/side.ts";
import { requireWorktree } from "../protocol/worktree/which.ts";

/** Shows how two trees differ. */
export const diff = defineOperation({
  name: "diff",
  summary: "Show how two snapshots, or a snapshot and a worktree, differ",
  about:
    "Compares any two of: a snapshot, this worktree as it is now (`@`), another worktree as it is now (`@name`). " +
    "Without arguments it compares the snapshot the worktree stands on with the worktree now.",
  examples: [
    ["jvs diff", "what changed since the last snapshot"],
    ["jvs diff v1", "what changed from v1 to the worktree now"],
    ["jvs diff v1 HEAD --stat", "only counts what differs between two snapshots"],
    ["jvs diff v1 HEAD --patch", "which lines differ"],
    ["jvs diff @main @experiment", "how two worktrees differ"],
  ],
  changes: "nothing",
  input: record({
    from: text().optional().about("The older side; by default the snapshot the worktree stands on.")
      .cli({ positional: true, placeholder: "A", completes: "snapshot" }),
    to: text().optional().about("The newer side; by default the worktree as it is now.")
      .cli({ positional: true, placeholder: "B", completes: "snapshot" }),
    worktree: OTHER_WORKTREE,
    metadata: boolean().default(false).about("Compare times and extended attributes too."),
    all: EVERY_PATH,
    stat: boolean().default(false).about("Show only how many paths differ, by kind."),
    name_only: boolean().default(false).about("Show only the paths."),
    patch: boolean().default(false).about(
      "Show the lines that differ in text files, as a patch for git or patch(1).",
    ),
    exit_code: boolean().default(false).about("Exit with 1 if anything differs."),
  }, { closed: true }),
  output: record({
    from: text().about("The older side: a snapshot's id, `@name` for a worktree as it is now, or `nothing`."),
    to: text().about("The newer side, in the same way."),
    worktree: nullable(text()).about("The worktree whose HEAD and `@` are meant."),
    differences: list(record({
      ...DifferenceRecord.fields,
      patch: nullable(text()).optional()
        .about(
          "With `patch`: a unified diff with the header of git, or one line that says why there is none. " +
            "Null for what no patch can say.",
        ),
    })).about("Each path that differs; empty with `stat`."),
    summary: Summary.about("How many paths differ, by kind."),
    hidden: Hidden,
  }),
  failed: ({ summary }, { exit_code }) => exit_code && Object.values(summary).some((count) => count > 0),
  async run(context, input) {
    const worktree = requireWorktree(context, input.worktree);
    if (input.from === undefined) await warnIfBehind(context.store, worktree, context.reporter);
    const result = await compared(context, worktree, input);
    // Both trees were needed until here. A long result takes as much again when it is printed.
    if (result.differences.length > MANY) collectGarbage();
    return result;
  },
});

const MANY = 20_000;

async function compared(
  context: RepositoryContext,
  worktree: WorktreeConfig,
  { from: older, to: newer, metadata, stat, patch }: Readonly<
    { from?: string | undefined; to?: string | undefined; metadata: boolean; stat: boolean; patch: boolean }
  >,
) {
  using from = older === undefined
    ? await snapshotSide(context, standsOn(context.store, worktree))
    : await openSide(context, worktree, older);
  using to = newer === undefined
    ? await nowSide(context, worktree)
    : await openSide(context, worktree, newer);
  const { differences, summary, hidden } = await compareSides(context, from, to, { metadata, named: !stat });
  const patches = patch ? await patchesOf(from, to, differences, context) : undefined;
  for (const { look } of [from, to]) await look?.rememberSeen();
  return {
    from: from.label,
    to: to.label,
    worktree: worktree.name,
    differences: patches
      ? differences.map((each, i) => ({ ...each, patch: patches[i] ?? null }))
      : differences,
    summary,
    hidden,
  };
}
