import { DIR, FILE } from "../model/entry.ts";
import { JvsError } from "../model/errors.ts";
import { phase } from "../model/progress.ts";
import { TimeSlice } from "../platform/time_slice.ts";
import { type Folder, type OpenFile, type Platform } from "../platform/platform.ts";
import { PLACEHOLDER_INODE, SUBVOLUME_INODE } from "../platform/file_system.ts";
import { Stat } from "../platform/stat.ts";
import { subvolumesOf } from "../platform/open_subvolumes.ts";
import type { Subvolumes } from "../platform/subvolumes.ts";
import { isSystemError, type SystemError, unlessFailed } from "../platform/system_error.ts";
import { OpenFolders } from "../tree/open_folders.ts";
import { type TreeTable } from "../tree/table.ts";
import { at } from "../tree/columns.ts";
import { isRefused } from "../tree/unreadable.ts";
import { correctClone } from "./_correct_clone.ts";
import type { CloneRequest, CloneResult, Engine, EngineKind, Probe, ProbeOptions } from "./contract.ts";
import { newProbeName } from "./probe_name.ts";

/**
 * The engine for worktrees that are btrfs subvolumes: one call clones a tree of any size. A payload is a read-only
 * snapshot, so no stray write reaches it, and nothing can be renamed out of it. SPEC 5.
 */
export const btrfsSnapshot: EngineKind = {
  name: "btrfs-snapshot",
  probe,
  make: (platform): Engine => ({
    name: "btrfs-snapshot",
    abilities: {
      wholeTrees: true,
      entriesMoveOut: false,
      sharesFiles: false,
      keepsModes: true,
      keepsHoles: true,
      keepsChangeTimes: false,
      leavesOut: false,
    },
    clone: (request) => clone(platform, request),
  }),
  makeRoot,
  remove,
};

/** Where more than this part of a clone changed since the look, to scan it takes less time. */
const MOST_OF_IT = 1 / 8;

async function clone(platform: Platform, request: CloneRequest): Promise<CloneResult> {
  const { as, gaps, generation, into, name, reporter, signal, source, table } = request;
  const subvolumes = needed(platform);
  new TimeSlice(signal).check();
  using _phase = phase(reporter, "cloning", { entries: table.count });
  // What must be corrected is made writable first, and only then read-only.
  let isReadOnly = as === "payload" && gaps.size === 0;
  try {
    {
      using _held = await request.held?.together();
      subvolumes.snapshot(source, into, name, { readOnly: isReadOnly });
    }
    using root = into.openFolder(name);
    using sources = new OpenFolders(source, table);
    const setReadOnly = (value: boolean) => {
      if (isReadOnly !== value) subvolumes.setReadOnly(root, value);
      isReadOnly = value;
    };
    const result = await correctClone(platform, request, root, {
      keepsChangeTimes: false, // of a folder whose content was removed they are gone
      makeWritable: () => setReadOnly(false),
      changed: () =>
        isReadOnly && generation !== undefined
          ? subvolumes.changedSince(root, generation, table.count * MOST_OF_IT)
          : undefined,
      standIn: (i, made, j) => standIn(request, sources, i, made, j),
      mayRead: (parent, made, j) => mayRead(platform, parent, made, j),
    });
    setReadOnly(as === "payload");
    return result;
  } catch (error) {
    throw isSystemError(error) ? failure(error) : error;
  }
}

/** A subvolume comes out as a folder that takes no aspects, and a file over which another is mounted as what is below it. */
function standIn(
  { as, table }: CloneRequest,
  sources: OpenFolders,
  i: number,
  made: TreeTable,
  j: number,
): ((parent: Folder) => void) | undefined {
  const name = made.name(j);
  if (made.inoLo[j] === PLACEHOLDER_INODE && made.inoHi[j] === 0) {
    return (parent) => {
      parent.removeFolder(name);
      parent.makeFolder(name);
    };
  }
  const isOther = table.inoLo[i] !== made.inoLo[j] || table.inoHi[i] !== made.inoHi[j];
  if (as === "worktree" || table.type[i] !== FILE || !isOther || !isMounted(sources, table, i)) {
    return undefined;
  }
  return (parent) => {
    using file = sources.get(at(table.parent, i)).openFile(name, "read");
    file.syncData();
    parent.removeFile(name);
    using target = parent.openFile(name, "create");
    fill(target, file);
  };
}

function isMounted(sources: OpenFolders, table: TreeTable, i: number): boolean {
  const stat = new Stat();
  const isThere = unlessFailed(
    ["ENOENT", "ENOTDIR", "ELOOP"],
    () => sources.get(at(table.parent, i)).stat(table.name(i), stat),
  );
  return isThere === true && stat.mountRoot;
}

function fill(target: OpenFile, source: OpenFile): void {
  try {
    target.cloneFrom(source);
  } catch (error) {
    if (!isSystemError(error, "EXDEV", "EOPNOTSUPP", "EINVAL")) throw error;
    for (const _bytes of target.copyPieces(source));
  }
}

/** A subvolume's clone has the files of others too, with their rights. */
function mayRead({ host }: Platform, parent: Folder, made: TreeTable, j: number): boolean {
  if (made.uid[j] === host.uid && (at(made.mode, j) & 0o400) !== 0) return true;
  try {
    parent.openFile(made.name(j), "read")[Symbol.dispose]();
    return true;
  } catch (error) {
    if (isRefused(error)) return false;
    throw error;
  }
}

/** These errors say that the disk is full or broken, or closed to the user. Another engine would meet them too. */
const NOT_OURS = ["ENOSPC", "EDQUOT", "EIO", "EROFS"];

