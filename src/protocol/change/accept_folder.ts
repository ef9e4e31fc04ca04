import { canonicalJson } from "../../model/canonical_json.ts";
import { Identity, type WorktreeConfig } from "../../model/records.ts";
import { record, text } from "../../model/schema.ts";
import type { OpenIntent } from "../../repo/intents.ts";
import type { RepositoryContext } from "../context.ts";
import { openWorktree } from "../open_worktree.ts";
import { commitChange, finishIf, withIntent } from "./commit.ts";
import { defineChange } from "./kind.ts";

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
export async function acceptFolder(
  context: RepositoryContext,
  worktree: WorktreeConfig,
): Promise<WorktreeConfig> {
  const { worktrees } = context.store;
  // A missing folder is no error here: the worktree can still be removed.
  if (worktrees.checkIdentity(worktree) !== "replaced") return worktree;
  using folder = openWorktree(context, worktree);
  return await giveFolder(context, worktree, folderAcceptance, {
    path: worktree.path,
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
  const isDone = worktree !== undefined && worktree.path === path &&
    canonicalJson(worktree.identity) === canonicalJson(identity);
  await finishIf(isDone, context, intent);
}
