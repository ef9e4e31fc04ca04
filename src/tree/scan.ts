import { type BytePath, equalBytes, ITSELF } from "../model/bytes.ts";
import { DegradationList } from "../model/degradations.ts";
import { BLOCK, DIR, FILE, SYMLINK, type Xattr } from "../model/entry.ts";
import { phase, type Reporter } from "../model/progress.ts";
import { type Folder, type Listing, Stat } from "../platform/platform.ts";
import { TimeSlice } from "../platform/time_slice.ts";
import { isSystemError } from "../platform/system_error.ts";
import {
  type Boundary,
  BOUNDARY_REASONS,
  boundaryOf,
  CONTROL_FOLDER,
  holdsRepository,
} from "./boundaries.ts";
import type { IgnoreRules } from "./ignore.ts";
import { KnownTree } from "./known_tree.ts";
import { type NameRange, NameStack } from "./name_stack.ts";
import { OpenFolders } from "./open_folders.ts";
import { PathWalker } from "./path_walker.ts";
import { isClean, type ScanClock } from "./scan_clock.ts";
import { at, NONE, TreeTable } from "./table.ts";
import { isRefused } from "./unreadable.ts";

const SLASH = 0x2f;
const NO_NAME = new Uint8Array();
const REFUSED: readonly Xattr[] = [];

/** How to scan. */
export interface ScanOptions {
  /** What to leave out; by default nothing. */
  readonly rules?: IgnoreRules | null | undefined;
  /** An earlier scan or the stat cache. Entries that were clean there and are unchanged are taken from it. */
  readonly known?: TreeTable | undefined;
  /** About how many entries there are, if `known` does not tell. */
  readonly expected?: number;
  /** Without a clock no entry is clean. */
  readonly clock?: ScanClock | undefined;
  /** Temporary names of JVS in the root. */
  readonly skipAtRoot?: readonly Uint8Array[];
  /**
   * Chooses the names of a folder at which the scan looks; by default all. `index` is the folder's entry in the table of the scan,
   * `before` its index in `known`.
   */
  readonly list?: (folder: Folder, table: TreeTable, index: number, before: number | undefined) => Listing;
  /** Whether times and inode numbers of the platform are exact; else no entry is clean. */
  readonly exactStat: boolean;
  /** Whether the platform has extended attributes. */
  readonly xattrs: boolean;
  readonly reporter?: Reporter;
  readonly signal?: AbortSignal;
}

/** The result of a scan. */
export interface Scan {
  /** All entries. An unchanged entry of `known` has its hash. */
  readonly table: TreeTable;
  readonly degradations: DegradationList;
  /** The ignored paths; an ignored folder stands for everything in it. */
  readonly ignored: readonly BytePath[];
  /** Entries that do not belong to the worktree: never entered, changed or removed. SPEC 2. */
  readonly boundaries: ReadonlyMap<number, Boundary>;
  /** Folders in which something is that the table does not list: ignored, refused, of another mount or type. */
  readonly gaps: ReadonlySet<number>;
  /** Paths whose access the system refused. */
  readonly unreadable: readonly BytePath[];
  readonly clock: ScanClock | undefined;
  /** For each entry its index in `known`, if it is unchanged and, for a file, hashed there; else -1. */
  readonly knownAs: Int32Array;
  /** How many entries were looked at, if not all (`scan_changed.ts`). */
  readonly looked?: number;
}

/**
 * Lists a whole tree in root-hash order, at any depth, and follows no link. Entries that disappear during the scan are
 * left out. A caller that needs an unchanged tree scans it again and compares.
 */
export async function scanTree(root: Folder, options: ScanOptions): Promise<Scan> {
  const slice = new TimeSlice(options.signal);
  slice.check();
  using _phase = phase(options.reporter, "scanning");
  let reported = 0;
  using walk = new ScanWalk(root, options);
  const report = () => {
    options.reporter?.advance(walk.table.count - reported, 0);
    reported = walk.table.count;
  };
  while (walk.step()) {
    if (!slice.isOver()) continue;
    report();
    await slice.yield();
  }
  report();
  const { table, degradations, ignored, boundaries, gaps, unreadable, knownAs } = walk;
  return { table, degradations, ignored, boundaries, gaps, unreadable, clock: options.clock, knownAs };
}

/** A folder that the walk has entered and not left yet. */
interface Frame {
  readonly index: number;
  readonly names: NameRange;
  readonly findKnown: ReturnType<KnownTree["children"]> | undefined;
  next: number;
  /** Subfolders whose content comes later: `a.txt` is between `a` and `a/x`. */
  readonly later: number[];
}

