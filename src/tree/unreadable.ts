import { type BytePath, keyOf } from "../model/bytes.ts";
import { JvsError } from "../model/errors.ts";
import { displayPath, MOST_NAMED } from "../model/path_text.ts";
import { isSystemError, type SystemError } from "../platform/system_error.ts";
import { type FoldersByPath, lastName, parentPath } from "./folders_by_path.ts";
import type { TreeTable } from "./table.ts";

/** Whether the system refused access. */
export function isRefused(error: unknown): error is SystemError {
  return isSystemError(error, "EACCES", "EPERM");
}

/** Unreadable paths and everything below them. */
export class HiddenPaths {
  private readonly refused: ReadonlySet<string>;

  constructor(unreadable: readonly BytePath[]) {
    this.refused = new Set(unreadable.map(keyOf));
  }

  covers(table: TreeTable, index: number): boolean {
    if (this.refused.size === 0) return false;
    for (let each = table.path(index);; each = parentPath(each)) {
      if (this.refused.has(keyOf(each))) return true;
      if (each.length === 0) return false;
    }
  }
}

/** The hint for commands that can leave unreadable paths out. */
const LEAVE_OUT = "Change the rights, exclude these paths in .jvsignore, or use --skip-unreadable.";

/** `E_PERMISSION` for all paths of a tree that could not be read, the first 20 by name. SPEC 5. */
export function unreadableError(paths: readonly BytePath[], hint = LEAVE_OUT): JvsError {
  const named = paths.slice(0, MOST_NAMED).map(displayPath);
  const more = paths.length > MOST_NAMED ? ` and ${paths.length - MOST_NAMED} more` : "";
  const what = paths.length === 1 ? "one path" : `${paths.length} paths`;
  return new JvsError("E_PERMISSION", `Cannot read ${what}, access was refused: ${named.join(", ")}${more}`, {
    hint,
    details: { paths: named, count: paths.length },
  });
}

/** Whether the caller may read a file, or it is not there. */
export function isReadable(folders: FoldersByPath, path: BytePath): boolean {
  try {
    folders.get(parentPath(path)).openFile(lastName(path), "read")[Symbol.dispose]();
    return true;
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return !isRefused(error);
  }
}
