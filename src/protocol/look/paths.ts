import { absolutePath } from "../../model/absolute_path.ts";
import { type BytePath, bytesOf } from "../../model/bytes.ts";
import { JvsError } from "../../model/errors.ts";
import { quoted } from "../../model/path_text.ts";
import type { WorktreeConfig } from "../../model/records.ts";
import type { RepositoryContext } from "../context.ts";

/**
 * Makes paths that a user gave relative to the worktree's root. They begin at the user's current folder, or at the root if
 * that folder is not in the worktree. `E_USAGE` for an empty path, `E_PATH_ESCAPE` for one that leaves the worktree.
 */
export function pathsInWorktree(
  context: RepositoryContext,
  worktree: WorktreeConfig,
  paths: readonly string[],
): BytePath[] {
  const root = context.store.worktrees.root(worktree);
  const from = inRoot(context.cwd, root) ?? root;
  return paths.map((path) => {
    if (path === "") {
      // It is most likely an unset variable of a script, so it must not mean everything.
      throw new JvsError("E_USAGE", "Cannot use an empty path: it names nothing", {
        hint: "Give `.` for the folder you are in, or no paths at all for the whole worktree.",
      });
    }
    const absolute = inRoot(absolutePath(path, from), root);
    if (absolute !== undefined) return bytesOf(absolute.slice(root.length + 1));
    throw new JvsError(
      "E_PATH_ESCAPE",
      `Cannot use the path ${quoted(path)}: it is not in worktree "${worktree.name}"`,
      { hint: `Give paths inside "${root}".`, details: { path, worktree: worktree.name, root } },
    );
  });
}

/**
 * The path with the root's own name at the beginning, if its text is in the root or leads there by a symbolic link above
 * the root. Links inside the root are not followed, because the path may be about such a link.
 */
function inRoot(path: string, root: string): string | undefined {
  if (isBelow(path, root)) return path;
  for (let end = path.indexOf("/", 1); end !== -1; end = path.indexOf("/", end + 1)) {
    const found = realFolder(path.slice(0, end));
    if (found === undefined) return undefined;
    if (isBelow(found, root)) return found + path.slice(end);
  }
  const found = realFolder(path);
  return found !== undefined && isBelow(found, root) ? found : undefined;
}

/** Where a folder really is; undefined if it does not exist. */
function realFolder(path: string): string | undefined {
  try {
    const real = Deno.realPathSync(path);
    return Deno.statSync(real).isDirectory ? real : undefined;
  } catch {
    return undefined; // missing or closed: then it does not lead into the worktree
  }
}

function isBelow(path: string, root: string): boolean {
  return path === root || path.startsWith(`${root}/`);
}
