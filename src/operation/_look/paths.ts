import { type BytePath, bytesOf } from "../../model/bytes.ts";
import { JvsError } from "../../model/errors.ts";
import { quoted } from "../../model/path_text.ts";
import type { WorktreeConfig } from "../../model/records.ts";
import type { RepositoryContext } from "../define.ts";

/**
 * Paths that a user gave, relative to the worktree's root: seen from where the user stands, or from the root if that is
 * elsewhere. `E_PATH_ESCAPE` for what leaves the worktree.
 */
export function pathsInWorktree(
  context: RepositoryContext,
  worktree: WorktreeConfig,
  paths: readonly string[],
): BytePath[] {
  const root = context.store.worktrees.root(worktree);
  const from = isBelow(context.cwd, root) ? context.cwd : root;
  return paths.map((path) => {
    const absolute = normalized(path.startsWith("/") ? path : `${from}/${path}`);
    if (absolute === root) return new Uint8Array();
    if (isBelow(absolute, root)) return bytesOf(absolute.slice(root.length + 1));
    throw new JvsError(
      "E_PATH_ESCAPE",
      `Cannot use the path ${quoted(path)}: it is not in worktree "${worktree.name}".`,
      {
        hint: `Give paths inside "${root}".`,
        details: { path, worktree: worktree.name, root },
      },
    );
  });
}

function isBelow(path: string, root: string): boolean {
  return path === root || path.startsWith(`${root}/`);
}

/** Without `.`, `..` and double slashes; by the text alone, as a path in a snapshot need not exist now. */
function normalized(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}
