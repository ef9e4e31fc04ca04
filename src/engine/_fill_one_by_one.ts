import type { OpenFile } from "../platform/platform.ts";
import { at } from "../tree/table.ts";
import { BYTES_A_ROUND, type FillFiles } from "./_cloning.ts";

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
