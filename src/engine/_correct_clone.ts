import { equalBytes, ITSELF } from "../model/bytes.ts";
import { DegradationList } from "../model/degradations.ts";
import { DIR, FILE, LOST, SYMLINK } from "../model/entry.ts";
import type { Reporter } from "../model/progress.ts";
import { type Folder, type OpenFile, type Platform, Stat } from "../platform/platform.ts";
import { isSystemError, unlessFailed } from "../platform/system_error.ts";
import { TimeSlice } from "../platform/time_slice.ts";
import { isCloneOfTree } from "../tree/match_unchanged.ts";
import { mergeTables } from "../tree/merge_tables.ts";
import { OpenFolders } from "../tree/open_folders.ts";
import { removeTree } from "../tree/remove_tree.ts";
import { isOfSameMake, isSameMoment } from "../tree/same_entry.ts";
import { type Scan, scanTree } from "../tree/scan.ts";
import { at, NONE, type TreeTable } from "../tree/table.ts";
import { HiddenPaths, isRefused } from "../tree/unreadable.ts";
import { AspectSetter, Losses } from "./_aspects.ts";
import { hasAspects, makeUsable, removeOtherXattrs } from "./_clone_aspects.ts";
import type { CloneRequest, CloneResult } from "./contract.ts";

/** What only the engine knows of its clones. */
interface WholeClone {
  /** Called before the first correction. */
  readonly makeWritable: () => void;
  /** Whether an entry of the clone only stands for one that could not be cloned, and can do nothing but go. */
  readonly isPlaceholder: (made: TreeTable, j: number) => boolean;
  /** The inodes in which the clone differs from the table of the request; undefined if the engine cannot tell. */
  readonly changed?: () => ReadonlySet<number> | undefined;
}

/**
 * Makes the clone of a whole tree what was asked for, and returns the result:
 *
 * 1. Scan it, because only that tells what is in it; where the engine tells how it differs from the table, only that.
 * 2. Remove what the table does not list: what rules leave out, and what is in a nested repository or below a mount.
 * 3. Put right what differs: the aspects of folders whose content was removed, and of a worktree's entries that its
 *    table wants otherwise; folders where a subvolume was; files over which another file is mounted.
 * 4. Scan it again if there was anything to do in 2 or 3.
 *
 * What another process changed between the scan of the source and the clone stays as it is: it is `changed`.
 */
export async function correctClone(
  platform: Platform,
  request: CloneRequest,
  root: Folder,
  engine: WholeClone,
): Promise<CloneResult> {
  const changed = await scanOfChanges(platform, request, root, engine);
  // Reading changes the time of access, which counts as a change for btrfs, and for no one else.
  if (changed !== undefined && await isCloneOfTree(changed.table, request.table)) {
    return { table: request.table, degradations: new DegradationList(), changed: [], unreadable: [] };
  }
  const scan = changed ?? await scanClone(platform, request, root);
  new TimeSlice(request.signal).check();
  const losses = new Losses(request.table, false);
  const corrections = await Corrections.find(request, scan, engine);
  if (corrections.isEmpty) return await resultOf(platform, request, root, scan, losses);
  engine.makeWritable();
  await corrections.carryOut(root, new AspectSetter(platform, request.table, losses, false));
  const now = await scanClone(platform, request, root);
  if (request.as === "payload") await noteLostTimes(request.table, now.table);
  return await resultOf(platform, request, root, now, losses);
}

/** What a clone has in common with its source is taken from the request's table, hashes too. */
async function scanClone(platform: Platform, request: CloneRequest, root: Folder): Promise<Scan> {
  return await scanTree(root, { ...scanOptions(platform, request), known: request.table });
}

/** The same, by looking only at what changed; undefined if the engine cannot tell that. */
async function scanOfChanges(platform: Platform, request: CloneRequest, root: Folder, engine: WholeClone) {
  const inodes = engine.changed?.();
  if (inodes === undefined) return undefined;
  const { scanChanged } = await import("../tree/scan_changed.ts");
  return await scanChanged(root, { known: request.table, inodes }, scanOptions(platform, request));
}

function scanOptions({ abilities }: Platform, { reporter, signal }: CloneRequest) {
  const { exactStat, xattrs } = abilities;
  return {
    exactStat,
    xattrs,
    ...(reporter === undefined ? {} : { reporter: asOneStep(reporter) }),
    ...(signal === undefined ? {} : { signal }),
  };
}

