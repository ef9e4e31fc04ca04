import { bytesOf } from "../model/bytes.ts";
import { moveFolder } from "../platform/move_folder.ts";
import type { Store } from "../repo/store.ts";
import { removeList } from "./kept_lists.ts";

const BEGINNING = "kept-";

/**
 * Moves what an interrupted change has in staging to where nothing deletes it: recovery cannot know whose it is, or whether it is all there is
 * of it, so a person must see it. `doctor` names it. Gives its path; nothing if there is none. Repeatable.
 */
export function setAside({ layout, platform }: Store, { id }: { readonly id: string }): string | undefined {
  const name = BEGINNING + id;
  const place = layout.replaced.at(name);
  if (layout.staging.at(id).isThere()) {
    using staging = layout.staging.open();
    using replaced = layout.replaced.open();
    moveFolder(platform, { folder: staging, name: bytesOf(id) }, { folder: replaced, name: bytesOf(name) });
    replaced.sync();
    staging.sync();
  }
  if (layout.plane.isOpenToOthers) removeList(layout.staging, id);
  return place.isThere() ? place.path : undefined;
}

/** Whether an entry of `replaced` was set aside for a person. */
export function isSetAside(name: string): boolean {
  return name.startsWith(BEGINNING);
}
