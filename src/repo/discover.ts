import { attempt } from "../platform/deno_call.ts";
import { isSystemError } from "../platform/system_error.ts";
import { Layout } from "./layout.ts";
import { worktreeAt } from "./worktree_files.ts";

/** A repository that was found, and the worktree in which the search began. */
export interface Discovered {
  /** Absolute and without links. */
  readonly root: string;
  readonly worktree: string | null;
}

/**
 * The nearest repository at or above an absolute path, links resolved first. Nothing of it is trusted or checked yet:
 * that is `openStore`'s work. SPEC 2 "Discovery".
 */
export function discover(from: string): Discovered | undefined {
  const start = attempt("find", from, () => Deno.realPathSync(from));
  for (let folder = start;; folder = parentOf(folder)) {
    const root = repositoryAt(folder);
    if (root !== undefined) return { root, worktree: worktreeIn(root, start) };
    if (folder === "/") return undefined;
  }
}

/** The repository that a folder is the root of, or that adopted it; the path is absolute and has no links. */
export function repositoryAt(folder: string): string | undefined {
  if (isFolder(new Layout(folder === "/" ? "" : folder).control)) return folder;
  const sibling = `${folder}.jvs`;
  if (folder === "/" || !isFolder(new Layout(sibling).control)) return undefined;
  try {
    return worktreeAt(new Layout(sibling), folder) === undefined ? undefined : sibling;
  } catch (error) {
    // Not ours to read: that is to be said, rather than to go on to a repository further up.
    if (isSystemError(error, "EACCES", "EPERM")) return sibling;
    throw error;
  }
}

function worktreeIn(root: string, path: string): string | null {
  try {
    return worktreeAt(new Layout(root), path) ?? null;
  } catch (error) {
    if (isSystemError(error, "EACCES", "EPERM")) return null; // opening it will say why
    throw error;
  }
}

/** A link that leads to a folder is none: a control plane must be in the repository itself. */
function isFolder(path: string): boolean {
  try {
    return attempt("look at", path, () => Deno.lstatSync(path)).isDirectory;
  } catch (error) {
    if (isSystemError(error, "ENOENT", "ENOTDIR", "EACCES", "ENAMETOOLONG")) return false;
    throw error;
  }
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/")) || "/";
}
