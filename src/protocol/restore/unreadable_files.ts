import type { BytePath } from "../../model/bytes.ts";
import { FILE } from "../../model/entry.ts";
import { isSystemError } from "../../platform/system_error.ts";
import { FoldersByPath, lastName, parentPath } from "../../tree/folders_by_path.ts";
import type { Look } from "../look/look.ts";
import type { RestorePlan } from "./plan.ts";

/** Of what a plan takes away or changes, the files that the caller may not read: no autosave could hold them. */
export function unreadableFiles({ root, table }: Look, { touched, metadata }: RestorePlan): BytePath[] {
  using folders = new FoldersByPath(root);
  const files = [...touched, ...metadata.map(({ now }) => now)].filter((i) => table.type[i] === FILE);
  return files.map((i) => table.path(i)).filter((path) => !isReadable(folders, path));
}

function isReadable(folders: FoldersByPath, path: BytePath): boolean {
  try {
    folders.get(parentPath(path)).openFile(lastName(path), "read")[Symbol.dispose]();
    return true;
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return !isSystemError(error, "EACCES", "EPERM"); // what is gone meanwhile is nothing to save
  }
}
