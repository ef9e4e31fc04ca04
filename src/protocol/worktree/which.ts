import { JvsError } from "../../model/errors.ts";
import type { WorktreeConfig } from "../../model/records.ts";
import { requireFolders } from "../../repo/kept_folders.ts";
import type { RepositoryContext } from "../context.ts";

/** The worktree that an operation is about: the one that the user names, else the one that the user is in, else main. */
export function requireWorktree(context: RepositoryContext, name: string | undefined): WorktreeConfig {
  if (name !== undefined) return context.store.worktrees.get(name);
  if (context.worktree !== null) return context.worktree;
  if (context.worktreeProblem !== undefined) throw context.worktreeProblem;
  requireFolders(context.store.layout, ["worktrees"], "tell which worktree is meant");
  throw new JvsError("E_NOT_FOUND", "Cannot tell which worktree is meant: you are in none", {
    hint: "Go into a worktree, or name one with --worktree.",
    details: { worktrees: context.store.worktrees.list().map((w) => w.name) },
  });
}

/** The same, for what is about the whole repository: nothing where the user is in no worktree, or in one whose record is lost. */
export function worktreeIfAny(
  context: RepositoryContext,
  name: string | undefined,
): WorktreeConfig | undefined {
  return name === undefined ? context.worktree ?? undefined : context.store.worktrees.get(name);
}

/** Whether the worktree stands on another snapshot than its latest. SPEC 1. */
export function isDetached(worktree: WorktreeConfig): boolean {
  return worktree.head_snapshot_id !== worktree.latest_snapshot_id;
}
