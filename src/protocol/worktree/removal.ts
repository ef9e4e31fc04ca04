import { bytesOf } from "../../model/bytes.ts";
import { JvsError } from "../../model/errors.ts";
import { snapshotId, time, uuid, type WorktreeConfig } from "../../model/records.ts";
import { boolean, type Infer, integer, nullable, record, text } from "../../model/schema.ts";
import type { OpenIntent } from "../../repo/intents.ts";
import type { Store } from "../../repo/store.ts";
import { finishDecided } from "../change/commit.ts";
import { defineChange } from "../change/kind.ts";
import type { RepositoryContext } from "../context.ts";
import {
  discardStaged,
  inodeOf,
  makeMovable,
  movePayload,
  openPayloads,
  openStaging,
} from "./payload_roots.ts";

const Details = record({
  root_mode: nullable(integer()).about("The payload root's mode, where it was loosened to move it.")
    .optional(),
});

/** Removes a worktree; its snapshots stay. */
export const worktreeRemoval = defineChange({
  operation: "worktree remove",
  details: Details,
  steps: ["taking out"],
  touchesFiles: true,
  audit: record({
    worktree: text(),
    worktree_id: uuid(),
    head_snapshot_id: nullable(snapshotId()),
    latest_snapshot_id: nullable(snapshotId()),
    kept_until: nullable(time()),
    autosave_snapshot_id: nullable(snapshotId()),
    discarded: boolean(),
  }),
  recover: recoverRemoval,
});

type RemovalIntent = OpenIntent<Infer<typeof Details>, "taking out">;

/** Without its record a worktree is removed, and its content goes; with it everything is put back. */
async function recoverRemoval(context: RepositoryContext, intent: RemovalIntent): Promise<void> {
  const { store } = context;
  const worktree = store.worktrees.withId(intent.worktreeId);
  if (worktree !== undefined) {
    putBack(store, worktree, intent);
    store.pins.remove(intent.id);
    return intent.complete();
  }
  await discardStaged(store, intent);
  await finishDecided(context, intent);
}

/** Takes a payload root out of sight; no process reaches it by its path any more. Repeatable. */
export function takeOut(store: Store, worktree: WorktreeConfig, intent: RemovalIntent): void {
  using payloads = openPayloads(store);
  const name = payloadName(worktree);
  if (inodeOf(payloads, name) === undefined) return;
  using root = payloads.openFolder(name);
  intent.step("taking out", { root_mode: makeMovable(root) });
  using staging = openStaging(store);
  movePayload(payloads, name, staging, bytesOf(intent.id));
  payloads.sync();
  staging.sync();
}

/** Puts a payload root that was taken out back in its place. Repeatable. */
function putBack(store: Store, worktree: WorktreeConfig, intent: RemovalIntent): void {
  using staging = openStaging(store);
  using payloads = openPayloads(store);
  const name = payloadName(worktree);
  if (inodeOf(staging, bytesOf(intent.id)) !== undefined) {
    if (inodeOf(payloads, name) !== undefined) throw inTheWay(store, worktree, intent);
    movePayload(staging, bytesOf(intent.id), payloads, name);
    payloads.sync();
    staging.sync();
  }
  const { root_mode: mode = null } = intent.details;
  if (mode !== null && inodeOf(payloads, name) !== undefined) payloads.setMode(name, mode);
}

/** The folder's own name: a worktree that was made here stands in `worktrees/`. */
export function payloadName({ path }: WorktreeConfig): Uint8Array<ArrayBuffer> {
  return bytesOf(path.slice(path.lastIndexOf("/") + 1));
}

function inTheWay(store: Store, worktree: WorktreeConfig, intent: RemovalIntent): JvsError {
  const { path } = store.layout.staging.at(intent.id);
  return new JvsError(
    "E_ALREADY_EXISTS",
    `Cannot put worktree "${worktree.name}" back after its removal was interrupted: something new stands in its place`,
    {
      hint: `Move "${
        store.worktrees.root(worktree)
      }" away and try again. All that was in the worktree is in "${path}".`,
      details: { worktree: worktree.name, path },
    },
  );
}
