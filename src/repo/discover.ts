import { isJvsError } from "../model/errors.ts";
import { attempt } from "../platform/deno_call.ts";
import { isSystemError } from "../platform/system_error.ts";
import { RefusedPath } from "./control_errors.ts";
import { Layout, type LayoutOptions } from "./layout.ts";
import { worktreeAt } from "./worktree_files.ts";

/** A repository that was found, and the worktree in which the search began. */
export interface Discovered {
  /** Absolute and without links. */
  readonly root: string;
  readonly worktree: string | null;
}

/**
 * The nearest repository at or above an absolute path, links resolved first. Of one whose owner is not trusted nothing is
 * read; that it is refused is `openStore`'s work. SPEC 2 "Discovery".
 */
export function discover(from: string, options: LayoutOptions = {}): Discovered | undefined {
  const start = attempt("find", from, () => Deno.realPathSync(from));
  for (let folder = start;; folder = parentOf(folder)) {
    const root = repositoryAt(folder, options);
    if (root !== undefined) return { root, worktree: worktreeIn(root, start, options) };
    if (folder === "/") return undefined;
  }
}

/** The repository that a folder is the root of, or that adopted it; the path is absolute and has no links. */
export function repositoryAt(folder: string, options: LayoutOptions = {}): string | undefined {
  if (hasControlPlane(folder)) return folder;
  const sibling = `${folder}.jvs`;
  if (folder === "/" || !hasControlPlane(sibling)) return undefined;
  try {
    return worktreeAt(new Layout(sibling, options), folder) === undefined ? undefined : sibling;
  } catch (error) {
    // Not ours to read: that is to be said, rather than to go on to a repository further up.
    if (isClosed(error)) return sibling;
    throw error;
  }
}

function worktreeIn(root: string, path: string, options: LayoutOptions): string | null {
  try {
    return worktreeAt(new Layout(root, options), path) ?? null;
  } catch (error) {
    if (isClosed(error)) return null; // opening it will say why
    throw error;
  }
}

/** Not ours to read, or not as it must be. */
function isClosed(error: unknown): boolean {
  return isSystemError(error, "EACCES", "EPERM") || isJvsError(error, "E_UNTRUSTED") ||
    error instanceof RefusedPath;
}

/** A link that leads to a folder is none: a control plane must be in the repository itself. Only looks. */
function hasControlPlane(root: string): boolean {
  const { path } = new Layout(root).control;
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
