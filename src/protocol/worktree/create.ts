import { bytesOf } from "../../model/bytes.ts";
import { DegradationList } from "../../model/degradations.ts";
import { checkName } from "../../model/names.ts";
import { Degradations, snapshotId, uuid, WorktreeConfig } from "../../model/records.ts";
import { WORKTREE } from "../../model/result_fields.ts";
import { boolean, type Infer, integer, nullable, record, text } from "../../model/schema.ts";
import type { Folder } from "../../platform/platform.ts";
import { isShared } from "../../platform/folder_rights.ts";
import { giveToOwner, makeOwnFolder } from "../../platform/make_own.ts";
import { Stat } from "../../platform/stat.ts";
import type { Store } from "../../repo/store.ts";
import { settle } from "../../tree/scan_clock.ts";
import { newWorktreeConfig } from "../../repo/worktrees.ts";
import { commitChange, finishDecided, withIntent } from "../change/commit.ts";
import { defineChange, type IntentOf, type WorktreeContext } from "../change/kind.ts";
import type { RepositoryContext } from "../context.ts";
import { makeWorktreeRoot } from "../engine_for.ts";
import {
  type Beginning,
  checkForkable,
  type Filled,
  fillFromSnapshot,
  fillFromWorktree,
  type NewRoot,
} from "./fill.ts";
import { cacheKey, writeStatCache } from "../look/cache_of_looks.ts";
import { scanClock } from "../look/look.ts";
import { type Made, readFacts } from "../payload/read_facts.ts";
import {
  discardStaged,
  findPayloads,
  hasPayload,
  makeMovable,
  movePayload,
  openPayloads,
  setRootMode,
} from "./payload_roots.ts";
import { lockRepository, lockWorktree, recoverOpenIntents } from "../change/locks.ts";
import { reserveName } from "./names.ts";

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

type CreationKind = typeof worktreeCreation;
type CreationIntent = IntentOf<CreationKind>;

/** The result of an operation that makes a worktree. */
export const NewWorktreeResult = record({
  name: WORKTREE.worktree,
  path: WORKTREE.path,
  worktree_id: WorktreeConfig.fields.worktree_id,
  head_snapshot_id: nullable(snapshotId())
    .about("The snapshot that its line begins with; null if it has none."),
  live: boolean().about("It was copied from a worktree as that is now, not from a snapshot."),
  verified: boolean().about("Whether the content was hashed before the worktree became visible."),
  degradations: Degradations.about("What could not be copied exactly."),
});
type NewWorktreeResult = Infer<typeof NewWorktreeResult>;

/** The worktree to make. */
export interface NewWorktree {
  readonly name: string;
  /** The snapshot that it holds and stands on; null for an empty worktree. */
  readonly snapshotId: string | null;
  /** By default a fork. */
  readonly kind?: CreationKind;
  /** What the user asked for, as messages say it of the snapshot: `fork`, the default. */
  readonly action?: string;
  readonly verify?: Beginning["verify"];
}

/**
 * Makes a worktree from a snapshot, or an empty one. A kill at any moment leaves nothing of it, or all:
 *
 * 1. Lock its new id, write an intent, and reserve its name (`names.ts`).
 * 2. Make its content in staging, out of sight (`fill.ts`), and make it durable.
 * 3. Write its record into the intent, from which recovery can finish step 4 once that began.
 * 4. Commit: rename its folder to its place (`payload_roots.ts`), add its record, write the audit record.
 *
 * `remove.ts` does the same the other way round: first the folder goes to staging, then the record, then the content.
 */
export async function createWorktreeFrom(
  context: RepositoryContext,
  worktree: NewWorktree,
): Promise<NewWorktreeResult> {
  const { action = "fork", snapshotId: id, verify } = worktree;
  if (id === null) return await make(context, worktree, (root) => fillWithNothing(context, root));
  // Until the new worktree's record protects it.
  using _used = await context.store.snapshots.use(id, { signal: context.signal });
  const beginning = { id, action, verify };
  await checkForkable(context, beginning);
  return await make(context, worktree, (root) => fillFromSnapshot(context, root, beginning));
}

/** Makes a worktree from another one as it is now, with unsaved and ignored files. */
export async function createLiveFork(
  context: RepositoryContext,
  source: WorktreeConfig,
  name: string,
): Promise<NewWorktreeResult> {
  // Under the lock no restore changes the source meanwhile, and what one left half done is recovered first.
  using _lock = await lockWorktree(context, source.worktree_id, "worktree fork");
  await recoverOpenIntents(context, source.worktree_id);
  const current = context.store.worktrees.get(source.name);
  const plan = { name, snapshotId: current.head_snapshot_id, source: current.name };
  return await make(context, plan, (root) => fillFromWorktree(context, root, current));
}

