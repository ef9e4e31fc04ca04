import { isJvsError } from "../model/errors.ts";
import { uuid, type WorktreeConfig } from "../model/records.ts";
import { WORKTREE } from "../model/result_fields.ts";
import { boolean, type Infer, list, nullable, oneOf, record, text } from "../model/schema.ts";
import { defineOperation } from "./define.ts";
import type { RepositoryContext } from "../protocol/context.ts";
import { lostRecords } from "../repo/lost_records.ts";
import { isAdopted } from "../protocol/open_worktree.ts";
import { isDetached } from "../protocol/worktree/which.ts";

const Item = record({
  name: WORKTREE.worktree,
  path: nullable(text()).about("The absolute path of its folder; null if it is damaged."),
  worktree_id: nullable(uuid()).about(
    "Its id, which stays the same when it is renamed; null if it is damaged.",
  ),
  head_snapshot_id: WORKTREE.head_snapshot_id,
  latest_snapshot_id: WORKTREE.latest_snapshot_id,
  detached: WORKTREE.detached,
  adopted: boolean().about("It is a folder that `jvs adopt` put under version control where it is."),
  current: boolean().about("You are in it."),
  state: oneOf("ok", "missing", "replaced", "damaged")
    .about(
      "missing: no folder; replaced: another folder is in its place; damaged: its record is lost or " +
        "unreadable, so that all else but the name is null or false.",
    ),
});
type Item = Infer<typeof Item>;

/** Lists the worktrees. */
export const worktreeList = defineOperation({
  name: "worktree list",
  summary: "List the worktrees and the snapshot that each stands on",
  examples: [["jvs worktree list", "with a mark at the worktree you are in"]],
  changes: "nothing",
  input: record({}, { closed: true }),
  output: record({ worktrees: list(Item).about("All worktrees, by name, with damaged ones.") }),
  run: (context) =>
    Promise.resolve({ worktrees: context.store.worktrees.names().flatMap((name) => itemsOf(context, name)) }),
});

/** Empty if another process has removed the worktree meanwhile. A damaged record becomes an item of its own. */
function itemsOf(context: RepositoryContext, name: string): Item[] {
  const { store } = context;
  try {
    const config = store.worktrees.find(name);
    if (config !== undefined) return [itemOf(context, config)];
    return lostRecords(store).lost.includes(name) ? [{ ...DAMAGED, name }] : [];
  } catch (error) {
    if (!isJvsError(error, "E_DESCRIPTOR_CORRUPT", "E_PATH_ESCAPE")) throw error;
    return [{ ...DAMAGED, name }];
  }
}

const DAMAGED = {
  name: "",
  path: null,
  worktree_id: null,
  head_snapshot_id: null,
  latest_snapshot_id: null,
  detached: false,
  adopted: false,
  current: false,
  state: "damaged",
} as const;

function itemOf({ store, worktree }: RepositoryContext, config: WorktreeConfig): Item {
  const { name, worktree_id, head_snapshot_id, latest_snapshot_id } = config;
  const state = store.worktrees.checkIdentity(config);
  return {
    name,
    path: store.worktrees.root(config),
    worktree_id,
    head_snapshot_id,
    latest_snapshot_id,
    detached: isDetached(config),
    adopted: isAdopted(config),
    current: worktree_id === worktree?.worktree_id,
    state: state === "same" ? "ok" : state,
  };
}
