import { JvsError } from "../model/errors.ts";
import { checkName } from "../model/names.ts";
import { boolean, record, text } from "../model/schema.ts";
import { standsOn } from "../repo/lineage.ts";
import { resolveSnapshot } from "../repo/resolve.ts";
import {
  createLiveFork,
  createWorktreeFrom,
  NewWorktreeResult,
  worktreeForking,
} from "../protocol/worktree/create.ts";
import { defineOperation, NEW_WORKTREE_NAME, VERIFY_CONTENT } from "./define.ts";
import type { RepositoryContext } from "../protocol/context.ts";
import { requireWorktree } from "../protocol/worktree/which.ts";

/** Makes a worktree that continues from a snapshot, or from a worktree as it is now. */
export const worktreeFork = defineOperation({
  name: "worktree fork",
  summary: "Make a new worktree that continues from a snapshot, or from here",
  about:
    "If the file system supports copy-on-write, a hundred forks of a large tree need almost no space. Without a " +
    "snapshot the fork starts from the head of the current worktree. With --live it starts from that worktree's files " +
    "as they are now, including unsaved and ignored ones.",
  examples: [
    ["jvs worktree fork experiment", "continues from the head of this worktree"],
    ["jvs worktree fork v1 experiment", "continues from the snapshot tagged v1"],
    ["jvs worktree fork --live agent-7", "starts from the files as they are now"],
  ],
  changes: "repository",
  kinds: [worktreeForking],
  input: record({
    snapshot: text().optional()
      .about("The snapshot to continue from; by default the current worktree's head.")
      .cli({ positional: true, completes: "snapshot" }),
    name: NEW_WORKTREE_NAME,
    live: boolean().default(false)
      .about("Start from the files as they are now, also unsaved and ignored ones."),
    worktree: text().optional().about("The worktree to continue from; by default the one you are in.")
      .cli({ placeholder: "NAME", completes: "worktree" }),
    verify: VERIFY_CONTENT,
  }, { closed: true }),
  output: NewWorktreeResult,
  async run(context, input) {
    const name = checkName(input.name, "worktree"); // before it waits for a lock
    const { verify } = input;
    if (!input.live) {
      const snapshotId = await snapshotToFork(context, input);
      return await createWorktreeFrom(context, { name, snapshotId, verify });
    }
    if (input.snapshot !== undefined) {
      const message = "Cannot fork a snapshot with --live: --live forks a worktree as it is now";
      throw new JvsError("E_USAGE", message, {
        hint: "Give either a snapshot or --live. --live --worktree NAME forks another worktree as it is now.",
      });
    }
    return await createLiveFork(context, requireWorktree(context, input.worktree), name);
  },
});

async function snapshotToFork(context: RepositoryContext, input: { snapshot?: string; worktree?: string }) {
  const { snapshot, worktree: named } = input;
  const { store } = context;
  if (snapshot !== undefined) {
    const worktree = named === undefined ? context.worktree : store.worktrees.get(named);
    return await resolveSnapshot(store, snapshot, { ...context, worktree });
  }
  const worktree = requireWorktree(context, named);
  const head = standsOn(store, worktree);
  if (head !== null) return head;
  throw new JvsError("E_NOT_FOUND", `Cannot fork worktree "${worktree.name}": it has no snapshot yet`, {
    hint: "Save it first with `jvs snapshot`, or fork its files as they are now with --live.",
    details: { worktree: worktree.name },
  });
}