/** The walk of one scan, with a stack of folders instead of recursion, and everything it finds. */
class ScanWalk implements Disposable {
  readonly table: TreeTable;
  readonly degradations = new DegradationList();
  readonly ignored: BytePath[] = [];
  readonly unreadable: BytePath[] = [];
  readonly boundaries = new Map<number, Boundary>();
  readonly gaps = new Set<number>();
  /** As in `Scan`, but as long as the columns of the table. */
  knownAs: Int32Array;
  private readonly options: ScanOptions;
  private readonly folders: OpenFolders;
  private readonly paths: PathWalker;
  private readonly frames: Frame[] = [];
  private readonly names = new NameStack();
  private readonly stat = new Stat();
  private readonly rootStat = new Stat();
  private readonly known: KnownTree | undefined;
  /** For each folder that waits to be entered, its index in the known table. */
  private readonly knownFolders = new Map<number, number>();
  private readonly firstLinks = new Map<string, number>();

  constructor(root: Folder, options: ScanOptions) {
    this.options = options;
    this.known = options.known && new KnownTree(options.known);
    // A table that grows is copied. Room that is not used takes no memory.
    this.table = new TreeTable(8192 + 1.25 * (options.known?.count ?? options.expected ?? 0) >>> 0);
    this.knownAs = new Int32Array(this.table.parent.length).fill(-1);
    this.folders = new OpenFolders(root, this.table);
    this.paths = new PathWalker(this.table);
    root.stat(ITSELF, this.rootStat);
    root.stat(ITSELF, this.stat);
    this.add(NONE, root, ITSELF, this.known ? 0 : NONE);
    this.enter(0);
  }

  /** Handles one name, or enters or leaves a folder; false at the end. */
  step(): boolean {
    const frame = this.frames[this.frames.length - 1];
    if (frame === undefined) return false;
    const name = frame.next < frame.names.to ? this.names.name(frame.next) : undefined;
    const later = frame.later[frame.later.length - 1];
    if (later !== undefined && (name === undefined || contentComesBefore(this.table.name(later), name))) {
      frame.later.pop();
      this.enter(later);
    } else if (name !== undefined) {
      frame.next++;
      this.visit(frame, name);
    } else {
      this.names.pop(frame.names);
      this.frames.pop();
    }
    return true;
  }

  /** Closes all open folders. */
  [Symbol.dispose](): void {
    this.folders[Symbol.dispose]();
  }

  /** Enters a folder: its content comes next. */
  private enter(index: number): void {
    const known = this.knownFolders.get(index);
    this.knownFolders.delete(index);
    try {
      const folder = this.folders.get(index);
      const { list } = this.options;
      const names = this.names.push(list?.(folder, this.table, index, known) ?? folder.list());
      if (index !== 0 && this.names.has(names, CONTROL_FOLDER) && holdsRepository(folder)) {
        this.names.pop(names);
        this.markBoundary(index, "nested_repository");
        return;
      }
      const findKnown = known === undefined ? undefined : this.known?.children(known);
      this.frames.push({ index, names, findKnown, next: names.from, later: [] });
    } catch (error) {
      this.gaps.add(index);
      this.noteFailure(error, () => this.paths.path(index));
    }
  }

  /** Looks at one name of a folder. */
  private visit(frame: Frame, name: Uint8Array): void {
    const count = this.table.count;
    if (!this.isSkipped(frame, name)) this.lookAt(frame, name);
    if (this.table.count === count) this.gaps.add(frame.index);
  }

  private isSkipped({ index }: Frame, name: Uint8Array): boolean {
    return index === 0 && (this.options.skipAtRoot?.some((ours) => equalBytes(ours, name)) ?? false);
  }

  private lookAt(frame: Frame, name: Uint8Array): void {
    try {
      const folder = this.folders.get(frame.index);
      if (!folder.stat(name, this.stat)) return;
      const { type } = this.stat;
      if (this.ignores(frame, name, type === DIR)) return;
      if (type > BLOCK) {
        const reason = "Snapshots cannot keep this type of file.";
        this.degradations.add("type", this.paths.child(frame.index, name), reason);
        return;
      }
      const index = this.add(frame.index, folder, name, frame.findKnown?.(name) ?? NONE);
      const boundary = boundaryOf(this.stat, this.rootStat.devMajor, this.rootStat.devMinor);
      if (boundary !== undefined) this.markBoundary(index, boundary);
      else if (type === DIR) frame.later.push(index);
      else if (this.stat.nlink > 1) this.group(index);
    } catch (error) {
      // Without a stat (such as a FUSE mount of another user) the type is unknown, so rules for files and for folders count.
      if (isRefused(error) && (this.ignores(frame, name, false) || this.ignores(frame, name, true))) return;
      this.noteFailure(error, () => this.paths.child(frame.index, name));
    }
  }

