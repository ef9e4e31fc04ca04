import { isJvsError } from "../model/errors.ts";
import type { ControlPath } from "../repo/control_path.ts";
import type { Store } from "../repo/store.ts";
import { FolderList } from "../tree/folder_list.ts";
import type { OnlyThese } from "../tree/remove_tree.ts";

const ENDING = ".folders";

/**
 * Where others may write, something of theirs or of a third may come into a folder that JVS put away, as long as that is open. So a list beside
 * it, in the caller's own folder, says which folders JVS put there, and only these are deleted.
 */
export function keepList(folder: ControlPath, name: string, folders: FolderList): void {
  folder.at(name + ENDING).write(folders.toString());
}

/** The list beside an entry; undefined if there is none, or it cannot be read. */
export function listOf(
  { layout: { plane } }: Store,
  folder: ControlPath,
  name: string,
): OnlyThese | undefined {
  try {
    const text = folder.at(name + ENDING).readOnce();
    return text === undefined
      ? undefined
      : { caller: plane.owners.caller.uid, folders: FolderList.from(text) };
  } catch (error) {
    if (!isJvsError(error)) throw error;
    return undefined;
  }
}

/** Removes the list beside an entry: without one it is not deleted. */
export function removeList(folder: ControlPath, name: string): void {
  folder.at(name + ENDING).remove();
}

/** The name of the entry beside which this is the list; undefined if it is no list. */
export function listedName(name: string): string | undefined {
  return name.endsWith(ENDING) ? name.slice(0, -ENDING.length) : undefined;
}
