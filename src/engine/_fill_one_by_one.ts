import type { OpenFile } from "../platform/platform.ts";
import { at } from "../tree/table.ts";
import { BYTES_A_ROUND, type FillFiles } from "./_cloning.ts";

/** Gives an empty file the content of another, in pieces whose bytes it gives. */
export type FillFile = (source: OpenFile, target: OpenFile) => Iterable<number>;

/** Makes each file by opening both ends: for engines that can give one open file the content of another. */
export function oneByOne(fillFile: FillFile): FillFiles {
  return async (cloning, files) => {
    const { aspects, slice, table } = cloning;
    for (const index of files) {
      if (slice.isOver()) await slice.yield();
      using source = cloning.openSource(index);
      if (source === undefined) continue;
      if (cloning.flushEach) source.syncData();
      // Closed before its time is set: some file systems write, and change the time, when a file is closed.
      {
        const mode = aspects.createMode(index);
        using target = cloning.folderOf(index).openFile(table.name(index), "create", mode);
        // One that was empty when it was scanned stays so: what it is by now is for the next look.
        for (const bytes of at(table.size, index) > 0 ? fillFile(source, target) : []) {
          cloning.advanceBytes(bytes);
          if (slice.isOver(bytes / BYTES_A_ROUND)) await slice.yield();
        }
      }
      cloning.finish(index);
    }
  };
}
