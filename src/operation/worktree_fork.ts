import { JvsError } from "../model/errors.ts";
import { checkName } from "../model/names.ts";
import { boolean, record, text } from "../model/schema.ts";
import { standsOn } from "../repo/lineage.ts";
import { resolveSnapshot } from "../repo/resolve.ts";
import { createLiveFork, createWorktreeFrom } from "../protocol/worktree/create.ts";
import { worktreeForking } from "../protocol/worktree/publish.ts";
import { defineOperation } from "./define.ts";
import type { RepositoryContext } from "../protocol/context.ts";
import { NewWorktreeResult, newWorktreeResult } from "../protocol/worktree/result.ts";
import { requireWorktree } from "../protocol/worktree/which.ts";

/** Makes a worktree that goes on from a snapshot, or from a worktree as it is now. */
export const worktreeFork = defineOperation({
  name: "worktree fork",
  summary: "Make a new worktree that goes on from a snapshot, or from here",
  about:
    "Cloned by copy-on-write where the file system can do it, so that a hundred forks of a large tree cost next " +
    "to nothing. Without a snapshot it begins where the current worktree stands (its head); with --live it gets that " +
    "worktree's files as they are now, unsaved and ignored ones included.",
  examples: [
    ["jvs worktree fork experiment", "goes on from where this worktree stands"],
    ["jvs worktree fork v1 experiment", "goes on from the snapshot tagged v1"],
    ["jvs worktree fork --live agent-7", "begins with the files as they are now"],
  ],
  changes: "repository",
  kinds: [worktreeForking],
  input: record({
    snapshot: text().optional().about(
      "The snapshot to go on from; the current worktree's head when none is given.",
    )
      .cli({ positional: true, completes: "snapshot" }),
    name: text().about("The new worktree's name; its folder is worktrees/<name>.").cli({
      positional: true,
      placeholder: "NAME",
    }),
    live: boolean().default(false).about(
      "Begin with the files as they are now, unsaved and ignored ones included.",
    ),
    worktree: text().optional().about("Another worktree than the one you are in, to go on from.")
      .cli({ placeholder: "NAME", completes: "worktree" }),
    verify: boolean().optional().about("Hash the content before it is to be seen, however much; or never."),
  }, { closed: true }),
  output: NewWorktreeResult,
  async run(context, input) {
    const name = checkName(input.name, "worktree");
    if (!input.live) {
      const snapshotId = await snapshotToFork(context, input);
      return newWorktreeResult(
        await createWorktreeFrom(context, { name, snapshotId, verify: input.verify }),
        false,
      );
    }
    if (input.snapshot !== undefined) throw liveOfSnapshot();
    return newWorktreeResult(
      await createLiveFork(context, requireWorktree(context, input.worktree), name),
      true,
    );
  },
});

async function snapshotToFork(
  context: RepositoryContext,
  { snapshot, worktree: named }: { readonly snapshot?: string; readonly worktree?: string },
): Promise<string> {
  const { forProgram, store } = context;
  if (snapshot !== undefined) {
    const worktree = named === undefined ? context.worktree : store.worktrees.get(named);
    return await resolveSnapshot(store, snapshot, { worktree, forProgram });
  }
  const worktree = requireWorktree(context, named);
  const head = standsOn(store, worktree);
  if (head !== null) return head;
  throw new JvsError("E_NOT_FOUND", `Cannot fork worktree "${worktree.name}": it has no snapshot yet`, {
    hint: "Save it first with `jvs snapshot`, or fork it as it is now with --live.",
    details: { worktree: worktree.name },
  });
}

function liveOfSnapshot(): JvsError {
  return new JvsError("E_USAGE", "Cannot fork a snapshot live: it is what it was when it was saved", {
    hint: "Give either a snapshot or --live; with --worktree NAME another worktree is forked as it is now.",
  });
}
