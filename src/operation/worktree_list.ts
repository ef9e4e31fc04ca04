import { isJvsError } from "../model/errors.ts";
import { LEASE_HELD } from "../model/lease.ts";
import { uuid, type WorktreeConfig } from "../model/records.ts";
import { WORKTREE } from "../model/result_fields.ts";
import { boolean, type Infer, list, nullable, oneOf, record, text } from "../model/schema.ts";
import { defineOperation } from "./define.ts";
import type { RepositoryContext } from "../protocol/context.ts";
import { requireFolders } from "../repo/kept_folders.ts";
import { lostRecords } from "../repo/lost_records.ts";
import { isAdopted } from "../protocol/open_worktree.ts";
import { holderOf } from "../protocol/worktree/holder.ts";
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
  lease: LEASE_HELD,
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
  async run(context) {
    requireFolders(context.store.layout, ["worktrees"], "list the worktrees");
    const items = await Promise.all(context.store.worktrees.names().map((name) => itemsOf(context, name)));
    return { worktrees: items.flat() };
  },
});

/** Empty if another process has removed the worktree meanwhile. A damaged record becomes an item of its own. */
async function itemsOf(context: RepositoryContext, name: string): Promise<Item[]> {
  const { store } = context;
  try {
    const config = store.worktrees.find(name);
    if (config !== undefined) return [await itemOf(context, config)];
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
  lease: null,
  state: "damaged",
} as const;

async function itemOf(context: RepositoryContext, config: WorktreeConfig): Promise<Item> {
  const { store, worktree } = context;
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
    lease: await holderOf(context, worktree_id),
    state: state === "same" ? "ok" : state,
  };
}