/** Tells of progress, but not of steps: it is all cloning. */
function asOneStep(reporter: Reporter): Reporter {
  return {
    begin() {},
    advance: (entries, bytes) => reporter.advance(entries, bytes),
    warn: (message) => reporter.warn(message),
  };
}

/** How a clone differs from what was asked for, but for what another process changed. */
class Corrections {
  /** Indexes in the clone of what was not asked for. */
  private readonly extra = new Set<number>();
  /** Indexes in the clone of entries whose aspects must be set. */
  private readonly toSet = new Set<number>();
  private readonly placeholders: number[] = [];
  private readonly covered: number[] = [];
  /** Indexes in the clone of folders that the scan did not enter: other repositories. */
  private readonly closed: number[] = [];
  /** For each entry of the clone its index in the request's table, or NONE. */
  private readonly asked: Uint32Array;

  private constructor(private readonly request: CloneRequest, private readonly made: TreeTable) {
    this.asked = new Uint32Array(made.count).fill(NONE);
  }

  static async find(request: CloneRequest, scan: Scan, engine: WholeClone): Promise<Corrections> {
    const { boundaries, table: made } = scan;
    const found = new Corrections(request, made);
    const { source, table } = request;
    using folders = new OpenFolders(source, table);
    await mergeTables(table, made, (i, j) => {
      if (j === -1) return;
      if (i === -1) return void found.extra.add(j);
      found.asked[j] = i;
      if (table.type[i] !== made.type[j]) return;
      if (engine.isPlaceholder(made, j)) found.placeholders.push(j);
      else if (boundaries.has(j)) found.closed.push(j);
      else if (isOtherFile(request, i, made, j) && isMounted(folders, table, i)) found.covered.push(j);
      else if (mustSet(request, i, made, j)) found.toSet.add(j);
    });
    return found;
  }

  get isEmpty(): boolean {
    const { closed, covered, extra, placeholders, toSet } = this;
    return extra.size + toSet.size + placeholders.length + covered.length + closed.length === 0;
  }

  /** Removes, replaces, and then sets aspects: those of folders last, the deepest first, because the rest changes them. */
  async carryOut(root: Folder, aspects: AspectSetter): Promise<void> {
    const { extra, made } = this;
    using folders = new OpenFolders(root, made);
    for (const j of extra) {
      const parent = at(made.parent, j);
      // To remove a folder removes what is in it.
      if (!extra.has(parent)) await this.remove(this.openToChange(folders, parent), made.name(j));
    }
    for (const j of this.closed) {
      const folder = this.openToChange(folders, j);
      const names = folder.list();
      for (let k = 0; k < names.count; k++) await this.remove(folder, names.name(k));
    }
    for (const j of this.placeholders) {
      const folder = this.openToChange(folders, at(made.parent, j));
      folder.removeFolder(made.name(j));
      folder.makeFolder(made.name(j));
      this.toSet.add(j);
    }
    for (const j of this.covered) this.copyMounted(this.openToChange(folders, at(made.parent, j)), j);
    for (const j of [...this.toSet].sort((a, b) => b - a)) {
      const folder = j === 0 ? root : folders.get(at(made.parent, j));
      this.set(aspects, folder, j === 0 ? ITSELF : made.name(j), j);
    }
  }

  private async remove(folder: Folder, name: Uint8Array): Promise<void> {
    const { signal } = this.request;
    await removeTree(folder, name, signal === undefined ? {} : { signal });
  }

  /** Opens a folder of the clone, which is changed by this: its aspects are set later. */
  private openToChange(folders: OpenFolders, j: number): Folder {
    const folder = folders.get(j);
    if (!this.toSet.has(j)) makeUsable(folder, at(this.made.mode, j));
    this.toSet.add(j);
    return folder;
  }

  private set(aspects: AspectSetter, folder: Folder, name: Uint8Array, j: number): void {
    const { asked, made, request: { table } } = this;
    const i = at(asked, j);
    removeOtherXattrs(folder, name, table, i, made, j);
    aspects.set(folder, name, i);
  }

  /** Copies what is mounted over a file, in place of what is below the mount. */
  private copyMounted(folder: Folder, j: number): void {
    const { made, request: { source, table } } = this;
    const name = made.name(j);
    using folders = new OpenFolders(source, table);
    using file = folders.get(at(table.parent, at(this.asked, j))).openFile(name, "read");
    file.syncData();
    folder.removeFile(name);
    using target = folder.openFile(name, "create");
    fill(target, file);
    this.toSet.add(j);
  }
}

