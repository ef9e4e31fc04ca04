import { phase } from "../../model/progress.ts";
import { type BytePath, exactTextOf } from "../../model/bytes.ts";
import { decodePath } from "../../model/path_text.ts";
import { gitLine, NO_FILE, patchName, unifiedDiff } from "../../model/unified_diff.ts";
import { TimeSlice } from "../../platform/time_slice.ts";
import type { OpenFile } from "../../platform/platform.ts";
import { isSystemError } from "../../platform/system_error.ts";
import { FoldersByPath, lastName, parentPath } from "../../tree/folders_by_path.ts";
import { at } from "../../tree/columns.ts";
import { changedPart } from "./changed_part.ts";
import type { DifferenceRecord } from "./differences.ts";
import type { Context } from "../context.ts";
import type { Side } from "./side.ts";

/** The most characters of all patches of one result, because they are in memory all at once. */
const MOST_PATCHES = 32_000_000;

/**
 * For each difference its patch, in the form of git: new and removed files, changed lines, renamed files and whether a file is
 * a program. Null for other differences, and one line for files that are not compared line by line.
 */
export async function patchesOf(
  from: Side,
  to: Side,
  differences: readonly DifferenceRecord[],
  { reporter, signal }: Context,
  most = MOST_PATCHES,
): Promise<(string | null)[]> {
  using _phase = phase(reporter, "comparing lines", { entries: differences.length });
  using before = new Files(from);
  using after = new Files(to);
  const slice = new TimeSlice(signal);
  const patches: (string | null)[] = [];
  let length = 0;
  for (const difference of differences) {
    if (slice.isOver(8)) await slice.yield();
    let patch = await patchOf(before, after, difference, slice);
    if (patch !== null && length + patch.length > most) {
      const { oldName, newName } = namesIn(difference);
      patch = `${oldName} and ${newName} differ. The patches before are too many to show this one.\n`;
    }
    length += patch?.length ?? 0;
    patches.push(patch);
    reporter.advance(1, patch?.length ?? 0);
  }
  return patches;
}

/** The names of both sides in a patch. */
function namesIn({ path, old_path, size_before, size_after }: DifferenceRecord) {
  const newPath = decodePath(path);
  const oldPath = old_path === null ? newPath : decodePath(old_path);
  return {
    oldPath,
    newPath,
    oldName: size_before === null ? NO_FILE : patchName("a/", oldPath),
    newName: size_after === null ? NO_FILE : patchName("b/", newPath),
  };
}

async function patchOf(before: Files, after: Files, difference: DifferenceRecord, slice: TimeSlice) {
  const { oldPath, newPath, oldName, newName } = namesIn(difference);
  if (oldName === NO_FILE && newName === NO_FILE) return null;
  try {
    const hunks = contentDiffers(difference)
      ? await hunksOf({ before, after, oldPath, newPath, oldName, newName }, slice)
      : "";
    if (typeof hunks !== "string") return hunks.line;
    const header = headerOf(before, after, difference);
    if (header === "" && hunks === "") return null;
    // By `join`, because V8 keeps a template as a tree of its parts, which takes more memory than a short patch.
    return [gitLine(oldPath, newPath), header, hunks].join("");
  } catch (error) {
    // A file of a worktree may be gone by now or closed to the user: the other files are still shown.
    if (!isSystemError(error)) throw error;
    return `${oldName} and ${newName} differ. ${error.message}.\n`;
  }
}

/** Whether the content of a file differs, or may differ. */
function contentDiffers({ kind, aspects }: DifferenceRecord): boolean {
  return kind === "added" || kind === "removed" ||
    aspects.some((aspect) => aspect === "content" || aspect === "type" || aspect === "unknown");
}

/** The lines that differ; or one line that says why there are none to show. */
async function hunksOf(
  { before, after, oldPath, newPath, oldName, newName }:
    & Readonly<{ before: Files; after: Files }>
    & Omit<ReturnType<typeof namesIn>, "kind">,
  slice: TimeSlice,
): Promise<string | { readonly line: string }> {
  using oldFile = oldName === NO_FILE ? undefined : before.open(oldPath);
  using newFile = newName === NO_FILE ? undefined : after.open(newPath);
  const part = await changedPart(oldFile, newFile, slice);
  if (part === "too large") {
    return {
      line: `${oldName} and ${newName} differ. The parts that differ are too large to compare by lines.\n`,
    };
  }
  if (part === "changing") {
    return { line: `${oldName} and ${newName} differ. Another process is changing them now.\n` };
  }
  if (part === "binary" || exactTextOf(part.before) === undefined || exactTextOf(part.after) === undefined) {
    return { line: `Binary files ${oldName} and ${newName} differ\n` };
  }
  return unifiedDiff(part.before, part.after, { oldName, newName, linesBefore: part.linesBefore });
}

/** What git calls no file and an empty one. Without these patch(1) does not remove an empty file. */
const [NO_BLOB, EMPTY_BLOB] = ["0000000", "e69de29"];

/** What git says before the lines: that a file is new, gone, renamed, or a program now. */
function headerOf(before: Files, after: Files, difference: DifferenceRecord): string {
  const { kind, aspects, size_before, size_after } = difference;
  const { oldPath, newPath } = namesIn(difference);
  if (size_before === null) {
    return `new file mode ${after.mode(newPath)}\n${
      size_after === 0 ? `index ${NO_BLOB}..${EMPTY_BLOB}\n` : ""
    }`;
  }
  if (size_after === null) {
    return `deleted file mode ${before.mode(oldPath)}\n${
      size_before === 0 ? `index ${EMPTY_BLOB}..${NO_BLOB}\n` : ""
    }`;
  }
  const [oldMode, newMode] = aspects.includes("mode") ? [before.mode(oldPath), after.mode(newPath)] : [];
  const modes = oldMode === newMode ? "" : `old mode ${oldMode}\nnew mode ${newMode}\n`;
  if (kind !== "renamed") return modes;
  const names = `rename from ${patchName("", oldPath)}\nrename to ${patchName("", newPath)}\n`;
  return `${modes}similarity index 100%\n${names}`;
}

/** The files of one side. The tree is opened for the first file, because an empty tree cannot be opened. */
class Files implements Disposable {
  private folders: FoldersByPath | undefined;

  constructor(private readonly side: Side) {}

  open(path: BytePath): OpenFile {
    this.folders ??= new FoldersByPath(this.side.open());
    return this.folders.get(parentPath(path)).openFile(lastName(path), "read");
  }

  /** The mode as git has it: whether its owner can run it. */
  mode(path: BytePath): string {
    const { table } = this.side;
    const index = table.find(path);
    return index !== -1 && (at(table.mode, index) & 0o100) !== 0 ? "100755" : "100644";
  }

  [Symbol.dispose](): void {
    this.folders?.[Symbol.dispose]();
    this.folders?.root[Symbol.dispose]();
  }
}
