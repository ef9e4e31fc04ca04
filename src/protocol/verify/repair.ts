import { bytesOf } from "../../model/bytes.ts";
import { type ErrorCode, type ErrorDetails, isJvsError, JvsError } from "../../model/errors.ts";
import { firstFew } from "../../model/first_few.ts";
import type { Descriptor } from "../../model/records.ts";
import { record, text } from "../../model/schema.ts";
import { removeTree } from "../../tree/remove_tree.ts";
import { advanceHeads } from "./advance_heads.ts";
import { KnownDamage } from "./known_damage.ts";
import { soundWorktrees } from "./sound_records.ts";
import type { RepositoryContext } from "../context.ts";
import type { Repair } from "./finding.ts";
import { isSoundIndex } from "../../repo/snapshot_index.ts";
import { isSoundLedger } from "../../repo/space_ledger_store.ts";
import { setRoomAside } from "../../repo/reserve.ts";
import { isDamageFile, isSoundDamage } from "../../repo/damage_store.ts";
import { isSoundReadings } from "../../repo/readings_store.ts";
import { readStatCache } from "../look/cache_of_looks.ts";
import { isAdopted } from "../open_worktree.ts";
import { folderAcceptance, giveFolder } from "../change/change.ts";
import { commitChange, finishIf, withIntent } from "../change/commit.ts";
import { refuseHeldByOther } from "../change/guard.ts";
import { defineChange } from "../change/kind.ts";
import {
  lockEverything,
  lockWorktree,
  recoverOnly,
  recoverOpenIntents,
  recoverUnderLock,
} from "../change/locks.ts";
import { pinLine } from "../snapshot/catch_up.ts";
import { leftoversOf, snapshotsWithoutMarker } from "./leftovers.ts";
import { requireSignature } from "../signing/require_signature.ts";
import { makeEmptyFolders } from "./missing_folders.ts";
import { unlessHeld } from "./unless_held.ts";
import { verifyContent } from "./verify_snapshot.ts";

const MARKED = "Took the repository as one that JVS made: the copy had lost the mark.";

/** Writes the marker of a snapshot that lost it. */
export const readyRebuilding = defineChange({
  operation: "doctor rebuild_ready",
  details: record({}),
  steps: [],
  audit: record({ descriptor_checksum: text() }),
  recover: (context, intent) => finishIf(context.store.snapshots.exists(intent.target), context, intent),
});

/** Recovers open intents, and does the repairs that cannot lose anything. SPEC 9. */
export async function repairRuntime(context: RepositoryContext): Promise<string[]> {
  const isMarked = context.store.layout.plane.mark();
  context.store.ensureRuntime();
  setRoomAside(context.store.layout);
  return [
    ...isMarked ? [MARKED] : [],
    ...await makeEmptyFolders(context),
    ...await acceptFolders(context),
    ...await cleanIntents(context),
    ...await dropDamagedCaches(context),
  ];
}

/** Does one repair, and returns a sentence for each thing that it repaired. */
export async function repair(context: RepositoryContext, action: Repair): Promise<string[]> {
  return await DOERS[action](context);
}

const DOERS: Record<Repair, (context: RepositoryContext) => Promise<string[]>> = {
  clean_intents: cleanIntents,
  // A crash releases locks, because open files hold them: there is nothing to do.
  clean_locks: () => Promise.resolve([]),
  rebuild_index: rebuildIndex,
  clean_tmp: cleanLeftovers,
  advance_head: advanceHeads,
  rebuild_ready: rebuildReady,
  audit_repair: repairAudit,
};

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
    await unlessHeld(context, async () => {
      await refuseHeldByOther(
        context,
        worktree_id,
        (name) => `take the folder of worktree "${name}" as it is now`,
      );
      using folder = store.worktrees.openRoot(worktree);
      const place = { path: worktree.path, identity: store.worktrees.identify(folder) };
      await giveFolder(context, worktree, folderAcceptance, place);
      accepted.push(`Took the folder of worktree "${name}" as it is now.`);
    });
  }
  return accepted;
}

async function cleanIntents(context: RepositoryContext): Promise<string[]> {
  const open = context.store.intents.list();
  const recovered: string[] = [];
  for (const id of new Set(open.map((intent) => intent.worktree_id))) {
    await unlessHeld(context, async () => {
      const count = await recoverUnderLock(context, id);
      if (count === 0) return;
      recovered.push(`Recovered ${count} interrupted ${count === 1 ? "operation" : "operations"}.`);
    });
  }
  return recovered;
}

/** Keeps the sound caches, because they save reading everything again. */
async function dropDamagedCaches({ store }: RepositoryContext): Promise<string[]> {
  const caches = store.cacheFolder();
  const damaged: string[] = [];
  for (const name of caches.names()) {
    const isStatCache = readStatCache(caches.at(name)) !== undefined;
    if (isStatCache || await isSoundIndex(store, name)) continue;
    if (await isSoundLedger(store, name) || await isSoundReadings(store, name)) continue;
    if (await isSoundDamage(store, name)) continue;
    damaged.push(name);
  }
  if (damaged.length === 0) return [];
  using folder = caches.open();
  for (const name of damaged) await removeTree(folder, bytesOf(name));
  return ["Removed damaged caches of this host; they are rebuilt as they are needed."];
}

