import { bytesOf } from "../../model/bytes.ts";
import { WorktreeConfig } from "../../model/records.ts";
import { type Infer, integer, nullable, record, SchemaMismatch } from "../../model/schema.ts";
import type { OpenIntent } from "../../repo/intents.ts";
import type { Store } from "../../repo/store.ts";
import { removeTree } from "../../tree/remove_tree.ts";
import { inodeOf, movePayload, openPayloads, openStaging } from "./payload_roots.ts";

/** A new worktree that is whole and durable in staging, as its intent has it. */
export const StagedWorktree = record({
  config: WorktreeConfig,
  root_mode: nullable(integer()).about(
    "What the payload root's mode is to be, where that was loosened to move it.",
  ),
});
export type StagedWorktree = Infer<typeof StagedWorktree>;

/** Makes a staged worktree visible: its payload root by one rename, then its record. Repeatable. */
export function publishWorktree(store: Store, intent: OpenIntent): void {
  const { config, root_mode } = StagedWorktree.check(intent.intent.details);
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

/** Whether a worktree that was to be made can be seen already, be it only its folder: then somebody may work in it. */
export function isWorktreeVisible(store: Store, intent: OpenIntent): boolean {
  const config = stagedConfig(intent);
  if (config === undefined || intent.decided() === null) return false;
  using payloads = openPayloads(store);
  return inodeOf(payloads, bytesOf(config.name)) === config.identity.inode;
}

/** Removes what is staged under an intent. Repeatable. */
export async function discardStaged(store: Store, intent: OpenIntent): Promise<void> {
  using staging = openStaging(store);
  await removeTree(staging, bytesOf(intent.id));
}

/** Nothing as long as it is not whole. */
function stagedConfig(intent: OpenIntent): WorktreeConfig | undefined {
  try {
    return StagedWorktree.check(intent.intent.details).config;
  } catch (error) {
    if (error instanceof SchemaMismatch) return undefined;
    throw error;
  }
}
