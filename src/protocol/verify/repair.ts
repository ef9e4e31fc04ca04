import { bytesOf } from "../../model/bytes.ts";
import type { WorktreeConfig } from "../../model/records.ts";
import { removeTree } from "../../tree/remove_tree.ts";
import { advanceHead } from "../snapshot/advance_head.ts";
import { orphansOf, parentsOf, soundWorktrees } from "./check.ts";
import type { RepositoryContext } from "../context.ts";
import type { Repair } from "./finding.ts";
import { isAdopted } from "../worktree/open.ts";
import { recoverUnderLock } from "../change/change.ts";
import { leftoversOf } from "./leftovers.ts";
import { lockEverything } from "../change/locks.ts";
import { rebuildReady } from "./rebuild_ready.ts";

/** Recovers open intents and does the repairs that cannot lose anything. SPEC 9. */
export async function repairRuntime(context: RepositoryContext): Promise<string[]> {
  context.store.ensureRuntime();
  return [
    ...acceptFolders(context),
    ...await repair(context, "clean_intents"),
    ...await repair(context, "clean_locks"),
    ...await repair(context, "rebuild_index"),
  ];
}

/** Does one repair; what was mended, in sentences. */
export async function repair(context: RepositoryContext, action: Repair): Promise<string[]> {
  switch (action) {
    case "clean_intents":
      return await cleanIntents(context);
    case "clean_locks":
      // Locks are held by open files, so a crash releases them: there is nothing to clean but their notes.
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

/** A copied repository's folders have other identities; those inside it are known by their path. */
function acceptFolders({ store }: RepositoryContext): string[] {
  const accepted: string[] = [];
  for (const worktree of soundWorktrees(store)) {
    if (isAdopted(worktree) || !isReplaced(store, worktree)) continue;
    using folder = store.worktrees.openRoot(worktree);
    store.worktrees.update(worktree.name, { identity: store.worktrees.identify(folder) });
    accepted.push(`Took the folder of worktree "${worktree.name}" as it is now.`);
  }
  return accepted;
}

function isReplaced(store: RepositoryContext["store"], worktree: WorktreeConfig): boolean {
  return store.worktrees.checkIdentity(worktree) === "replaced";
}

async function cleanIntents(context: RepositoryContext): Promise<string[]> {
  const open = context.store.intents.list();
  const recovered: string[] = [];
  for (const id of new Set(open.map((intent) => intent.worktree_id))) {
    const count = await recoverUnderLock(context, id);
    if (count > 0) {
      recovered.push(`Recovered ${count} interrupted ${count === 1 ? "operation" : "operations"}.`);
    }
  }
  return recovered;
}

async function rebuildIndex({ store }: RepositoryContext): Promise<string[]> {
  using host = store.hostFolder().open();
  await removeTree(host, bytesOf("cache"));
  return ["Removed this host's caches; they are rebuilt as they are needed."];
}

async function cleanLeftovers(context: RepositoryContext): Promise<string[]> {
  // What somebody is just making looks like what a crash left: with every lock nobody is making anything.
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
  using _locks = await lockEverything(context, "doctor");
  const parents = await parentsOf(store, []);
  for (;;) {
    // One after the other: behind an orphan there may be another.
    const [orphan] = await orphansOf(store, parents);
    if (orphan === undefined) return mended;
    const { id, worktree } = orphan;
    const advance = { snapshot_id: id, moves_head: true, keep_line_as: null, actor: context.actor };
    advanceHead(store, store.worktrees.get(worktree), advance);
    await store.audit.append({
      operation: "doctor advance_head",
      actor: context.actor,
      target: id,
      fencing_token: null,
      session_id: context.session ?? null,
      reason: context.reason ?? null,
      details: { worktree },
    });
    mended.push(`Moved the head of worktree "${worktree}" to ${id}.`);
  }
}

/** The broken log is kept beside the new one, whose first record says what was broken. */
async function repairAudit({ store, actor, session, reason }: RepositoryContext): Promise<string[]> {
  const made = await store.audit.repair({ actor, session_id: session ?? null, reason: reason ?? null });
  return made === undefined
    ? []
    : ["Mended the audit trail; it says from now on that it was broken, and where."];
}
