import { absolutePath } from "../../model/absolute_path.ts";
import { type BytePath, bytesOf } from "../../model/bytes.ts";
import { JvsError } from "../../model/errors.ts";
import { quoted } from "../../model/path_text.ts";
import type { WorktreeConfig } from "../../model/records.ts";
import type { RepositoryContext } from "../context.ts";

/**
 * Paths that a user gave, relative to the worktree's root: seen from where the user stands, or from the root if that is
 * elsewhere. `E_USAGE` for an empty one, `E_PATH_ESCAPE` for what leaves the worktree.
 */
export function pathsInWorktree(
  context: RepositoryContext,
  worktree: WorktreeConfig,
  paths: readonly string[],
): BytePath[] {
  const root = context.store.worktrees.root(worktree);
  const from = inRoot(context.cwd, root) ?? root;
  return paths.map((path) => {
    if (path === "") throw emptyPath();
    const absolute = inRoot(absolutePath(path, from), root);
    if (absolute !== undefined) return bytesOf(absolute.slice(root.length + 1));
    throw new JvsError(
      "E_PATH_ESCAPE",
      `Cannot use the path ${quoted(path)}: it is not in worktree "${worktree.name}"`,
      {
        hint: `Give paths inside "${root}".`,
        details: { path, worktree: worktree.name, root },
      },
    );
  });
}

/** Most likely a script's variable that is not set, so it must not mean everything. */
function emptyPath(): JvsError {
  return new JvsError("E_USAGE", "Cannot use an empty path: it names nothing", {
    hint: "Give `.` for the folder you are in, or no paths at all for the whole worktree.",
  });
}

/**
 * The path by the root's own name, where it is in the root by its text, or by a symbolic link above the root. Links
 * inside the root are not followed: they are what a path there may be about.
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

/** Where a folder really is; nothing where there is none. */
function realFolder(path: string): string | undefined {
  try {
    const real = Deno.realPathSync(path);
    return Deno.statSync(real).isDirectory ? real : undefined;
  } catch {
    return undefined; // not there, or not to be seen: then it is no way into the worktree either
  }
}

function isBelow(path: string, root: string): boolean {
  return path === root || path.startsWith(`${root}/`);
}
