import { bytesOf, ITSELF } from "../../model/bytes.ts";
import { DegradationList } from "../../model/degradations.ts";
import { newUuid } from "../../model/ids.ts";
import { checkName } from "../../model/names.ts";
import { Degradations, snapshotId, uuid, type WorktreeConfig } from "../../model/records.ts";
import { boolean, type Infer, nullable, record, text } from "../../model/schema.ts";
import { randomBytes } from "../../platform/clock.ts";
import type { Folder } from "../../platform/platform.ts";
import { copyHashes } from "../look/copy_hashes.ts";
import { settle } from "../../tree/scan_clock.ts";
import type { TreeTable } from "../../tree/table.ts";
import { newWorktreeConfig } from "../../repo/worktrees.ts";
import { withIntent } from "../change/with_intent.ts";
import { commitChange } from "../change/commit.ts";
import type { RepositoryContext } from "../context.ts";
import { checkForkable, type Filled, fillFromSnapshot, fillFromWorktree, type NewRoot } from "./fill.ts";
import { lockRepository, lockWorktree } from "../change/locks.ts";
import { lookWithoutCache } from "../look/look.ts";
import { makeMovable } from "./payload_roots.ts";
import { recoverOpenIntents } from "../change/recover.ts";
import { reserveName } from "./reserve_name.ts";
import { type CreationIntent, publishWorktree, worktreeCreation, worktreeForking } from "./publish.ts";

type CreationKind = typeof worktreeCreation;

/** The result of an operation that makes a worktree. */
export const NewWorktreeResult = record({
  name: text(),
  path: text().about("Absolute: go there to work in it."),
  worktree_id: uuid(),
  head_snapshot_id: nullable(snapshotId()).about("The snapshot that its line begins with."),
  live: boolean().about("It was copied from a worktree as that is now, not from a snapshot."),
  verified: boolean().about("Whether the content was hashed before it was to be seen."),
  degradations: Degradations,
});
type NewWorktreeResult = Infer<typeof NewWorktreeResult>;

/** The worktree to make. */
export interface NewWorktree {
  readonly name: string;
  /** The snapshot that it holds and stands on; null for an empty worktree. */
  readonly snapshotId: string | null;
  /** By default a fork. */
  readonly kind?: CreationKind;
  /** Whether its content is hashed before it becomes visible; by default if it is not too much. SPEC 7. */
  readonly verify?: boolean | undefined;
}

/**
 * Makes a worktree from a snapshot, or an empty one: reserve its name (`reserve_name.ts`), make its content in staging
 * (`fill.ts`), publish it by one rename (`publish.ts`). A kill at any moment leaves nothing of it, or all.
 */
export async function createWorktreeFrom(
  context: RepositoryContext,
  { name, snapshotId, kind = worktreeForking, verify }: NewWorktree,
): Promise<NewWorktreeResult> {
  const plan = { name, kind, snapshotId };
  if (snapshotId === null) return await make(context, plan, fillWithNothing);
  await checkForkable(context, snapshotId);
  return await make(context, plan, (root) => fillFromSnapshot(context, root, snapshotId, verify));
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
  const { head_snapshot_id: snapshotId } = current;
  const plan = { name, kind: worktreeForking, snapshotId, source: current.name };
  return await make(context, plan, (root) => fillFromWorktree(context, root, current));
}

interface Making {
  readonly name: string;
  readonly kind: CreationKind;
  readonly snapshotId: string | null;
  /** The worktree to copy as it is now. */
  readonly source?: string;
}

async function make(
  context: RepositoryContext,
  { kind, snapshotId, source, ...making }: Making,
  fill: (root: NewRoot) => Promise<Filled>,
): Promise<NewWorktreeResult> {
  const name = checkName(making.name, "worktree");
  const id = newUuid(randomBytes(16));
  const { store } = context;
  // While this lock is held, other processes know that the change is still under way.
  using _own = await lockWorktree(context, id, kind.operation);
  const claims = snapshotId === null ? {} : { snapshot_id: snapshotId };
  return await withIntent(context, id, { kind, target: name, details: {}, claims }, async (intent) => {
    await reserveName(context, intent, name, () => {
      if (snapshotId !== null) store.snapshots.ready(snapshotId);
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
  if (filled.table !== undefined) await rememberContent(context, config, root, filled.table);
  intent.step("staged", { config, root_mode });
  return filled;
}

/**
 * Writes known hashes to the stat cache, so that the first snapshot need not read everything. No other process can write
 * there yet, and after one tick of the clock every later write shows in times (SPEC 5, *clean*).
 */
async function rememberContent(
  context: RepositoryContext,
  config: WorktreeConfig,
  root: Folder,
  known: TreeTable,
): Promise<void> {
  using look = await lookWithoutCache({ ...context, worktree: config }, root.openFolder(ITSELF));
  const { clock, table } = look;
  if (clock === undefined || clock.granularityNs > clock.tickNs) return;
  await settle(table, clock);
  table.clean.fill(1);
  copyHashes(table, known);
  look.remember(null);
}

const USUAL_MODE = 0o777; // without the bits of the umask

function fillWithNothing({ into, name }: NewRoot): Promise<Filled> {
  into.makeFolder(name, USUAL_MODE);
  return Promise.resolve({ verified: true, degradations: new DegradationList() });
}
