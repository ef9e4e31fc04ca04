import type { OpenFile } from "../platform/platform.ts";
import { isSystemError } from "../platform/system_error.ts";
import { at } from "../tree/columns.ts";
import type { FillFiles } from "./_cloning.ts";
import { reflinkFailure } from "./_reflink_failure.ts";

/** So many bytes are as much work as one entry, for `TimeSlice`. */
const BYTES_A_ROUND = 64 * 1024;

/** Copies the content of a file into an empty file, piece by piece; yields the bytes of each piece. */
type FillFile = (source: OpenFile, target: OpenFile) => Iterable<number>;

/** Opens both files and fills them, one after the other. */
function oneByOne(fillFile: FillFile): FillFiles {
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

/** Lets the empty file `target` share the blocks of `source`; throws `E_ENGINE_FAILED` if that is impossible. */
export function cloneByCall(source: OpenFile, target: OpenFile): void {
  try {
    target.cloneFrom(source);
  } catch (error) {
    throw isSystemError(error) ? reflinkFailure(error) : error;
  }
}

/** Ways to fill files in which workers can take part (`clone_job.ts`), by name. */
export const FILLS = {
  /** Lets files share blocks with their sources. One call clones a whole file, so there are no pieces to report. */
  clone: oneByOne((source, target) => {
    cloneByCall(source, target);
    return [];
  }),
  /** Copies the content of files. (A clone by the kernel waits for writes by itself.) */
  copy: oneByOne((source, target) => {
    source.waitForWrite();
    return target.copyPieces(source);
  }),
} satisfies { [name: string]: FillFiles };

/** The name of a way to fill files that workers know. */
export type FillName = keyof typeof FILLS;
