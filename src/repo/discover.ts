import { isJvsError } from "../model/errors.ts";
import { callDeno } from "../platform/deno_call.ts";
import { isSystemError, unlessFailed } from "../platform/system_error.ts";
import { RefusedPath } from "./control_errors.ts";
import { Layout, type LayoutOptions } from "./layout.ts";
import { Worktrees } from "./worktrees.ts";

/** A repository, and the worktree in which the search began. */
export interface Discovered {
  /** Absolute and without links. */
  readonly root: string;
  readonly worktree: string | null;
}

/**
 * The nearest repository at or above an absolute path, after links are resolved. Nothing is read from a repository of
 * an owner who is not trusted; `openStore` refuses it. SPEC 2 "Discovery".
 */
export function discover(from: string, options: LayoutOptions = {}): Discovered | undefined {
  const start = callDeno("find", from, () => Deno.realPathSync(from));
  for (let folder = start;; folder = folder.slice(0, folder.lastIndexOf("/")) || "/") {
    const root = repositoryAt(folder, options);
    // For one that we may not read, `openStore` will say why.
    if (root !== undefined) return { root, worktree: worktreeIn(root, start, options, undefined) ?? null };
    if (folder === "/") return undefined;
  }
}

/** The repository with this root, or the one that adopted this folder. The path is absolute and has no links. */
export function repositoryAt(folder: string, options: LayoutOptions = {}): string | undefined {
  if (hasControlPlane(folder)) return folder;
  const sibling = `${folder}.jvs`;
  if (folder === "/" || !hasControlPlane(sibling)) return undefined;
  // One that we may not read is reported, and no repository further up is used.
  return worktreeIn(sibling, folder, options, sibling) === undefined ? undefined : sibling;
}

/** The worktree that contains a path; `ifClosed` when we may not read the records, or one is not as it must be. */
function worktreeIn<T>(root: string, path: string, options: LayoutOptions, ifClosed: T) {
  try {
    return new Worktrees(new Layout(root, options)).nameAt(path);
  } catch (error) {
    const isClosed = isSystemError(error, "EACCES", "EPERM") || isJvsError(error, "E_UNTRUSTED") ||
      error instanceof RefusedPath;
    if (isClosed) return ifClosed;
    throw error;
  }
}

/** Whether `.jvs` is a folder. A link to a folder does not count: the control plane must be in the repository itself. */
function hasControlPlane(root: string): boolean {
  const { path } = new Layout(root).control;
  const found = unlessFailed(
    ["ENOENT", "ENOTDIR", "EACCES", "ENAMETOOLONG"],
    () => callDeno("look at", path, () => Deno.lstatSync(path)),
  );
  return found?.isDirectory ?? false;
}

/** Whether an absolute path outside the control plane exists, of any kind. */
export function isAt(path: string): boolean {
  return unlessFailed(["ENOENT"], () => callDeno("look at", path, () => Deno.lstatSync(path))) !== undefined;
}
