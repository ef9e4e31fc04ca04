import { bytesOf } from "../../model/bytes.ts";
import { snapshotId, uuid, WorktreeConfig } from "../../model/records.ts";
import { type Infer, integer, nullable, record, text } from "../../model/schema.ts";
import type { OpenIntent } from "../../repo/intents.ts";
import type { Store } from "../../repo/store.ts";
import { finishDecided } from "../change/commit.ts";
import { defineChange } from "../change/kind.ts";
import type { RepositoryContext } from "../context.ts";
import { discardStaged, inodeOf, movePayload, openPayloads, openStaging } from "./payload_roots.ts";

const Creation = record({
  config: WorktreeConfig.about("Its record, once it is whole and durable in staging.").optional(),
  root_mode: nullable(integer()).about(
    "The payload root's mode, if it was changed to move it.",
  ).optional(),
});

/** The intent of a new worktree. */
export type CreationIntent = OpenIntent<Infer<typeof Creation>, "reserved" | "staged">;

const creation = (operation: string) =>
  defineChange({
    operation,
    details: Creation,
    steps: ["reserved", "staged"],
    touchesFiles: true,
    audit: record({
      worktree: text(),
      worktree_id: uuid(),
      snapshot_id: nullable(snapshotId()),
      live: nullable(text()).about("The worktree that was copied as it was then."),
    }),
    recover: recoverCreation,
  });

/** Makes a worktree, empty or from a snapshot. */
export const worktreeCreation = creation("worktree create");
/** Makes a worktree from a snapshot, or from another worktree as it is now. */
export const worktreeForking = creation("worktree fork");

/** Publishes a staged worktree: its payload root by one rename, then its record. Repeatable. */
export function publishWorktree(store: Store, intent: CreationIntent): void {
  const { config, root_mode = null } = intent.details;
  if (config === undefined) throw new Error("a worktree is published before it is staged");
  const name = bytesOf(config.name);
  using payloads = openPayloads(store);
  if (inodeOf(payloads, name) !== config.identity.inode) {
    using staging = openStaging(store);
    movePayload(staging, bytesOf(intent.id), payloads, name);
    staging.sync();
  }
  if (root_mode !== null) payloads.setMode(name, root_mode);
  payloads.sync();
  if (store.worktrees.find(config.name) === undefined) store.worktrees.add(config);
}

/** Finishes the worktree if its folder is visible, because the user may work in it already; else removes all of it. */
async function recoverCreation(context: RepositoryContext, intent: CreationIntent): Promise<void> {
  const { store } = context;
  if (isWorktreeVisible(store, intent)) {
    publishWorktree(store, intent);
    return await finishDecided(context, intent);
  }
  await discardStaged(store, intent);
  intent.complete();
}

function isWorktreeVisible(store: Store, intent: CreationIntent): boolean {
  const { config } = intent.details;
  if (config === undefined || intent.decided() === null) return false;
  using payloads = openPayloads(store);
  return inodeOf(payloads, bytesOf(config.name)) === config.identity.inode;
}
