import { canonicalJson } from "../../model/canonical_json.ts";
import { JvsError } from "../../model/errors.ts";
import { Identity, type WorktreeConfig } from "../../model/records.ts";
import { record, text } from "../../model/schema.ts";
import type { OpenIntent } from "../../repo/intents.ts";
import type { RepositoryContext } from "../context.ts";
import { openWorktree } from "../open_worktree.ts";
import { commitChange, finishIf, type NewChange, withIntent } from "./commit.ts";
import { guardWorktree } from "./guard.ts";
import { type AnyChangeKind, type Change, defineChange, type WorktreeChange } from "./kind.ts";
import { lockRepository, lockWorktree, recoverOpenIntents } from "./locks.ts";

/** A change that is known only under the lock: what its words mean may move until then, such as HEAD. */
interface LateChange<K extends AnyChangeKind> {
  readonly kind: K;
  readonly begin: (worktree: WorktreeConfig) => Promise<NewChange<K>>;
}

/**
 * Changes one worktree. Every change takes these steps:
 *
 * 1. Take the lock, see whose lease the worktree has (`guard.ts`), and recover what was interrupted (`locks.ts`).
 * 2. Write an intent (`commit.ts`), and run the body with the worktree as it is under the lock.
 * 3. The body calls `intent.step` before each step that leaves something behind, with what recovery must know.
 * 4. The body ends with `commitChange` (`commit.ts`): it makes the change true, and writes the audit record.
 *
 * An error or a kill may interrupt it anywhere. Then the recovery of the kind of change (`kind.ts`) finishes or undoes it:
 * at once after an error, in the next change after a kill. The reasons are in docs/design/one-change-wrapper.md.
 */
export async function changeWorktree<T, K extends AnyChangeKind>(
  context: RepositoryContext,
  worktree: WorktreeConfig,
  change: NewChange<K> | LateChange<K>,
  body: (change: WorktreeChange<K>) => Promise<T>,
): Promise<T> {
  using _lock = await lockWorktree(context, worktree.worktree_id, change.kind.operation);
  using guard = await guardWorktree(context, currentRecord(context, worktree), change.kind);
  const guarded = { ...context, guard };
  await recoverOpenIntents(guarded, worktree.worktree_id);
  await change.kind.prepare?.(guarded, currentRecord(context, worktree));
  const accepted = await acceptFolder(guarded, currentRecord(context, worktree));
  return await withIntent(
    guarded,
    accepted.worktree_id,
    "begin" in change ? await change.begin(accepted) : change,
    (intent) => body({ ...guarded, worktree: accepted, intent }),
  );
}

/** The record of a worktree as it is now. The caller holds its lock. */
export function currentRecord(
  { store: { worktrees } }: RepositoryContext,
  worktree: Pick<WorktreeConfig, "name" | "worktree_id">,
): WorktreeConfig {
  const current = worktrees.current(worktree);
  if (current !== undefined) return current;
  throw new JvsError(
    "E_NOT_FOUND",
    `Cannot change worktree "${worktree.name}": it was removed meanwhile`,
    { hint: "See what worktrees there are with `jvs worktree list`." },
  );
}

/** Changes what belongs to the repository as a whole, such as refs and settings. */
export async function changeRepository<T, K extends AnyChangeKind>(
  context: RepositoryContext,
  change: NewChange<K>,
  body: (change: Change<K>) => Promise<T>,
): Promise<T> {
  using _lock = await lockRepository(context, change.kind.operation);
  await recoverOpenIntents(context, null);
  return await withIntent(context, null, change, (intent) => body({ ...context, intent }));
}

const NewFolder = record({
  path: text().about("As the worktree's record has it."),
  identity: Identity,
});
type NewFolder = Pick<WorktreeConfig, "path" | "identity">;

/** A kind of change that gives a worktree another folder. It writes one file, which shows whether it was done. */
const folderChange = (operation: string) =>
  defineChange({
    operation,
    details: NewFolder,
    steps: [],
    audit: record({ worktree: text(), path: text(), previous_path: text() }),
    recover: recoverFolder,
  });

/** Accepts a folder that replaced the folder of a worktree inside the repository. SPEC 2. */
export const folderAcceptance = folderChange("doctor accept_folder");
/** Writes down that an adopted folder is at another place now. */
export const relocation = folderChange("adopt relocate");

type FolderChange = typeof folderAcceptance;

/** Before a change: accepts a folder that replaced the worktree's own, with a warning. */
async function acceptFolder(
  context: RepositoryContext,
  worktree: WorktreeConfig,
): Promise<WorktreeConfig> {
  const { worktrees } = context.store;
  // A missing folder is no error here: the worktree can still be removed.
  if (worktrees.checkIdentity(worktree) !== "replaced") return worktree;
  using folder = openWorktree(context, worktree);
  const { path } = worktree;
  return await giveFolder(context, worktree, folderAcceptance, {
    path,
    identity: worktrees.identify(folder),
  });
}

/** Writes another folder into a worktree's record. The caller holds its lock. */
export async function giveFolder(
  context: RepositoryContext,
  worktree: WorktreeConfig,
  kind: FolderChange,
  folder: NewFolder,
): Promise<WorktreeConfig> {
  const { worktrees } = context.store;
  const { name, path, worktree_id } = worktree;
  return await withIntent(context, worktree_id, { kind, target: name, details: folder }, async (intent) => {
    const details = { worktree: name, path: folder.path, previous_path: path };
    await commitChange<FolderChange>({ ...context, intent }, { target: name, details }, {
      commit: () => void worktrees.update(name, folder),
    });
    return worktrees.get(name);
  });
}

/** Finishes the change if the worktree's record has the new folder already; else nothing was done. */
async function recoverFolder(
  context: RepositoryContext,
  intent: OpenIntent<NewFolder>,
): Promise<void> {
  const worktree = context.store.worktrees.withId(intent.worktreeId);
  const { path, identity } = intent.details;
  const isDone = worktree?.path === path && canonicalJson(worktree.identity) === canonicalJson(identity);
  await finishIf(isDone, context, intent);
}
