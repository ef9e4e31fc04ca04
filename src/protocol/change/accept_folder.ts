import { canonicalJson } from "../../model/canonical_json.ts";
import { Identity, type WorktreeConfig } from "../../model/records.ts";
import { record, text } from "../../model/schema.ts";
import type { OpenIntent } from "../../repo/intents.ts";
import type { RepositoryContext } from "../context.ts";
import { openWorktree } from "../open_worktree.ts";
import { commitChange, finishIf } from "./commit.ts";
import { type ChangeKind, defineChange } from "./kind.ts";
import { withIntent } from "./with_intent.ts";

/** The new folder of a worktree. */
export const NewFolder = record({
  path: text().about("As the worktree's record has it."),
  identity: Identity,
});
/** The new folder of a worktree. */
export type NewFolder = Pick<WorktreeConfig, "path" | "identity">;

/** What the audit record of a new folder says. */
export const FolderAudit = record({ worktree: text(), path: text(), previous_path: text() });

/** A kind of change that gives a worktree another folder. It writes one file, which shows whether it was done. */
export type FolderChange = ChangeKind<NewFolder, string, typeof FolderAudit.fields>;

/** Accepts a folder that replaced the folder of a worktree inside the repository. SPEC 2. */
export const folderAcceptance: FolderChange = defineChange({
  operation: "doctor accept_folder",
  details: NewFolder,
  steps: [],
  audit: FolderAudit,
  recover: recoverFolder,
});

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
export async function recoverFolder(
  context: RepositoryContext,
  intent: OpenIntent<NewFolder>,
): Promise<void> {
  const worktree = context.store.worktrees.withId(intent.worktreeId);
  const { path, identity } = intent.details;
  const isDone = worktree !== undefined && worktree.path === path &&
    canonicalJson(worktree.identity) === canonicalJson(identity);
  await finishIf(isDone, context, intent);
}
