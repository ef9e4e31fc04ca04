import { DIR, FILE } from "../model/entry.ts";
import type { EngineName } from "../model/records.ts";
import type { OpenFile, Platform } from "../platform/platform.ts";
import { flushTogether } from "../tree/hash.ts";
import { at } from "../tree/table.ts";
import { clearInheritedAcls } from "./_aspects.ts";
import { Cloning, type FillFiles, WHILE_FILLED } from "./_cloning.ts";
import { linkGroups } from "./_link_groups.ts";
import { shareFiles } from "./_share_files.ts";
import type { CloneRequest, CloneResult, Engine } from "./contract.ts";

/** So many bytes are as much work as one entry, for `TimeSlice`. */
const BYTES_A_ROUND = 64 * 1024;

/** An engine that clones entry by entry: only how it fills files is its own. */
export function entryByEntry(
  name: EngineName,
  platform: Platform,
  keepsHoles: boolean,
  fill: FillFiles,
): Engine {
  return {
    name,
    abilities: {
      wholeTrees: false,
      entriesMoveOut: true,
      sharesFiles: true,
      keepsModes: false,
      keepsHoles,
      keepsChangeTimes: false,
      leavesOut: true,
    },
    clone: (request) => cloneTree(platform, request, fill),
  };
}

/** Copies the content of a file into an empty file, piece by piece; yields the bytes of each piece. */
type FillFile = (source: OpenFile, target: OpenFile) => Iterable<number>;

/** For engines that copy from one open file to another: opens both files and fills them, one after the other. */
export function oneByOne(fillFile: FillFile): FillFiles {
  return async (cloning, files) => {
    const { aspects, slice, table } = cloning;
    for (const index of files) {
      if (slice.isOver()) await slice.yield();
      using source = cloning.openSource(index);
      if (source === undefined) continue;
      if (cloning.flushEach) source.syncData();
      // Close the file before its time is set, because some file systems change the time at close.
      {
        const mode = aspects.createMode(index);
        using target = cloning.folderOf(index).openFile(table.name(index), "create", mode);
        // A file that was empty at the scan stays empty. The next scan sees its new content.
        for (const bytes of at(table.size, index) > 0 ? fillFile(source, target) : []) {
          cloning.advanceBytes(bytes);
          if (slice.isOver(bytes / BYTES_A_ROUND)) await slice.yield();
        }
      }
      cloning.finish(index);
    }
  };
}

/**
 * Clones a tree entry by entry; each engine adds only how to fill files. With `keepsModes` a payload gets the modes of its
 * source. SPEC 5. In order:
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
  request: Omit<CloneRequest, "gaps">,
  fill: FillFiles,
  keepsModes = false,
): Promise<CloneResult> {
  const makeRoot = request.makeRoot ?? ((folder, name, mode) => folder.makeFolder(name, mode));
  makeRoot(request.into, request.name, WHILE_FILLED);
  using root = request.into.openFolder(request.name);
  using cloning = new Cloning(platform, request, root, keepsModes);
  clearInheritedAcls(root);
  await makeAllButFiles(cloning);
  const files = await shareFiles(cloning);
  if (request.as === "payload") {
    cloning.flushEach = !flushTogether(platform, request.source, files.length);
    request.onReadable?.(cloning.flushEach);
  }
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
