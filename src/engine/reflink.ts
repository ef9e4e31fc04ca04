import { equalBytes } from "../model/bytes.ts";
import { FILE } from "../model/entry.ts";
import { isJvsError } from "../model/errors.ts";
import { type Folder, type OpenFile, type Platform } from "../platform/platform.ts";
import { areOneFileSystem } from "../platform/file_system.ts";
import { Stat } from "../platform/stat.ts";
import { isSystemError, unlessFailed } from "../platform/system_error.ts";
import { entryByEntry } from "./_clone_tree.ts";
import { cloneByCall, FILLS } from "./_fill_files.ts";
import type { Engine, Probe, ProbeOptions } from "./contract.ts";
import { newProbeName } from "./probe_name.ts";
import { cloneByCp, fillByCp } from "./reflink_cp.ts";

/** Lets the empty file `target` share the blocks of `source`; throws `E_ENGINE_FAILED` if that is impossible. */
type CloneFile = (source: OpenFile, target: OpenFile) => void;

/** Limits for the search: names to look at, and files to try. More than one file, because some never share blocks. */
const MOST_NAMES = 256;
const MOST_FILES = 3;
const COMPARED_BYTES = 64 * 1024;
const OTHER_FILE_SYSTEM: Probe = {
  works: false,
  reason: "the tree lies on another file system than the control plane",
};

/** The engine for file systems where files can share blocks: by one call a file, or by `cp` for many files. SPEC 5. */
export function reflinkEngine(platform: Platform): Engine {
  const filling = platform.abilities.cloneFile
    ? { fill: FILLS.clone, byWorkers: "clone" } as const
    : { fill: fillByCp };
  return entryByEntry("reflink-copy", platform, true, filling);
}

/**
 * Whether files of `source` can be cloned into `control`. It tries a real file, because nothing else is certain. The test
 * file in `control` is removed again; nothing is written into `source`.
 */
export function probeReflink(platform: Platform, { control, source }: ProbeOptions): Probe {
  const clone = platform.abilities.cloneFile ? cloneByCall : cloneByCp;
  let failure: Probe | undefined;
  for (const name of smallestFiles(source)) {
    const tried = tryFile(clone, source, name, control);
    if (tried?.works) return tried;
    failure ??= tried;
  }
  if (failure !== undefined) return failure;
  return areOne(platform, control, source) ? tryOwnFile(clone, control) : OTHER_FILE_SYSTEM;
}

/** The names of a few files directly in a folder, the smallest first. */
function smallestFiles(folder: Folder): Uint8Array[] {
  const found = new Stat();
  const files: { name: Uint8Array; size: number }[] = [];
  const names = folder.list();
  for (let i = 0; i < Math.min(names.count, MOST_NAMES); i++) {
    const name = names.name(i);
    if (folder.stat(name, found) && found.type === FILE && found.size > 0) {
      files.push({ name, size: found.size });
    }
  }
  return files.sort((a, b) => a.size - b.size).slice(0, MOST_FILES).map(({ name }) => name);
}

/** Undefined if the file is gone or unreadable. */
function tryFile(clone: CloneFile, folder: Folder, name: Uint8Array, control: Folder): Probe | undefined {
  // If it is gone, refused or no longer a file, the next one is tried.
  using file = unlessFailed([], () => folder.openFile(name, "read"));
  return file && withOwnFile(control, (target) => tryClone(clone, file, target));
}

/** Whether two folders are on one file system. On btrfs each subvolume has a device number of its own. */
function areOne(platform: Platform, a: Folder, b: Folder): boolean {
  const [here, there] = [Stat.ofFolder(a), Stat.ofFolder(b)];
  if (here.devMajor === there.devMajor && here.devMinor === there.devMinor) return true;
  const other = platform.fileSystem(b);
  return other.kind === "btrfs" && areOneFileSystem(platform.fileSystem(a).id, other.id);
}

/** Tries a new file where the tree has none to try. */
function tryOwnFile(clone: CloneFile, control: Folder): Probe {
  return withOwnFile(control, (file, name) => {
    file.write(new Uint8Array(COMPARED_BYTES).fill(1));
    return tryFile(clone, control, name, control) ?? OTHER_FILE_SYSTEM;
  });
}

function withOwnFile<T>(control: Folder, use: (file: OpenFile, name: Uint8Array) => T): T {
  const name = newProbeName();
  using file = control.openFile(name, "create");
  try {
    return use(file, name);
  } finally {
    control.removeFile(name);
  }
}

function tryClone(clone: CloneFile, source: OpenFile, target: OpenFile): Probe {
  try {
    clone(source, target);
  } catch (error) {
    if (!isJvsError(error, "E_ENGINE_FAILED", "E_ENGINE_UNAVAILABLE")) throw error;
    const { cause } = error;
    if (isSystemError(cause, "EXDEV")) return OTHER_FILE_SYSTEM;
    return { works: false, reason: isSystemError(cause) ? cause.reason : error.message };
  }
  // Some FUSE file systems report success for calls that they do not know.
  return isSame(source, target)
    ? { works: true }
    : { works: false, reason: "a file's clone differs from it" };
}

/** Compares the sizes and the first bytes. */
function isSame(a: OpenFile, b: OpenFile): boolean {
  const [first, second] = [beginningOf(a), beginningOf(b)];
  return first.size === second.size && equalBytes(first.content, second.content);
}

function beginningOf(file: OpenFile): { size: number; content: Uint8Array } {
  const { size } = Stat.ofFile(file);
  const content = new Uint8Array(Math.min(COMPARED_BYTES, size));
  return { size, content: content.subarray(0, file.read(content)) };
}
