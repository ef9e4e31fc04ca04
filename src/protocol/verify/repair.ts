import { bytesOf } from "../../model/bytes.ts";
import { isJvsError, unlessThrown } from "../../model/errors.ts";
import { record, text } from "../../model/schema.ts";
import { removeTree } from "../../tree/remove_tree.ts";
import { advanceHead } from "../snapshot/save_snapshot.ts";
import { orphansOf, parentsOf, soundWorktrees } from "./check.ts";
import type { RepositoryContext } from "../context.ts";
import type { Repair } from "./finding.ts";
import { isAdopted } from "../open_worktree.ts";
import { changeWorktree, folderAcceptance, giveFolder } from "../change/change.ts";
import { commitChange, finishIf } from "../change/commit.ts";
import { defineChange } from "../change/kind.ts";
import { lockEverything, lockWorktree, recoverOnly, recoverUnderLock } from "../change/locks.ts";
import { leftoversOf } from "./leftovers.ts";
import { RefusedPath } from "../../repo/control_errors.ts";
import type { ControlPath } from "../../repo/control_path.ts";
import { isSystemError } from "../../platform/system_error.ts";
import { isStatCache } from "../../tree/stat_cache.ts";
import { rebuildReady } from "./rebuild_ready.ts";

const ADVANCE = { moves_head: true, keep_line_as: null };

/** Moves the head of a worktree to the snapshot that follows it, if a kill prevented that. */
export const headAdvance = defineChange({
  operation: "doctor advance_head",
  details: record({}),
  steps: [],
  audit: record({ worktree: text() }),
  // The head is in one file, which shows whether it was moved.
  async recover(context, intent) {
    const worktree = context.store.worktrees.withId(intent.worktreeId);
    await finishIf(worktree?.head_snapshot_id === intent.target, context, intent);
  },
});

/** Recovers open intents, and does the repairs that cannot lose anything. SPEC 9. */
export async function repairRuntime(context: RepositoryContext): Promise<string[]> {
  context.store.ensureRuntime();
  return [
    ...await acceptFolders(context),
    ...await repair(context, "clean_intents"),
    ...await repair(context, "clean_locks"),
    ...await dropDamagedCaches(context),
  ];
}

/** Does one repair, and returns a sentence for each thing that it repaired. */
export async function repair(context: RepositoryContext, action: Repair): Promise<string[]> {
  switch (action) {
    case "clean_intents":
      return await cleanIntents(context);
    case "clean_locks":
      // A crash releases locks, because open files hold them: there is nothing to do.
      return [];
    case "rebuild_index":
      return await rebuildIndex(context);
    case "clean_tmp":
      return await cleanLeftovers(context);
    case "advance_head":
      return await advanceHeads(context);
    case "rebuild_ready":
      return await rebuildReady(context);
    case "audit_repair":
      return await repairAudit(context);
  }
}

/** Accepts the folders of a copied repository: they have other identities, but those inside it have the same path. */
async function acceptFolders(context: RepositoryContext): Promise<string[]> {
  const { store } = context;
  const accepted: string[] = [];
  for (const { name, worktree_id } of soundWorktrees(store)) {
    using _lock = await lockWorktree(context, worktree_id, folderAcceptance.operation);
    await recoverOnly(context, worktree_id, [folderAcceptance]);
    const worktree = store.worktrees.withId(worktree_id);
    if (worktree === undefined || isAdopted(worktree)) continue;
    if (store.worktrees.checkIdentity(worktree) !== "replaced") continue;
    using folder = store.worktrees.openRoot(worktree);
    const { path } = worktree;
    await giveFolder(context, worktree, folderAcceptance, {
      path,
      identity: store.worktrees.identify(folder),
    });
    accepted.push(`Took the folder of worktree "${name}" as it is now.`);
  }
  return accepted;
}

async function cleanIntents(context: RepositoryContext): Promise<string[]> {
  const open = context.store.intents.list();
  const recovered: string[] = [];
  for (const id of new Set(open.map((intent) => intent.worktree_id))) {
    try {
      const count = await recoverUnderLock(context, id);
      if (count === 0) continue;
      recovered.push(`Recovered ${count} interrupted ${count === 1 ? "operation" : "operations"}.`);
    } catch (error) {
      // What belongs to another member must not keep the rest from being repaired.
      if (!isJvsError(error, "E_PERMISSION")) throw error;
      context.reporter.warn(`${error.message}. ${error.hint}`);
    }
  }
  return recovered;
}

/** Keeps the sound caches, because they save reading everything again. */
async function dropDamagedCaches({ store }: RepositoryContext): Promise<string[]> {
  const caches = store.hostFolder().at("cache");
  const damaged = caches.names().filter((name) => !isWholeCache(caches.at(name)));
  if (damaged.length === 0) return [];
  using folder = caches.open();
  for (const name of damaged) await removeTree(folder, bytesOf(name));
  return ["Removed damaged caches of this host; they are rebuilt as they are needed."];
}

function isWholeCache(place: ControlPath): boolean {
  // It may be no file, or not one of ours.
  return unlessThrown((error) => isSystemError(error) || error instanceof RefusedPath, () => {
    using file = place.openFile("read");
    return isStatCache(file);
  }) ?? false;
}

async function rebuildIndex({ store }: RepositoryContext): Promise<string[]> {
  using host = store.hostFolder().open();
  await removeTree(host, bytesOf("cache"));
  return ["Removed this host's caches; they are rebuilt as they are needed."];
}

async function cleanLeftovers(context: RepositoryContext): Promise<string[]> {
  // Work in progress looks like a leftover. With every lock taken no other process is at work.
  using _locks = await lockEverything(context, "doctor");
  const cleaned: string[] = [];
  for (const { what, path, clean } of await leftoversOf(context.store)) {
    await clean();
    cleaned.push(`Cleaned up after ${what}: ${path}.`);
  }
  return cleaned;
}

async function advanceHeads(context: RepositoryContext): Promise<string[]> {
  const { store } = context;
  const mended: string[] = [];
  const parents = await parentsOf(store, []);
  for (;;) {
    // One after the other: another orphan may follow this one.
    const [orphan] = await orphansOf(store, parents);
    if (orphan === undefined) return mended;
    const { id, worktree } = orphan;
    const begun = { kind: headAdvance, target: id, details: {}, claims: { snapshot_id: id } };
    await changeWorktree(context, store.worktrees.get(worktree), begun, async (change) => {
      if (change.worktree.head_snapshot_id !== parents.get(id)) return change.intent.complete();
      await commitChange(change, { target: id, details: { worktree } }, {
        commit: () =>
          advanceHead(store, change.worktree, { ...ADVANCE, snapshot_id: id, actor: context.actor }),
      });
      mended.push(`Moved the head of worktree "${worktree}" to ${id}.`);
    });
  }
}

/** Keeps the broken log beside the new one, whose first record says what was broken. */
async function repairAudit({ store, actor, session, reason }: RepositoryContext): Promise<string[]> {
  const made = await store.audit.repair({ actor, session_id: session ?? null, reason: reason ?? null });
  return made === undefined
    ? []
    : ["Mended the audit trail; it says from now on that it was broken, and where."];
}
