import { JvsError } from "../model/errors.ts";
import type { Identity, WorktreeConfig } from "../model/records.ts";
import type { Folder } from "../platform/platform.ts";
import { isSystemError } from "../platform/system_error.ts";
import { sameFileSystem, sameIdentity } from "../repo/identity.ts";
import type { RepositoryContext } from "./context.ts";

/**
 * Opens a worktree's payload root, and checks that it is still the same folder (SPEC 2). A folder that replaced it on the
 * same file system is accepted, with a warning. A folder on another file system is refused: the right one may not be
 * mounted.
 */
export function openWorktree(context: RepositoryContext, worktree: WorktreeConfig): Folder {
  const { store } = context;
  using opened = new DisposableStack();
  const folder = opened.use(openRoot(context, worktree));
  const now = store.worktrees.identify(folder);
  if (!sameIdentity(now, worktree.identity)) {
    refuseOtherPlace(worktree, now, store.worktrees.root(worktree));
    context.reporter.warn(
      `The folder of worktree "${worktree.name}" was replaced by another since it was last used; it is taken as it is.`,
    );
  }
  opened.move();
  return folder;
}

function openRoot(context: RepositoryContext, worktree: WorktreeConfig): Folder {
  try {
    return context.store.worktrees.openRoot(worktree);
  } catch (error) {
    if (!isSystemError(error, "ENOENT", "ENOTDIR")) throw error;
    const path = context.store.worktrees.root(worktree);
    throw new JvsError(
      "E_NOT_FOUND",
      `Cannot open worktree "${worktree.name}": the folder "${path}" is gone`,
      {
        hint: isAdopted(worktree)
          ? `If it was moved, ${AFTER_MOVE} If it is lost, make an empty folder there, and in it ` +
            "run `jvs adopt --relocate` and `jvs restore LATEST`. Its snapshots are all still here."
          : `Make an empty folder there and run \`jvs restore LATEST\` in it; its snapshots are all still here.`,
        details: { worktree: worktree.name, path },
        cause: error,
      },
    );
  }
}

function refuseOtherPlace(worktree: WorktreeConfig, now: Identity, path: string): void {
  const adopted = isAdopted(worktree);
  if (!adopted && sameFileSystem(now, worktree.identity)) return;
  throw new JvsError(
    "E_NOT_FOUND",
    `Cannot use "${path}" as worktree "${worktree.name}": it is not the folder that was versioned here`,
    {
      hint: adopted
        ? "If this is the right folder, say so with `jvs adopt --relocate`."
        : "If its file system is not mounted, mount it. If the repository was copied here, run `jvs doctor --repair-runtime`.",
      details: { expected: worktree.identity, found: now, path },
    },
  );
}

/** What to do after an adopted folder was moved: its history is found by its name. */
export const AFTER_MOVE =
  "move its .jvs folder with it, so that its name is that of the folder and .jvs again, and run `jvs adopt --relocate` in the folder.";

/** Whether the worktree is a folder that was adopted: it is beside its repository, and not in it. */
export function isAdopted(worktree: WorktreeConfig): boolean {
  return worktree.path.startsWith("../");
}
