import { equalBytes, ITSELF } from "../../model/bytes.ts";
import { DIR, FILE, SYMLINK } from "../../model/entry.ts";
import { encodePath } from "../../model/path_text.ts";
import type { Folder } from "../../platform/platform.ts";
import { inodeAt, Stat } from "../../platform/stat.ts";
import { isSystemError, unlessFailed } from "../../platform/system_error.ts";
import { FoldersByPath, lastName, parentPath } from "../../tree/folders_by_path.ts";
import { OpenFolders } from "../../tree/open_folders.ts";
import { scanTree } from "../../tree/scan.ts";
import { mergeTables } from "../../tree/merge_tables.ts";
import { isUnchangedBetween, isUnchangedButMoved, isUnchangedSince } from "../../tree/same_entry.ts";
import { NONE, type TreeTable } from "../../tree/table.ts";
import { at } from "../../tree/columns.ts";
import type { WorktreeContext } from "../change/kind.ts";
import { lookWithoutCache } from "../look/look.ts";
import { autosaveLook } from "../snapshot/autosave.ts";
import { PutAside } from "./apply.ts";
import { isAnother } from "./links.ts";
import type { Staging } from "./staging.ts";

/** The errors of a file system without hard links (exFAT), or of an entry that takes no more of them. */
const NO_LINKS = ["EPERM", "EOPNOTSUPP", "ENOSYS", "EMLINK", "EXDEV"];

/**
 * Searches staging for what another process wrote meanwhile into what was taken out of the worktree, and links that into
 * `aside`, by its path. `trees` are those of staging that may hold anything. Returns what each tree holds, with a hash for each file that times alone did not prove. SPEC 7.
 */
export async function gatherConcurrentWrites(
  context: WorktreeContext,
  staging: Staging,
  expected: Expected,
  aside: PutAside,
  trees: readonly Folder[] = [staging.fresh, staging.old],
): Promise<Map<Folder, TreeTable>> {
  const gathered = new Map<Folder, TreeTable>();
  for (const tree of trees) {
    using look = await lookWithoutCache(context, tree.openFolder(ITSELF));
    const found = look.table;
    const { isProven, isKnown } = await expected(found, tree);
    const doubtful: number[] = [];
    for (let j = 1; j < found.count; j++) {
      if (found.type[j] !== DIR && !isProven(j)) doubtful.push(j);
    }
    // Before staging is deleted or left to itself there is a later look: it must notice what is written from now on.
    if (staging.isInRoot || context.store.layout.plane.isOpenToOthers) await look.settle();
    await look.hash(doubtful.filter((j) => found.type[j] === FILE));
    using folders = new FoldersByPath(tree);
    for (const j of doubtful) {
      if (isKnown(j)) continue;
      const path = found.path(j);
      linkInto(aside, path, folders.get(parentPath(path)));
    }
    gathered.set(tree, found);
  }
  return gathered;
}

/**
 * Saves what was gathered: an autosave of only those paths for each tree, beginning with number `from`. Returns the ids,
 * usually none. Empty folders that `prepareRoom` made for these units are not saved.
 */
export async function saveConcurrentWrites(
  context: WorktreeContext,
  staging: Staging,
  { units = [], from = 0 }: { units?: Iterable<{ readonly path: Uint8Array }>; from?: number },
): Promise<string[]> {
  const saved: string[] = [];
  const trees = staging.countAside();
  for (let number = from; number < trees; number++) {
    using aside = staging.openAside(number);
    await removeEmptyParents(aside, units);
    using look = await lookWithoutCache(context, aside.openFolder(ITSELF));
    const paths = leafPaths(look.table);
    if (paths.length === 0) continue;
    const note = "written while a restore was under way";
    saved.push((await autosaveLook(context, look, note, paths)).descriptor.snapshot_id);
  }
  return saved;
}

/** Saves what other processes, with files still open, wrote into staging since it was gathered, before it is deleted. */
export async function saveLateWrites(
  context: WorktreeContext,
  staging: Staging,
  expected: Expected,
): Promise<void> {
  const from = staging.countAside();
  using aside = new PutAside((number) => staging.openAside(from + number));
  await gatherConcurrentWrites(context, staging, expected, aside);
  for (const id of await saveConcurrentWrites(context, staging, { from })) {
    context.reporter.warn(`What was written into replaced files afterwards was kept as snapshot ${id}.`);
  }
}

/** Removes empty folders above these paths; what is in a folder comes first, because that may empty it. */
async function removeEmptyParents(
  tree: Folder,
  units: Iterable<{ readonly path: Uint8Array }>,
): Promise<void> {
  const { table } = await scanTree(tree, { exactStat: false, xattrs: false });
  const isAbove = new Uint8Array(table.count);
  let last: Uint8Array | undefined;
  for (const { path } of units) {
    const parent = parentPath(path);
    if (last !== undefined && equalBytes(last, parent)) continue; // most are in the same folder as the one before
    last = parent;
    let index = nearestThere(table, parent);
    for (; index !== 0 && isAbove[index] === 0; index = at(table.parent, index)) isAbove[index] = 1;
  }
  using folders = new OpenFolders(tree, table);
  // The folder is not empty, or something else has that name.
  const reasons = ["ENOTEMPTY", "EEXIST", "ENOENT", "ENOTDIR", "ELOOP"];
  for (let i = table.count - 1; i > 0; i--) {
    if (isAbove[i] !== 1) continue;
    unlessFailed(reasons, () => folders.get(at(table.parent, i)).removeFolder(table.name(i)));
  }
}

/** The entry at a path, or the nearest above it. */
function nearestThere(table: TreeTable, path: Uint8Array): number {
  for (let above = path; above.length > 0; above = parentPath(above)) {
    const index = table.find(above);
    if (index !== -1) return index;
  }
  return 0;
}