  /** Whether the rules ignore a name; then it is noted. */
  private ignores(frame: Frame, name: Uint8Array, isFolder: boolean): boolean {
    const { rules } = this.options;
    if (!rules) return false;
    const path = this.paths.child(frame.index, name);
    if (!rules.ignores(path, isFolder)) return false;
    this.ignored.push(path.slice());
    return true;
  }

  /** Adds the entry that `stat` describes, with its link target and attributes. `before` is its known entry or NONE. */
  private add(parent: number, folder: Folder, name: Uint8Array, before: number): number {
    const { stat, table, options } = this;
    const known = before !== NONE && this.known?.isUnchanged(before, stat) ? this.known.table : undefined;
    // Everything that can fail comes first, because the table cannot remove an entry.
    const target = stat.type !== SYMLINK
      ? undefined
      : known === undefined
      ? folder.readLink(name)
      : known.targets.get(before);
    const xattrs = known === undefined ? this.readXattrs(parent, folder, name) : known.xattrs.get(before);

    const index = table.addStat(parent, parent === NONE ? NO_NAME : name, stat);
    const hash = known?.contentHash(before);
    if (hash !== undefined) table.setHash(index, hash);
    if (known !== undefined && (stat.type !== FILE || hash !== undefined)) this.setKnown(index, before);
    if (target !== undefined) table.targets.set(index, target);
    if (xattrs !== undefined && xattrs !== REFUSED) table.xattrs.set(index, xattrs);
    // The next scan must ask again for refused attributes.
    const trusted = options.exactStat && options.clock !== undefined && xattrs !== REFUSED;
    if (trusted && isClean(options.clock, stat)) table.clean[index] = 1;
    if (stat.type === DIR && before !== NONE) this.knownFolders.set(index, before);
    if (stat.inodeFlags) {
      const reason = "Its inode flags (immutable, append-only and the like) are not kept.";
      this.degradations.add("inode_flags", this.paths.path(index), reason);
    }
    return index;
  }

  private setKnown(index: number, before: number): void {
    if (index >= this.knownAs.length) {
      const grown = new Int32Array(this.table.parent.length).fill(-1);
      grown.set(this.knownAs);
      this.knownAs = grown;
    }
    this.knownAs[index] = before;
  }

  private readXattrs(parent: number, folder: Folder, name: Uint8Array): readonly Xattr[] | undefined {
    if (!this.options.xattrs) return undefined;
    try {
      const xattrs = folder.xattrs(name);
      return xattrs.length > 0 ? xattrs : undefined;
    } catch (error) {
      if (!isRefused(error)) throw error;
      this.refused(parent === NONE ? NO_NAME : this.paths.child(parent, name));
      return REFUSED;
    }
  }

  /** Joins hard links to one file into a link group. */
  private group(index: number): void {
    const { devMajor, devMinor, inoHi, inoLo } = this.stat;
    const key = `${devMajor}:${devMinor}:${inoHi}:${inoLo}`;
    const first = this.firstLinks.get(key);
    if (first === undefined) {
      this.firstLinks.set(key, index);
      return;
    }
    this.table.linkGroup[first] = first;
    this.table.linkGroup[index] = first;
  }

  private markBoundary(index: number, boundary: Boundary): void {
    this.boundaries.set(index, boundary);
    this.gaps.add(index);
    this.degradations.add(boundary, this.paths.path(index), BOUNDARY_REASONS[boundary]);
  }

  private refused(path: BytePath): void {
    this.unreadable.push(path.slice());
    this.degradations.add("unreadable", path, "The system refused access to it.");
  }

  /** Notes a refused path, ignores a path that disappeared, and throws every other error. */
  private noteFailure(error: unknown, path: () => BytePath): void {
    if (isRefused(error)) this.refused(path());
    else if (!isSystemError(error, "ENOENT", "ENOTDIR", "ELOOP")) throw error;
  }
}

/** Whether the content of a folder comes before a later name: `a/x` comes before `a0`, but after `a.b`. */
function contentComesBefore(folder: Uint8Array, name: Uint8Array): boolean {
  const length = folder.length;
  return name.length <= length || at(name, length) > SLASH || !equalBytes(folder, name.subarray(0, length));
}
