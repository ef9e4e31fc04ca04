import { DIR } from "../../model/entry.ts";
import { JvsError } from "../../model/errors.ts";
import { displayPath } from "../../model/path_text.ts";
import { Stat } from "../../platform/platform.ts";
import { type FoldersByPath, lastName, parentPath } from "../../tree/folders_by_path.ts";
import type { Journal } from "./journal.ts";
import type { Staging } from "./staging.ts";

/**
 * Finds out, before anything is changed, whether the folders that are to go can be moved at all: overlayfs says EXDEV for
 * one of a lower layer. A plain rename onto a folder that is not empty never succeeds, and which error it gives tells.
 */
export function requireMovable(worktree: FoldersByPath, { units }: Journal, staging: Staging): void {
  const stat = new Stat();
  for (const { path, before } of units) {
    if (before === null) continue;
    const parent = worktree.get(parentPath(path));
    if (!parent.stat(lastName(path), stat) || stat.type !== DIR) continue;
    if (!staging.canTake(parent, lastName(path))) throw cannotMove(path);
  }
}

function cannotMove(path: Uint8Array): JvsError {
  return new JvsError(
    "E_IO",
    `Cannot restore: the folder "${
      displayPath(path)
    }" would have to go, and the file system does not move it. ` +
      "Nothing was changed",
    {
      hint:
        "On an overlay file system folders of a lower layer can only be moved when it is mounted with redirect_dir=on. " +
        "Remount it so, or restore into a new worktree with --name.",
    },
  );
}