async function rebuildIndex({ store }: RepositoryContext): Promise<string[]> {
  const caches = store.cacheFolder();
  using folder = caches.open();
  // What was found damaged is no cache: nothing makes it again but a verification that happens to read it.
  const removed = caches.names().filter((name) => !isDamageFile(name));
  for (const name of removed) await removeTree(folder, bytesOf(name));
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

/** Keeps the broken log beside the new one, whose first record says what was broken. */
async function repairAudit({ store, actor, session, reason }: RepositoryContext): Promise<string[]> {
  const made = await store.audit.repair({ actor, session_id: session ?? null, reason: reason ?? null });
  return made === undefined
    ? []
    : ["Mended the audit trail; it says from now on that it was broken, and where."];
}

/**
 * Writes the marker of each published snapshot that lost it, after its manifest and payload are proved by the descriptor.
 * `E_PAYLOAD_HASH_MISMATCH`, after all others are repaired, if the content of one is not what was saved.
 */
async function rebuildReady(context: RepositoryContext): Promise<string[]> {
  const { store } = context;
  using _locks = await lockEverything(context, readyRebuilding.operation);
  await recoverOpenIntents(context, null);
  const { lost } = await snapshotsWithoutMarker(store);
  const mended: string[] = [];
  const damaged: JvsError[] = [];
  for (const { descriptor } of lost) {
    if (descriptor === undefined) continue; // the finding says that only a copy helps
    const problem = await problemOf(context, descriptor);
    if (problem !== undefined) damaged.push(problem);
    else mended.push(await rebuild(context, descriptor));
  }
  if (damaged[0] !== undefined) throw damaged[0];
  return mended;
}

/** Why the content of a snapshot is not proved to be what was saved; undefined if it is. */
async function problemOf(context: RepositoryContext, descriptor: Descriptor): Promise<JvsError | undefined> {
  const cannot = (
    code: ErrorCode,
    why: string,
    named: readonly string[],
    hint: string,
    details: ErrorDetails,
  ) => {
    const message = `Cannot rebuild the commit marker of snapshot ${descriptor.snapshot_id}: ${why}: ${
      firstFew(named)
    }`;
    return new JvsError(code, message, {
      hint,
      details: { snapshot_id: descriptor.snapshot_id, ...details },
    });
  };
  try {
    await requireSignature(context.store, descriptor);
    const { severity, files, unchecked } = await verifyContent(context, descriptor);
    if (severity === "unchecked") {
      const why = "you may not read all of it, so its content cannot be proved";
      const named = unchecked.map(({ path, owner }) => `${path || "."} (of ${owner})`);
      return cannot("E_PERMISSION", why, named, "Let their owner or root do this repair.", { unchecked });
    }
    if (severity !== "critical") return undefined;
    const why = "its content is not what was saved";
    const named = files.map(({ path, problem }) => `${path || "."} (${problem})`);
    const hint = "Bring the snapshot's files back from a copy of the repository, then repair again.";
    return cannot("E_PAYLOAD_HASH_MISMATCH", why, named, hint, { files });
  } catch (error) {
    // The manifest is damaged, or the snapshot is not signed as it must be.
    if (isJvsError(error, "E_DESCRIPTOR_CORRUPT", "E_SIGNATURE_INVALID", "E_TRUST_POLICY_VIOLATION")) {
      return error;
    }
    throw error;
  }
}

async function rebuild(context: RepositoryContext, descriptor: Descriptor): Promise<string> {
  const { snapshot_id: id, descriptor_checksum } = descriptor;
  await keepIfPassed(context, descriptor); // first, so that no kill leaves it without
  const begun = { kind: readyRebuilding, target: id, details: {}, claims: { snapshot_id: id } };
  await withIntent(context, null, begun, async (intent) => {
    const details = { descriptor_checksum: descriptor_checksum.value };
    await commitChange<typeof readyRebuilding>({ ...context, intent }, { target: id, details }, {
      commit: () => context.store.unfinished.writeReady(descriptor),
    });
  });
  // A verification may have noted that it had no sound marker.
  const damage = await KnownDamage.open(context.store);
  damage.noteSound(id);
  await damage.keep();
  return `Rebuilt the commit marker of snapshot ${id}: its content is what was saved.`;
}

/** While it had no marker, its worktree may have gone on without it: then no line leads to it. */
async function keepIfPassed(
  context: RepositoryContext,
  { kind, snapshot_id: id, worktree_id }: Descriptor,
): Promise<void> {
  const { store } = context;
  const worktree = soundWorktrees(store).find((each) => each.worktree_id === worktree_id);
  if (kind !== "manual" || worktree === undefined) return;
  let at = worktree.latest_snapshot_id;
  if (id > (at ?? "")) return; // its record does not know it, as gc and doctor see
  while (at !== null && at > id) {
    at = (await store.snapshots.unmarkedDescriptor(at))?.parent_snapshot_id ?? null;
  }
  if (at !== id) await pinLine(context, worktree, id, "which was saved in it and had lost its marker");
}
