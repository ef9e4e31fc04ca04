import { inodeText, Stat } from "../platform/stat.ts";
import type { Store } from "./store.ts";

/** Names the repository, its file system and the folder of its payloads: what is remembered of payloads is not true of a copy. */
export function placeOfPayloads(
  { layout, platform, repoId }: Pick<Store, "layout" | "platform" | "repoId">,
): string {
  using folder = layout.snapshots.open();
  const { inoHi, inoLo } = Stat.ofFolder(folder);
  return `${repoId} ${platform.fileSystem(folder).id} ${inodeText(inoHi, inoLo)}`;
}
