import { boolean, list, nullable, record, text } from "../model/schema.ts";
import { standsOn } from "../repo/lineage.ts";
import { compareSides, DifferenceRecord, Summary } from "../protocol/look/differences.ts";
import { defineOperation } from "./define.ts";
import { patchesOf } from "../protocol/look/patches.ts";
import { nowSide, openSide, snapshotSide } from "../protocol/look/side.ts";
import { requireWorktree } from "../protocol/worktree/which.ts";

const PatchedDifference = record({
  ...DifferenceRecord.fields,
  patch: nullable(text()).optional().about(
    "With `patch`: a unified diff, or a sentence why there is none; null where no file's content differs.",
  ),
});

/** Says how two trees differ. */
export const diff = defineOperation({
  name: "diff",
  summary: "Say how two snapshots, or a snapshot and a worktree, differ",
  about:
    "Compares any two of: a snapshot, this worktree as it is now (`@`), another worktree as it is now (`@name`). " +
    "Without arguments: the snapshot the worktree stands on against the worktree now.",
  examples: [
    ["jvs diff", "what changed since the last snapshot"],
    ["jvs diff v1", "what differs from v1 to the worktree now"],
    ["jvs diff v1 HEAD --stat", "how much differs between two snapshots"],
    ["jvs diff v1 HEAD --patch", "which lines differ"],
    ["jvs diff @main @experiment", "how two worktrees differ"],
  ],
  changes: "nothing",
  input: record({
    from: text().optional().about("The older side; the snapshot the worktree stands on when left out.")
      .cli({ positional: true, placeholder: "A", completes: "snapshot" }),
    to: text().optional().about("The newer side; the worktree as it is now when left out.")
      .cli({ positional: true, placeholder: "B", completes: "snapshot" }),
    worktree: text().optional().about("Another worktree than the one you are in.")
      .cli({ placeholder: "NAME", completes: "worktree" }),
    metadata: boolean().default(false).about("Times and extended attributes count too."),
    all: boolean().default(false).about("Name every path, those in new and removed folders too."),
    stat: boolean().default(false).about("Only how many, of each kind."),
    name_only: boolean().default(false).about("Only the paths."),
    patch: boolean().default(false).about("The lines that differ, as a unified diff, where files are text."),
    exit_code: boolean().default(false).about("Exit with 1 when anything differs."),
  }, { closed: true }),
  output: record({
    from: text().about("A snapshot's id, `@name` for a worktree as it is now, or `nothing`."),
    to: text(),
    worktree: nullable(text()),
    differences: list(PatchedDifference).about("Empty with `stat`."),
    summary: Summary,
  }),
  failed: ({ summary }, { exit_code }) => exit_code && Object.values(summary).some((count) => count > 0),
  async run(context, input) {
    const worktree = requireWorktree(context, input.worktree);
    using from = input.from === undefined
      ? await snapshotSide(context, standsOn(context.store, worktree))
      : await openSide(context, worktree, input.from);
    using to = input.to === undefined
      ? await nowSide(context, worktree)
      : await openSide(context, worktree, input.to);
    const { differences, summary } = await compareSides(from, to, { metadata: input.metadata });
    const shown = input.stat ? [] : differences;
    const patches = input.patch ? await patchesOf(from, to, shown, context.signal) : undefined;
    for (const { look } of [from, to]) look?.rememberSeen();
    return {
      from: from.label,
      to: to.label,
      worktree: worktree.name,
      differences: patches === undefined
        ? shown
        : shown.map((each, i) => ({ ...each, patch: patches[i] ?? null })),
      summary,
    };
  },
});
