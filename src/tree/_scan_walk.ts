import { equalBytes, ITSELF } from "../model/bytes.ts";
import { BLOCK, DIR, FILE, SYMLINK, type Xattr } from "../model/entry.ts";
import type { Folder } from "../platform/platform.ts";
import { Stat } from "../platform/stat.ts";
import { SystemError, unlessFailed } from "../platform/system_error.ts";
import type { ScanTeam } from "./_scan_team.ts";
import { type Boundary, boundaryOf, CONTROL_FOLDER, holdsRepository } from "./boundaries.ts";
import { KnownNames, ListedNames } from "./folder_names.ts";
import { FOUND, KnownTree } from "./known_tree.ts";
import { NameStack } from "./name_stack.ts";
import { OpenFolders } from "./open_folders.ts";
import { PathWalker } from "./path_walker.ts";
import { CLEAN, cleanOf, NOT_CLEAN } from "./scan_clock.ts";
import { ScanNotes } from "./scan_notes.ts";
import { ScannedTable } from "./scanned_table.ts";
import { NONE, type TreeTable } from "./table.ts";
import {
  contentComesBefore,
  type Frame,
  type KnownFolder,
  type KnownName,
  NEW_FOLDER,
  type WalkOptions,
} from "./_walk_frames.ts";
import { isRefused } from "./unreadable.ts";

const NO_NAME = new Uint8Array();
const REFUSED: readonly Xattr[] = [];

/** The walk of one scan, with a stack of folders instead of recursion, and everything it finds. */
export class ScanWalk implements Disposable {
  readonly scanned: ScannedTable;
  readonly notes = new ScanNotes();
  private readonly options: WalkOptions;
  private folders: OpenFolders;
  private paths: PathWalker;
  private readonly frames: Frame[] = [];
  private readonly names = new NameStack();
  private readonly stat = new Stat();
  private readonly rootStat = new Stat();
  private readonly known: KnownTree | undefined;
  /** The folders that wait to be entered and are in the known table. */
  private readonly knownFolders = new Map<number, KnownFolder>();
  /** Whether the times and inode numbers of an entry can prove later that it is unchanged. */
  private readonly timesProve: boolean;

  constructor(private readonly root: Folder, options: WalkOptions, private readonly team?: ScanTeam) {
    this.options = options;
    this.known = options.known && new KnownTree(options.known);
    this.timesProve = options.exactStat && options.clock !== undefined;
    const isPart = options.list !== undefined;
    const known = this.timesProve && !isPart ? options.known : undefined;
    const expected = (isPart ? undefined : options.known?.count) ?? options.expected ?? 0;
    this.scanned = new ScannedTable(known, expected, (table) => this.goOnWith(table));
    this.folders = new OpenFolders(root, this.scanned.table);
    this.paths = new PathWalker(this.scanned.table);
    root.stat(ITSELF, this.rootStat);
    root.stat(ITSELF, this.stat);
    this.add(NONE, ITSELF, { before: this.known ? 0 : NONE, wasTold: false });
    this.enter(0);
  }

  /** Handles one name, or enters or leaves a folder; false at the end. */
  step(): boolean {
    const frame = this.frames[this.frames.length - 1];
    if (frame === undefined) return false;
    const { later, names } = frame;
    const folder = later[later.length - 1];
    if (
      folder !== undefined &&
      (names.isDone || contentComesBefore(this.scanned.table.name(folder), names.current()))
    ) {
      later.pop();
      this.enter(folder);
    } else if (names.isDone) this.leave(frame);
    else {
      this.visit(frame);
      names.next();
    }
    return true;
  }

  /** Closes all open folders. */
  [Symbol.dispose](): void {
    this.folders[Symbol.dispose]();
  }

  private leave({ index, names, tells }: Frame): void {
    names.close();
    this.frames.pop();
    this.scanned.setListed(
      index,
      tells && this.scanned.table.clean[index] === 1 && !this.notes.gaps.has(index),
    );
  }

