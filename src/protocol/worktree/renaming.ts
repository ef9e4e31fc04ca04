import { bytesOf } from "../../model/bytes.ts";
import { record, SchemaMismatch, text } from "../../model/schema.ts";
import type { OpenIntent } from "../../repo/intents.ts";
import type { Store } from "../../repo/store.ts";
import { inodeOf, movePayload, openPayloads } from "./payload_roots.ts";

/** A renaming, as its intent has it. */
const Renaming = record({
  from: text(),
  name: text(),
  inode: text().about("Of the payload root; empty where it does not move or is gone."),
});

/** Carries a renaming out: the payload root first, then the record. Repeatable. */
export function carryOutRenaming(store: Store, intent: OpenIntent): void {
  const { from, name, inode } = Renaming.check(intent.intent.details);
  if (inode !== "") {
    using payloads = openPayloads(store);
    if (inodeOf(payloads, bytesOf(name)) !== inode) {
      movePayload(payloads, bytesOf(from), payloads, bytesOf(name));
    }
    payloads.sync();
  }
  store.worktrees.rename(from, name);
}

/** Whether any of a renaming was done: then all of it has to be. */
export function isRenamingBegun(store: Store, intent: OpenIntent): boolean {
  try {
    const { from, name, inode } = Renaming.check(intent.intent.details);
    if (intent.decided() === null) return false;
    if (inode === "") {
      return store.worktrees.find(from) === undefined && store.worktrees.find(name) !== undefined;
    }
    using payloads = openPayloads(store);
    return inodeOf(payloads, bytesOf(name)) === inode;
  } catch (error) {
    if (error instanceof SchemaMismatch) return false; // it did not come so far
    throw error;
  }
}
