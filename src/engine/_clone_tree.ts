import { DIR, FILE } from "../model/entry.ts";
import type { Platform } from "../platform/platform.ts";
import { flushTogether } from "../tree/flush.ts";
import { at } from "../tree/table.ts";
import { clearInheritedAcls } from "./_aspects.ts";
import { Cloning, type FillFiles, WHILE_FILLED } from "./_cloning.ts";
import { linkGroups } from "./_link_groups.ts";
import { shareFiles } from "./_share_files.ts";
import type { CloneRequest, CloneResult } from "./contract.ts";

/** The abilities that all entry-by-entry engines share. */
export const ENTRY_BY_ENTRY = {
  wholeTrees: false,
  entriesMoveOut: true,
  sharesFiles: true,
  keepsModes: false,
};

/**
 * Clones a tree entry by entry; each engine adds only how to fill files. SPEC 5. In order:
 *
 * 1. make all folders, links and special entries from the table (`Cloning.makeFromTable`);
 * 2. hard-link unchanged files from an earlier payload (`shareFiles`);
 * 3. clone the other files (`fill`);
 * 4. make the further names of hard-linked files (`linkGroups`);
 * 5. set the aspects of the folders (`finishFolders`). `AspectSetter` sets those of other entries when they are made.
 *
 * `Cloning` keeps the state, `Losses` what the clone cannot keep.
 */
export async function cloneTree(
  platform: Platform,
  request: CloneRequest,
  fill: FillFiles,
): Promise<CloneResult> {
  request.into.makeFolder(request.name, WHILE_FILLED);
  using root = request.into.openFolder(request.name);
  using cloning = new Cloning(platform, request, root);
  clearInheritedAcls(root);
  await makeAllButFiles(cloning);
  const files = await shareFiles(cloning);
  if (request.as === "payload") cloning.flushEach = !flushTogether(platform, request.source, files.length);
  await fill(cloning, files);
  await linkGroups(cloning, fill);
  await finishFolders(cloning);
  return cloning.result();
}

/** Makes folders, symbolic links, FIFOs, sockets and devices. The table has everything about them. */
async function makeAllButFiles(cloning: Cloning): Promise<void> {
  const { slice, table } = cloning;
  for (let i = 1; i < table.count; i++) {
    if (slice.isOver()) await slice.yield();
    if (at(table.type, i) !== FILE && !cloning.isFurtherLink(i)) cloning.makeFromTable(i);
  }
}

/** Sets the aspects of folders last, the deepest first: new entries change the times of a folder and need its rights. */
async function finishFolders(cloning: Cloning): Promise<void> {
  const { slice, table } = cloning;
  for (let i = table.count - 1; i >= 0; i--) {
    if (slice.isOver()) await slice.yield();
    if (at(table.type, i) === DIR) cloning.finish(i);
  }
}
