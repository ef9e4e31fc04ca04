import { DIR, FILE } from "../model/entry.ts";
import type { Platform } from "../platform/platform.ts";
import { flushTogether } from "../tree/flush.ts";
import { at } from "../tree/table.ts";
import { clearInheritedAcls } from "./_aspects.ts";
import { Cloning, type FillFiles, WHILE_FILLED } from "./_cloning.ts";
import { linkGroups } from "./_link_groups.ts";
import { shareFiles } from "./_share_files.ts";
import type { CloneRequest, CloneResult } from "./contract.ts";

/** What engines that work entry by entry have in common. */
export const ENTRY_BY_ENTRY = {
  wholeTrees: false,
  entriesMoveOut: true,
  sharesFiles: true,
  keepsModes: false,
};

/** Clones a tree entry by entry: what all engines that work file by file have in common. SPEC 5. */
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

/** Folders, symbolic links, FIFOs, sockets and devices: they come from the table alone. */
async function makeAllButFiles(cloning: Cloning): Promise<void> {
  const { slice, table } = cloning;
  for (let i = 1; i < table.count; i++) {
    if (slice.isOver()) await slice.yield();
    if (at(table.type, i) !== FILE && !cloning.isFurtherLink(i)) cloning.makeFromTable(i);
  }
}

/** Folders get their aspects last, the deepest first: filling one changes its times, and may need rights that it loses. */
async function finishFolders(cloning: Cloning): Promise<void> {
  const { slice, table } = cloning;
  for (let i = table.count - 1; i >= 0; i--) {
    if (slice.isOver()) await slice.yield();
    if (at(table.type, i) === DIR) cloning.finish(i);
  }
}
