import { bytesOf } from "../../model/bytes.ts";
import { snapshotId, uuid, WorktreeConfig } from "../../model/records.ts";
import { integer, nullable, record, text } from "../../model/schema.ts";
import type { Store } from "../../repo/store.ts";
import { finishDecided } from "../change/commit.ts";
import { defineChange, type IntentOf } from "../change/kind.ts";
import { discardStaged, inodeOf, movePayload, openPayloads } from "./payload_roots.ts";

const creation = (operation: string) =>
  defineChange({
    operation,
    details: record({
      config: WorktreeConfig.about("Its record, once it is whole and durable in staging.").optional(),
      root_mode: nullable(integer()).about("The payload root's mode, if it was changed to move it.")
        .optional(),
    }),
    steps: ["reserved", "staged"],
    touchesFiles: true,
    audit: record({
      worktree: text(),
      worktree_id: uuid(),
      snapshot_id: nullable(snapshotId()),
      live: nullable(text()).about("The worktree that was copied as it was then."),
    }),
    // Finishes the worktree if its folder is visible, because the user may work in it already; else removes all of it.
    async recover(context, intent): Promise<void> {
      const { store } = context;
      if (isWorktreeVisible(store, intent)) {
        publishWorktree(store, intent);
        return await finishDecided(context, intent);
      }
      await discardStaged(store, intent);
      intent.complete();
    },
  });

/** Makes a worktree, empty or from a snapshot. */
export const worktreeCreation = creation("worktree create");
/** Makes a worktree from a snapshot, or from another worktree as it is now. */
export const worktreeForking = creation("worktree fork");

/** The intent of a new worktree. */
export type CreationIntent = IntentOf<typeof worktreeCreation>;

/** Publishes a staged worktree: its payload root by one rename, then its record. Repeatable. */
export function publishWorktree(store: Store, intent: CreationIntent): void {
  const { config, root_mode = null } = intent.details;
  if (config === undefined) throw new Error("a worktree is published before it is staged");
  const name = bytesOf(config.name);
  using payloads = openPayloads(store);
  if (inodeOf(payloads, name) !== config.identity.inode) {
    using staging = store.layout.staging.open();
    movePayload(staging, bytesOf(intent.id), payloads, name);
    staging.sync();
  }
  if (root_mode !== null) payloads.setMode(name, root_mode);
  payloads.sync();
  if (store.worktrees.find(config.name) === undefined) store.worktrees.add(config);
}

function isWorktreeVisible(store: Store, intent: CreationIntent): boolean {
  const { config } = intent.details;
  if (config === undefined || intent.decided() === null) return false;
  using payloads = openPayloads(store);
  return inodeOf(payloads, bytesOf(config.name)) === config.identity.inode;
}
