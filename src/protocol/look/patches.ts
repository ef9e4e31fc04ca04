import { type BytePath, exactTextOf } from "../../model/bytes.ts";
import { decodePath } from "../../model/path_text.ts";
import { NO_FILE, patchName, unifiedDiff } from "../../model/unified_diff.ts";
import { TimeSlice } from "../../platform/time_slice.ts";
import { readWhole, Stat } from "../../platform/platform.ts";
import { isSystemError } from "../../platform/system_error.ts";
import { FoldersByPath, lastName, parentPath } from "../../tree/folders_by_path.ts";
import type { DifferenceRecord } from "./differences.ts";
import type { Side } from "./side.ts";

/** A larger file counts as binary. */
const LARGEST_TEXT = 5_000_000;
/** The most characters of all patches of one result, because they are in memory all at once. */
const MOST_PATCHES = 64_000_000;

/** For each difference its patch; null if no file content differs. */
export async function patchesOf(
  from: Side,
  to: Side,
  differences: readonly DifferenceRecord[],
  signal: AbortSignal,
  most = MOST_PATCHES,
): Promise<(string | null)[]> {
  using before = new Texts(from);
  using after = new Texts(to);
  const slice = new TimeSlice(signal);
  const patches: (string | null)[] = [];
  let length = 0;
  for (const difference of differences) {
    if (slice.isOver(64)) await slice.yield(); // one file can take long
    const patch = contentDiffers(difference) ? patchOf(before, after, difference, length < most) : null;
    length += patch?.length ?? 0;
    patches.push(patch);
  }
  return patches;
}

/** Whether the content of a file differs, or may differ. */
function contentDiffers({ kind, aspects, size_before, size_after }: DifferenceRecord): boolean {
  if (size_before === null && size_after === null) return false;
  return kind === "added" || kind === "removed" ||
    aspects.some((aspect) => aspect === "content" || aspect === "type" || aspect === "unknown");
}

function patchOf(before: Texts, after: Texts, difference: DifferenceRecord, hasRoom: boolean): string | null {
  const newPath = decodePath(difference.path);
  const oldPath = difference.old_path === null ? newPath : decodePath(difference.old_path);
  const oldName = difference.size_before === null ? NO_FILE : patchName("a", oldPath);
  const newName = difference.size_after === null ? NO_FILE : patchName("b", newPath);
  if (!hasRoom) {
    return `${oldName} and ${newName} differ. The patches before are too many to show this one.\n`;
  }
  try {
    const oldText = oldName === NO_FILE ? "" : before.read(oldPath);
    const newText = newName === NO_FILE ? "" : after.read(newPath);
    if (oldText === undefined || newText === undefined) {
      return `Binary files ${oldName} and ${newName} differ\n`;
    }
    return unifiedDiff(oldText, newText, { oldName, newName }) || null;
  } catch (error) {
    // A file of a worktree may be gone by now or closed to the user: the other files are still shown.
    if (!isSystemError(error)) throw error;
    return `${oldName} and ${newName} differ. ${error.message}.\n`;
  }
}

/** The texts of one side's files. The tree is opened for the first file, because an empty tree cannot be opened. */
class Texts implements Disposable {
  private folders: FoldersByPath | undefined;

  constructor(private readonly side: Side) {}

  /** A file's text; undefined if it is not text. */
  read(path: BytePath): string | undefined {
    this.folders ??= new FoldersByPath(this.side.open());
    using file = this.folders.get(parentPath(path)).openFile(lastName(path), "read");
    const stat = new Stat();
    file.stat(stat);
    if (stat.size > LARGEST_TEXT) return undefined;
    const content = readWhole(file);
    return content.includes(0) ? undefined : exactTextOf(content);
  }

  [Symbol.dispose](): void {
    this.folders?.[Symbol.dispose]();
    this.folders?.root[Symbol.dispose]();
  }
}
