import { isJvsError } from "../model/errors.ts";
import { snapshotId, type WorktreeConfig } from "../model/records.ts";
import { nullable, record, text } from "../model/schema.ts";
import { resolveSnapshot } from "../repo/resolve.ts";
import { defineOperation } from "./define.ts";
import type { RepositoryContext } from "../protocol/context.ts";
import { requireWorktree } from "../protocol/worktree/which.ts";

/** Shows the path of a snapshot or a worktree. */
export const path = defineOperation({
  name: "path",
  summary: "Show the absolute path of a snapshot's files, or of a worktree",
  about:
    "A snapshot is an ordinary folder: you can read it, compare it, and copy from it. Do not write into it.",
  examples: [
    ["jvs path", "the worktree you are in"],
    ["diff -r $(jvs path v1) .", "compares the snapshot tagged v1 with this folder"],
  ],
  changes: "nothing",
  input: record({
    of: text().optional().about("A snapshot or a worktree's name; by default the worktree you are in.")
      .cli({ positional: true, placeholder: "SNAPSHOT", completes: "snapshot" }),
  }, { closed: true }),
  output: record({
    path: text().about("The absolute path of the snapshot's files or of the worktree."),
    snapshot_id: nullable(snapshotId()).about("The snapshot; null for a worktree."),
    worktree: nullable(text()).about("The worktree's name; null for a snapshot."),
  }),
  async run(context, input) {
    if (input.of === undefined) return ofWorktree(context, requireWorktree(context, undefined));
    try {
      return ofSnapshot(context, await resolveSnapshot(context.store, input.of, context));
    } catch (error) {
      const { worktrees } = context.store;
      const isName = isJvsError(error, "E_NOT_FOUND") && worktrees.names().includes(input.of);
      const worktree = isName ? worktrees.find(input.of) : undefined;
      if (worktree === undefined) throw error;
      return ofWorktree(context, worktree);
    }
  },
});

function ofWorktree({ store }: RepositoryContext, worktree: WorktreeConfig) {
  return { path: store.worktrees.root(worktree), snapshot_id: null, worktree: worktree.name };
}

function ofSnapshot({ store }: RepositoryContext, id: string) {
  store.snapshots.requireContent(id, "find the folder of");
  return { path: store.layout.payload(id).path, snapshot_id: id, worktree: null };
}
