import { bytesOf } from "../../model/bytes.ts";
import { uuid } from "../../model/records.ts";
import { record, text } from "../../model/schema.ts";
import type { Store } from "../../repo/store.ts";
import { finishIf } from "../change/commit.ts";
import { defineChange, type IntentOf } from "../change/kind.ts";
import { inodeOf, movePayload, openPayloads } from "./payload_roots.ts";

/** Gives a worktree another name. */
export const worktreeRenaming = defineChange({
  operation: "worktree rename",
  details: record({
    from: text().optional(),
    inode: text().about("Of the payload root; empty if it does not move, or is gone.").optional(),
  }),
  steps: ["reserved", "renaming"],
  touchesFiles: true,
  audit: record({ old_name: text(), name: text(), worktree_id: uuid() }),
  async recover(context, intent): Promise<void> {
    const isBegun = isRenamingBegun(context.store, intent);
    if (isBegun) carryOutRenaming(context.store, intent);
    await finishIf(isBegun, context, intent);
  },
});

type RenamingIntent = IntentOf<typeof worktreeRenaming>;

/** Renames the payload root, then the record. Repeatable. */
export function carryOutRenaming(store: Store, intent: RenamingIntent): void {
  const { from = "", inode = "" } = intent.details;
  const { worktree_name: name = "" } = intent.claims;
  if (inode !== "") {
    using payloads = openPayloads(store);
    if (inodeOf(payloads, bytesOf(name)) !== inode) {
      movePayload(payloads, bytesOf(from), payloads, bytesOf(name));
    }
    payloads.sync();
  }
  store.worktrees.rename(from, name);
}

/** Whether any of it was done: then recovery does the rest. */
function isRenamingBegun(store: Store, intent: RenamingIntent): boolean {
  const { from, inode } = intent.details;
  const { worktree_name: name } = intent.claims;
  if (from === undefined || name === undefined || intent.decided() === null) return false;
  if (inode === undefined || inode === "") {
    return store.worktrees.find(from) === undefined && store.worktrees.find(name) !== undefined;
  }
  using payloads = openPayloads(store);
  return inodeOf(payloads, bytesOf(name)) === inode;
}