/** The error for a tree that cannot be cloned. JVS never takes another engine silently. SPEC 5. */
function failure(error: SystemError): JvsError {
  if (NOT_OURS.includes(error.errno)) return error;
  return new JvsError("E_ENGINE_FAILED", `${error.message}, so btrfs-snapshot cannot clone this tree`, {
    hint: "Use JVS_SNAPSHOT_ENGINE=reflink-copy, which clones file by file.",
    details: { ...error.details, engine: "btrfs-snapshot" },
    cause: error,
  });
}

function needed(platform: Platform): Subvolumes {
  const subvolumes = subvolumesOf(platform);
  if (subvolumes !== undefined) return subvolumes;
  throw new Error("btrfs-snapshot is used without the C library");
}

/** The bit of a folder whose group new entries get. */
const SET_GROUP = 0o2000;

const WITHOUT_LIBRARY = "only the C library has its calls (--allow-ffi)";
const NO_SUBVOLUME = "the tree is a plain folder, no subvolume";
const OTHER_FILE_SYSTEM = "the tree lies on another file system than the control plane";
const OTHERS = "the subvolume belongs to another user";
const NO_REMOVAL = "you may not delete subvolumes here (the mount option user_subvol_rm_allowed allows it)";

/** Whether the user may clone `source` into `control`, and delete the clone again. */
function probe(platform: Platform, { control, source }: ProbeOptions): Probe {
  const subvolumes = subvolumesOf(platform);
  if (subvolumes === undefined) return { works: false, reason: WITHOUT_LIBRARY, isElsewhere: true };
  if (platform.fileSystem(source).kind !== "btrfs") {
    return { works: false, reason: "the tree is not on btrfs", isElsewhere: true };
  }
  if (!subvolumes.isRoot(source)) return { works: false, reason: NO_SUBVOLUME };
  const reason = whyNot(subvolumes, control, source);
  return reason === undefined ? { works: true } : { works: false, reason };
}

/**
 * Tries everything with an empty subvolume of its own, which costs no transaction. A user who may not delete it by the
 * call for that may still remove it as an empty folder, so nothing is left.
 */
function whyNot(subvolumes: Subvolumes, control: Folder, source?: Folder): string | undefined {
  const name = newProbeName();
  const refused = reasonOf(() => subvolumes.make(control, name));
  if (refused !== undefined) return refused.errno === "ENOTTY" ? OTHER_FILE_SYSTEM : refused.reason;
  const clone = source && reasonOf(() => subvolumes.snapshot(source, control, name, { readOnly: true }));
  if (reasonOf(() => subvolumes.remove(control, name)) !== undefined) {
    control.removeFolder(name);
    return NO_REMOVAL;
  }
  // The name is taken: the system says so only after it has found that the user may clone the source.
  if (clone === undefined || clone.errno === "EEXIST") return undefined;
  if (clone.errno === "EPERM") return OTHERS;
  return clone.errno === "EXDEV" ? OTHER_FILE_SYSTEM : clone.reason;
}

function reasonOf(call: () => void): SystemError | undefined {
  try {
    call();
    return undefined;
  } catch (error) {
    if (isSystemError(error)) return error;
    throw error;
  }
}

/** Makes a subvolume, where the user may delete it again. */
function makeRoot(platform: Platform, folder: Folder, name: Uint8Array, mode: number | undefined): boolean {
  if (platform.fileSystem(folder).kind !== "btrfs") return false;
  const subvolumes = subvolumesOf(platform);
  if (subvolumes === undefined || whyNot(subvolumes, folder) !== undefined) return false;
  subvolumes.make(folder, name);
  if (!inheritGroup(folder, name)) {
    folder.removeFolder(name);
    return false;
  }
  if (mode !== undefined) folder.setMode(name, mode);
  return true;
}

/** In a folder that hands on its group a subvolume does not get it, as a new folder does. False if the user may not give it. */
function inheritGroup(folder: Folder, name: Uint8Array): boolean {
  const parent = Stat.ofFolder(folder);
  const made = new Stat();
  if ((parent.mode & SET_GROUP) === 0 || !folder.stat(name, made)) return true;
  const refused = reasonOf(() => {
    if (made.gid !== parent.gid) folder.setOwner(name, made.uid, parent.gid);
    folder.setMode(name, made.mode | SET_GROUP);
  });
  return refused === undefined;
}

/**
 * Removes a subvolume. It leaves to the removal entry by entry one that holds a subvolume or a mount point, which refuses
 * it and names that; and one that the user may not delete at once.
 */
function remove(platform: Platform, folder: Folder, name: Uint8Array): Promise<boolean> {
  const stat = new Stat();
  const isCandidate = folder.stat(name, stat) && stat.type === DIR && !stat.mountRoot &&
    stat.inoLo === SUBVOLUME_INODE && stat.inoHi === 0;
  const subvolumes = isCandidate ? subvolumesOf(platform) : undefined;
  return Promise.resolve(subvolumes !== undefined && removeSubvolume(platform, subvolumes, folder, name));
}

function removeSubvolume(
  platform: Platform,
  subvolumes: Subvolumes,
  folder: Folder,
  name: Uint8Array,
): boolean {
  using root = unlessFailed(["EACCES"], () => folder.openFolder(name));
  if (root === undefined || !subvolumes.isRoot(root) || platform.hasMountsBelow(root)) return false;
  const refused = reasonOf(() => subvolumes.remove(folder, name));
  if (refused === undefined) return true;
  if (refused.errno !== "EROFS" && refused.errno !== "ENOTEMPTY" && !isRefused(refused)) throw refused;
  subvolumes.setReadOnly(root, false);
  return reasonOf(() => subvolumes.remove(folder, name)) === undefined;
}
