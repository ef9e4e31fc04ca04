import { bytesOf } from "../../model/bytes.ts";
import { isJvsError, JvsError } from "../../model/errors.ts";
import { uuid } from "../../model/records.ts";
import { record, text } from "../../model/schema.ts";
import type { Folder } from "../../platform/platform.ts";
import type { OpenIntent } from "../../repo/intents.ts";
import type { Store } from "../../repo/store.ts";
import { inodeAt } from "../../platform/stat.ts";
import { isAt } from "../../repo/discover.ts";
import { finishIf } from "../change/commit.ts";
import { defineChange, type IntentOf } from "../change/kind.ts";
import { lockRepository, recoverInterrupted } from "../change/locks.ts";
import type { RepositoryContext } from "../context.ts";
import { findPayloads, hasPayload, movePayload, openPayloads } from "./payload_roots.ts";

type ReservingIntent = Pick<OpenIntent<Record<string, unknown>, "reserved">, "id" | "operation" | "step">;

/**
 * Reserves the name of a worktree for an intent: no other change gets it until the intent is removed. The repository is
 * locked only here, because later steps, such as cloning, may take long. `also` runs under that lock.
 */
export async function reserveName(
  context: RepositoryContext,
  intent: ReservingIntent,
  name: string,
  also: () => void = () => {},
): Promise<void> {
  using _lock = await lockRepository(context, intent.operation);
  await recoverLostWorktrees(context);
  checkFree(context.store, intent, name);
  also();
  intent.step("reserved", {}, { worktree_name: name });
}

/**
 * Recovers interrupted changes of worktrees that do not exist, or not any more: no later change would take their locks. If
 * such a lock is held, the change is still under way and is left alone.
 */
async function recoverLostWorktrees(context: RepositoryContext): Promise<void> {
  const { intents, locks, worktrees } = context.store;
  for (const { id, operation, worktree_id, claims } of intents.list()) {
    if (worktree_id === null) continue;
    if (claims.worktree_name === undefined && worktrees.isKnown(worktree_id)) continue;
    try {
      using _lock = await locks.worktree(worktree_id, `recovery of ${operation}`, { timeoutMs: 0 });
      // The intent may be gone by now: the process that held the lock has just finished.
      const open = intents.list().find((intent) => intent.id === id);
      if (open !== undefined && intents.distrust(open) === undefined) {
        await recoverInterrupted(context, open);
      }
    } catch (error) {
      if (!isJvsError(error, "E_BUSY")) throw error;
    }
  }
}

function checkFree(store: Store, intent: ReservingIntent, name: string): void {
  if (store.worktrees.find(name) !== undefined) {
    throw taken(name, "that name is taken", "`jvs worktree list` lists the names in use.");
  }
  const path = `${store.layout.payloads}/${name}`;
  if (isAt(path)) {
    throw taken(name, `"${path}" already exists, and is not a worktree`, "Or move that away.");
  }
  const other = store.intents.list().find((each) =>
    each.id !== intent.id && each.claims.worktree_name === name
  );
  if (other === undefined) return;
  const who = `process ${other.pid} on ${other.host}`;
  throw taken(name, `${other.operation} (${who}) is changing a worktree with that name`, "Or wait for it.");
}

function taken(name: string, state: string, more: string): JvsError {
  return new JvsError("E_ALREADY_EXISTS", `Cannot call a worktree "${name}": ${state}`, {
    hint: `Choose another name. ${more}`,
    details: { name },
  });
}

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
    if (!context.store.worktrees.isKnown(intent.worktreeId ?? "")) return takeBackFolder(context, intent);
    const isBegun = isRenamingBegun(context.store, intent);
    if (isBegun) carryOutRenaming(context.store, intent);
    await finishIf(isBegun, context, intent);
  },
});

type RenamingIntent = IntentOf<typeof worktreeRenaming>;

/** Gives a folder its old name back, where the record was lost before it got the new one: a copy of that has the old name. */
function takeBackFolder({ reporter, store }: RepositoryContext, intent: RenamingIntent): void {
  const { from = "", inode = "" } = intent.details;
  const { worktree_name: name = "" } = intent.claims;
  using payloads = inode === "" || name === from ? undefined : findPayloads(store);
  if (payloads !== undefined && isMoved(store, intent, payloads)) {
    if (inodeAt(payloads, bytesOf(from)) === null) {
      movePayload(payloads, bytesOf(name), payloads, bytesOf(from));
      payloads.sync();
    } else {
      reporter.warn(
        `The record of worktree "${from}" was lost while it was renamed: its folder is "${store.layout.payloads}/${name}".`,
      );
    }
  }
  intent.complete();
}

/** Renames the payload root, then the record. Repeatable. */
export function carryOutRenaming(store: Store, intent: RenamingIntent): void {
  const { from = "", inode = "" } = intent.details;
  const { worktree_name: name = "" } = intent.claims;
  if (inode !== "") {
    using payloads = openPayloads(store);
    if (!isMoved(store, intent, payloads)) {
      movePayload(payloads, bytesOf(from), payloads, bytesOf(name));
    }
    payloads.sync();
  }
  store.worktrees.rename(from, name);
}

/** Whether the payload root has its new name. */
function isMoved(store: Store, { claims, details, worktreeId }: RenamingIntent, payloads: Folder): boolean {
  const { worktree_name: name = "" } = claims;
  const { inode = "" } = details;
  const identity = store.worktrees.withId(worktreeId)?.identity ?? { file_system: "unknown", inode };
  return hasPayload(store, payloads, bytesOf(name), { ...identity, inode });
}

/** Whether any of it was done: then recovery does the rest. */
function isRenamingBegun(store: Store, intent: RenamingIntent): boolean {
  const { from, inode } = intent.details;
  const { worktree_name: name } = intent.claims;
  if (from === undefined || name === undefined || intent.decided() === null) return false;
  if (inode === undefined || inode === "") {
    return store.worktrees.find(from) === undefined && store.worktrees.find(name) !== undefined;
  }
  using payloads = findPayloads(store);
  return payloads !== undefined && isMoved(store, intent, payloads);
}