function fill(target: OpenFile, source: OpenFile): void {
  try {
    target.cloneFrom(source);
  } catch (error) {
    if (!isSystemError(error, "EXDEV", "EOPNOTSUPP", "EINVAL")) throw error;
    for (const _bytes of target.copyPieces(source));
  }
}

/** Whether a file of a payload is not the inode that was seen: another process replaced it, or a file is mounted over it. */
function isOtherFile({ as, table }: CloneRequest, i: number, made: TreeTable, j: number): boolean {
  return as === "payload" && table.type[i] === FILE &&
    (table.inoLo[i] !== made.inoLo[j] || table.inoHi[i] !== made.inoHi[j]);
}

function isMounted(folders: OpenFolders, table: TreeTable, i: number): boolean {
  const stat = new Stat();
  const isThere = unlessFailed(
    ["ENOENT", "ENOTDIR", "ELOOP"],
    () => folders.get(at(table.parent, i)).stat(table.name(i), stat),
  );
  return isThere === true && stat.mountRoot;
}

/**
 * Whether aspects of an entry must be set. In a payload only those of folders: a folder that differs has something mounted
 * over it, or another process changed it. A file that differs was changed, and stays as it was cloned.
 */
function mustSet({ as, table }: CloneRequest, i: number, made: TreeTable, j: number): boolean {
  return (as === "worktree" || table.type[i] === DIR) && !hasAspects(table, i, made, j);
}

/** The time of a folder from which something was removed can only be set by its owner: the manifest has it. */
async function noteLostTimes(table: TreeTable, made: TreeTable): Promise<void> {
  await mergeTables(table, made, (i, j) => {
    if (
      i === -1 || j === -1 || table.type[i] !== DIR || made.type[j] !== DIR || isOfSameMake(table, i, made, j)
    ) {
      return;
    }
    made.mtimeSec[j] = at(table.mtimeSec, i);
    made.mtimeNsec[j] = at(table.mtimeNsec, i);
    made.lost[j] = at(made.lost, j) | LOST.times;
  });
}

async function resultOf(
  platform: Platform,
  { as, table }: CloneRequest,
  root: Folder,
  { table: made, unreadable: refused }: Scan,
  { degradations }: Losses,
): Promise<CloneResult> {
  const hidden = new HiddenPaths(refused);
  const changed: number[] = [];
  const unreadable: number[] = [];
  using folders = new OpenFolders(root, made);
  await mergeTables(table, made, (i, j) => {
    if (i === -1) return;
    if (j === -1) return void (hidden.covers(table, i) ? unreadable : changed).push(i);
    if (!isAsAsked(as, table, i, made, j)) return void changed.push(i);
    if (made.type[j] !== FILE) return;
    const isStill = isOfSameMake(table, i, made, j) && isSameMoment(table, i, made, j);
    const hash = isStill ? table.contentHash(i) : undefined;
    if (hash !== undefined) made.setHash(j, hash);
    else made.hashed[j] = 0;
    if (hash === undefined && !mayRead(platform, folders, made, j)) unreadable.push(i);
  });
  return { table: made, degradations, changed, unreadable };
}

/** Whether an entry has the type and content that was seen, as far as a look at it tells. */
function isAsAsked(as: CloneRequest["as"], table: TreeTable, i: number, made: TreeTable, j: number): boolean {
  const type = at(table.type, i);
  if (type !== made.type[j]) return false;
  if (type === DIR) return true;
  if (type === SYMLINK && !equalBytes(targetOf(table, i), targetOf(made, j))) return false;
  // The time of a worktree's file was set, or could not be.
  return as === "payload" ? isOfSameMake(table, i, made, j) : at(table.size, i) === at(made.size, j);
}

function targetOf(table: TreeTable, index: number): Uint8Array {
  return table.targets.get(index) ?? new Uint8Array();
}

/** A clone of a whole tree has the files of others too, with their rights. */
function mayRead({ host }: Platform, folders: OpenFolders, made: TreeTable, j: number): boolean {
  if (made.uid[j] === host.uid && (at(made.mode, j) & 0o400) !== 0) return true;
  try {
    folders.get(at(made.parent, j)).openFile(made.name(j), "read")[Symbol.dispose]();
    return true;
  } catch (error) {
    if (isRefused(error)) return false;
    throw error;
  }
}