  /** Enters a folder: its content comes next. */
  private enter(index: number): void {
    const before = this.knownFolders.get(index) ?? NEW_FOLDER;
    const { isSame } = before;
    this.knownFolders.delete(index);
    try {
      if (!before.canBeOpened) this.folders.get(index); // fails where the user may not list it
      if (this.known !== undefined && before.hasKnownNames) {
        this.frames.push({
          index,
          names: new KnownNames(this.known, before.index),
          isSame,
          tells: true,
          later: [],
        });
        return;
      }
      const folder = this.folders.get(index);
      const { clock, list } = this.options;
      const range = this.names.push(list?.(folder, this.scanned.table, index, before.index) ?? folder.list());
      const names = new ListedNames(this.names, range, this.known, before.index);
      const hasControl = this.names.has(range, CONTROL_FOLDER);
      if (index !== 0 && hasControl && holdsRepository(folder)) {
        names.close();
        this.markBoundary(index, "nested_repository");
        return;
      }
      // A folder can become a repository by what happens in its `.jvs`, and then its own times stay.
      const tells = (clock?.foldersTell ?? false) && !hasControl && list === undefined;
      this.frames.push({ index, names, isSame, tells, later: [] });
    } catch (error) {
      this.notes.gaps.add(index);
      this.scanned.setListed(index, false);
      this.notes.failure(error, () => this.paths.path(index));
    }
  }

  /** Looks at one name of a folder. */
  private visit(frame: Frame): void {
    const { count } = this.scanned;
    const before = frame.names.known();
    const found = this.found(frame, before);
    if (found === FOUND.plain && this.mayTakeOver(frame) && this.scanned.addPlain(before)) return;
    const name = frame.names.current();
    if (!this.isSkipped(frame, name)) this.lookAt(frame, name, { before, wasTold: found !== FOUND.nothing });
    if (this.scanned.count === count) this.notes.gaps.add(frame.index);
  }

  private isSkipped({ index }: Frame, name: Uint8Array): boolean {
    return index === 0 && (this.options.skipAtRoot?.some((ours) => equalBytes(ours, name)) ?? false);
  }

  private lookAt(frame: Frame, name: Uint8Array, known: KnownName): void {
    try {
      if (known.wasTold) this.known?.recall(known.before, this.rootStat, this.stat);
      else if (!this.folders.get(frame.index).stat(name, this.stat)) return;
      const { type } = this.stat;
      if (this.ignores(frame, name, type === DIR)) return;
      if (type > BLOCK) {
        const reason = "Snapshots cannot keep this type of file.";
        this.notes.degradations.add("type", this.paths.child(frame.index, name), reason);
        return;
      }
      const index = this.add(frame.index, name, known);
      const boundary = boundaryOf(this.stat, this.rootStat.devMajor, this.rootStat.devMinor);
      if (boundary !== undefined) this.markBoundary(index, boundary);
      else if (type === DIR) frame.later.push(index);
      else if (this.stat.nlink > 1) this.scanned.group(index, this.stat);
    } catch (error) {
      // Without a stat (such as a FUSE mount of another user) the type is unknown, so rules for files and for folders count.
      if (isRefused(error) && (this.ignores(frame, name, false) || this.ignores(frame, name, true))) return;
      this.notes.failure(error, () => this.paths.child(frame.index, name));
    }
  }

  /** What a worker found of an entry, as in `FOUND`. */
  private found({ isSame }: Frame, before: number): number {
    return isSame && before !== NONE && this.team !== undefined ? this.team.found(before) : FOUND.nothing;
  }

  /** Whether names of a folder need not be looked at. */
  private mayTakeOver({ index }: Frame): boolean {
    const { rules, skipAtRoot } = this.options;
    return !rules && (index !== 0 || (skipAtRoot?.length ?? 0) === 0);
  }