function linkInto(aside: PutAside, path: Uint8Array, from: Folder): void {
  const name = lastName(path);
  aside.put(path, (folder) => {
    try {
      folder.linkFrom(name, from, name);
    } catch (error) {
      if (isSystemError(error, ...NO_LINKS)) return copyInto(folder, name, from);
      // An interrupted attempt linked it already; else `aside` has something else of this path.
      if (!isSystemError(error, "EEXIST") || inodeAt(folder, name) !== inodeAt(from, name)) throw error;
    }
  });
}

/**
 * Copies an entry that is not a folder, where the file system has no hard links. EEXIST where the name is taken, if only
 * by what an interrupted attempt left: then this goes into another tree.
 */
function copyInto(folder: Folder, name: Uint8Array, from: Folder): void {
  const stat = new Stat();
  if (!from.stat(name, stat)) return; // gone meanwhile
  if (stat.type === SYMLINK) folder.makeSymlink(name, from.readLink(name));
  else if (stat.type !== FILE) folder.makeSpecial(name, stat.type, stat.rdevMajor, stat.rdevMinor);
  else {
    using source = from.openFile(name, "read");
    using target = folder.openFile(name, "create", stat.mode & 0o777);
    for (const _bytes of target.copyPieces(source));
  }
  folder.setTimes(name, stat.mtimeSec, stat.mtimeNsec);
}

/** The paths that have nothing below them. */
function leafPaths(table: TreeTable): string[] {
  const parents = new Set(table.parent.subarray(0, table.count));
  const paths: string[] = [];
  for (let i = 1; i < table.count; i++) if (!parents.has(i)) paths.push(encodePath(table.path(i)));
  return paths;
}

/** What a tree of staging holds if no other process wrote into it; `found` is a scan of that tree. */
export type Expected = (found: TreeTable, tree: Folder) => Promise<Expectation>;

interface Expectation {
  /** Whether times prove that an entry is as expected, so that its content need not be read. */
  isProven(found: number): boolean;
  /** Whether an entry is as expected and in a snapshot, now that its content was read. */
  isKnown(found: number): boolean;
}

/** What is known of entries before they are taken out of the worktree. */
interface Seen {
  /** What the look saw. */
  readonly seen: TreeTable;
  /** What a snapshot holds of it; with `--discard` again what was seen. */
  readonly saved: TreeTable;
  /** Whether every change shows in times here. */
  readonly timesProve: boolean;
  /** How many bytes may be read although the times say that nothing changed. */
  readonly mostRead: number;
}

/**
 * Expects what the look saw of what a restore takes out of the worktree. The rename changes the ctime of an entry, but not
 * of what is in a folder that is taken out. So a file that is moved by itself is looked at right before the rename, and
 * read again after it: only its content shows a write in the instant between the two. If that is too much to read, the
 * last look must be enough.
 */
export class TakenOut {
  private readonly asSeen = new Set<number>();
  private readonly stat = new Stat();
  private read = 0;

  constructor(private readonly known: Seen) {}

  /** Looks at an entry of `seen` right before it is taken out. */
  lookLast(index: number, folder: Folder, name: Uint8Array): void {
    const { stat, known: { seen } } = this;
    if (folder.stat(name, stat) && isUnchangedSince(seen, index, stat)) this.asSeen.add(index);
  }

  readonly expected: Expected = async (found) => {
    const { seen, saved } = this.known;
    const seenAt = await placesIn(seen, found);
    const savedAt = saved === seen ? seenAt : await placesIn(saved, found);
    return {
      isProven: (j) => at(seenAt, j) !== NONE && this.isProven(at(seenAt, j), found, j, at(savedAt, j)),
      isKnown: (j) => {
        const [i, k] = [at(seenAt, j), at(savedAt, j)];
        return i !== NONE && k !== NONE && isUnchangedButMoved(seen, i, found, j) &&
          !isAnother(saved, k, found, j);
      },
    };
  };

  /** Expects, in a later search of the same trees, what was gathered. */
  expectedAfter(gathered: ReadonlyMap<Folder, TreeTable>): Expected {
    return (found, tree) => {
      const seen = gathered.get(tree) as TreeTable;
      return new TakenOut({ ...this.known, seen, saved: seen }).expected(found, tree);
    };
  }

  private isProven(i: number, found: TreeTable, j: number, savedAt: number): boolean {
    const { seen, saved, timesProve, mostRead } = this.known;
    // What was elsewhere while the autosave was made is in no snapshot, whatever the times say.
    if (!timesProve || savedAt === NONE) return false;
    if (isUnchangedBetween(seen, i, found, j)) return true;
    if (!this.asSeen.has(i) || !isUnchangedButMoved(seen, i, found, j)) return false;
    const isHashed = saved.hashed[savedAt] === 1;
    if (found.type[j] === FILE && isHashed) this.read += at(found.size, j);
    return !isHashed || this.read > mostRead;
  }
}

/** To search one entry in a table takes as long as to walk over so many of it. */
const AS_MANY = 16;

/** For each entry of `found` the index in `table` of the entry with its path, or NONE. */
export async function placesIn(table: TreeTable, found: TreeTable): Promise<Uint32Array> {
  const places = new Uint32Array(found.count).fill(NONE);
  if (found.count * AS_MANY < table.count) {
    for (let j = 0; j < found.count; j++) {
      const index = table.find(found.path(j));
      if (index !== -1) places[j] = index;
    }
    return places;
  }
  await mergeTables(table, found, (i, j) => {
    if (i !== -1 && j !== -1) places[j] = i;
  });
  return places;
}