/** `source` is the worktree to copy as it is now. */
async function make(
  context: RepositoryContext,
  { kind = worktreeForking, snapshotId, source, ...making }: NewWorktree & { readonly source?: string },
  fill: (root: NewRoot) => Promise<Filled>,
): Promise<NewWorktreeResult> {
  const name = checkName(making.name, "worktree");
  const id = crypto.randomUUID();
  const { store } = context;
  // While this lock is held, other processes know that the change is still under way.
  using _own = await lockWorktree(context, id, kind.operation);
  const claims = snapshotId === null ? {} : { snapshot_id: snapshotId };
  return await withIntent(context, id, { kind, target: name, details: {}, claims }, async (intent) => {
    await reserveName(context, intent, name, () => {
      if (snapshotId !== null) store.snapshots.ready(snapshotId);
      openPayloads(store)[Symbol.dispose](); // where that is not possible nothing needs to be copied
    });
    const filled = await stage(context, intent, { name, id, snapshotId }, fill);
    const details = { worktree: name, worktree_id: id, snapshot_id: snapshotId, live: source ?? null };
    using _lock = await lockRepository(context, kind.operation);
    await commitChange<CreationKind>({ ...context, intent }, { target: name, details }, {
      commit: () => publishWorktree(store, intent),
    });
    const worktree = store.worktrees.get(name);
    return {
      name,
      path: store.worktrees.root(worktree),
      worktree_id: id,
      head_snapshot_id: worktree.head_snapshot_id,
      live: source !== undefined,
      verified: filled.verified,
      degradations: filled.degradations.toRecord(),
    };
  });
}

/** Makes the payload root in staging, whole and durable, and writes its record into the intent. */
async function stage(
  context: RepositoryContext,
  intent: CreationIntent,
  { name, id, snapshotId }: { name: string; id: string; snapshotId: string | null },
  fill: (root: NewRoot) => Promise<Filled>,
): Promise<Filled> {
  const { store } = context;
  using staging = store.layout.staging.open();
  const staged = { into: staging, name: bytesOf(intent.id) };
  const filled = await fill(staged);
  using root = staging.openFolder(staged.name);
  const root_mode = makeMovable(root);
  store.platform.syncFileSystem(root);
  const identity = store.worktrees.identify(root);
  const made = newWorktreeConfig({ name, path: `worktrees/${name}`, identity, snapshotId });
  const config = { ...made, worktree_id: id };
  if (filled.made !== undefined) await rememberContent({ ...context, worktree: config }, root, filled.made);
  intent.step("staged", { config, root_mode });
  return filled;
}

/**
 * Writes known hashes to the stat cache, so that the first snapshot need not read everything. No other process can write
 * there yet, and after one tick of the clock every later write shows in times (SPEC 5, *clean*). No folder was listed: the next
 * look does that.
 */
async function rememberContent(context: WorktreeContext, root: Folder, made: Made): Promise<void> {
  const clock = scanClock(context, root);
  if (clock === undefined || clock.granularityNs > clock.tickNs) return;
  const { table } = made;
  await readFacts(root, made, context.signal);
  table.setStat(0, Stat.ofFolder(root));
  await settle(table, clock);
  table.clean.fill(1);
  const key = cacheKey(context, root);
  writeStatCache(context, { key, since: null, snapshotId: null, savedAs: null, table });
}

function fillWithNothing(context: RepositoryContext, { into, name }: NewRoot): Promise<Filled> {
  const { controlMode: mode } = context.store.layout.plane.owners; // staging may be open to fewer users
  if (isShared(mode)) {
    makeOwnFolder(into, name, { mode, marked: false }, (...root) => makeWorktreeRoot(context, ...root));
  } else {
    makeWorktreeRoot(context, into, name); // as the user's own folders are made
    using made = into.openFolder(name);
    using control = context.store.layout.control.open();
    giveToOwner(made, control);
  }
  return Promise.resolve({ verified: true, degradations: new DegradationList() });
}

/** Publishes a staged worktree: its payload root by one rename, then its record. Repeatable. */
function publishWorktree(store: Store, intent: CreationIntent): void {
  const { config, root_mode = null } = intent.details;
  if (config === undefined) throw new Error("a worktree is published before it is staged");
  const name = bytesOf(config.name);
  using payloads = openPayloads(store);
  if (!hasPayload(store, payloads, name, config.identity)) {
    using staging = store.layout.staging.open();
    movePayload(staging, bytesOf(intent.id), payloads, name);
    staging.sync();
  }
  if (root_mode !== null) setRootMode(payloads, name, config.identity, root_mode);
  payloads.sync();
  if (store.worktrees.find(config.name) === undefined) store.worktrees.add(config);
}

function isWorktreeVisible(store: Store, intent: CreationIntent): boolean {
  const { config } = intent.details;
  if (config === undefined || intent.decided() === null) return false;
  using payloads = findPayloads(store);
  return payloads !== undefined && hasPayload(store, payloads, bytesOf(config.name), config.identity);
}