  /** Whether the rules ignore a name; then it is noted. */
  private ignores(frame: Frame, name: Uint8Array, isFolder: boolean): boolean {
    const { rules } = this.options;
    if (!rules) return false;
    const path = this.paths.child(frame.index, name);
    if (!rules.ignores(path, isFolder)) return false;
    this.notes.ignored.push(path.slice());
    return true;
  }

  /** Adds the entry that `stat` describes. */
  private add(
    parent: number,
    name: Uint8Array,
    { before, wasTold }: KnownName,
  ): number {
    const { stat, scanned, options, known } = this;
    const isKnown = before !== NONE && (known?.isUnchanged(before, stat) ?? false);
    const clean = this.timesProve && options.clock !== undefined ? cleanOf(options.clock, stat) : NOT_CLEAN;
    const index = isKnown && clean === CLEAN && scanned.addNext(before, stat)
      ? before
      : this.addNew(parent, name, { named: before, isKnown, clean });
    if (stat.type === DIR && before !== NONE && known !== undefined) {
      this.knownFolders.set(index, {
        index: before,
        isSame: known.isInode(before, stat),
        hasKnownNames: isKnown && options.list === undefined && known.isListed(before),
        canBeOpened: wasTold,
      });
    }
    if (stat.inodeFlags) {
      const reason = "Its inode flags (immutable, append-only and the like) are not kept.";
      this.notes.degradations.add("inode_flags", this.paths.path(index), reason);
    }
    return index;
  }

  /** Adds an entry, with its link target and attributes. */
  private addNew(
    parent: number,
    name: Uint8Array,
    { named, isKnown, clean }: {
      readonly named: number;
      readonly isKnown: boolean;
      readonly clean: number;
    },
  ): number {
    const { stat } = this;
    const known = isKnown ? this.known?.table : undefined;
    // Everything that can fail comes first, because the table cannot remove an entry.
    const target = stat.type !== SYMLINK
      ? undefined
      : known === undefined
      ? this.readTarget(parent, name)
      : known.targets.get(named);
    const xattrs = known === undefined ? this.readXattrs(parent, name) : known.xattrs.get(named);

    const hash = known?.contentHash(named);
    const same = known !== undefined && (stat.type !== FILE || hash !== undefined) ? named : -1;
    const index = this.scanned.add(parent, parent === NONE ? NO_NAME : name, stat, { named, same });
    const { table } = this.scanned;
    if (hash !== undefined) table.setHash(index, hash);
    if (target !== undefined) table.targets.set(index, target);
    if (xattrs !== undefined && xattrs !== REFUSED) table.xattrs.set(index, xattrs);
    // The next scan must ask again for refused attributes.
    if (xattrs !== REFUSED) table.clean[index] = clean;
    return index;
  }

  /** Finds paths in another table from now on. It has the same entries so far. */
  private goOnWith(table: TreeTable): void {
    this.folders[Symbol.dispose]();
    this.folders = new OpenFolders(this.root, table);
    this.paths = new PathWalker(table);
  }

  /** Something else in the place of the link (EINVAL) came there after the look: the link is gone. */
  private readTarget(parent: number, name: Uint8Array): Uint8Array {
    const folder = this.folders.get(parent);
    const target = unlessFailed(["EINVAL"], () => folder.readLink(name));
    if (target === undefined) throw new SystemError("read the link", folder.path, "ENOENT");
    return target;
  }

  private readXattrs(parent: number, name: Uint8Array): readonly Xattr[] | undefined {
    if (!this.options.xattrs) return undefined;
    try {
      const folder = parent === NONE ? this.root : this.folders.get(parent);
      const xattrs = folder.xattrs(name);
      return xattrs.length > 0 ? xattrs : undefined;
    } catch (error) {
      if (!isRefused(error)) throw error;
      this.notes.refused(parent === NONE ? NO_NAME : this.paths.child(parent, name));
      return REFUSED;
    }
  }

  private markBoundary(index: number, boundary: Boundary): void {
    this.scanned.setListed(index, false);
    this.notes.boundary(index, boundary, this.paths.path(index));
  }
}
