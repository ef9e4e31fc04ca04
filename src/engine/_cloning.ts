import { ITSELF } from "../model/bytes.ts";
import { DIR, FILE, SYMLINK } from "../model/entry.ts";
import { phase, type Reporter, silentReporter } from "../model/progress.ts";
import { TimeSlice } from "../platform/time_slice.ts";
import type { Folder, OpenFile, Platform } from "../platform/platform.ts";
import { isSystemError } from "../platform/system_error.ts";
import { Stat } from "../platform/stat.ts";
import { OpenFolders } from "../tree/open_folders.ts";
import { NONE, type TreeTable } from "../tree/table.ts";
import { at } from "../tree/columns.ts";
import { isAsRecorded, isForWhomSaved, isStillInode } from "../tree/same_entry.ts";
import { isRefused } from "../tree/unreadable.ts";
import { AspectSetter, Losses, refusalOf } from "./_aspects.ts";
import type { CloneRequest, CloneResult } from "./contract.ts";

// Errors of opening a file that is gone or has another type now.
const GONE = ["ENOENT", "ENOTDIR", "ELOOP", "ENXIO", "EINVAL", "EISDIR", "ESTALE", "EAGAIN"];

/** The mode of a folder that is being filled: only its owner may enter. */
export const WHILE_FILLED = 0o700;

/** Of a mode, what it says of the owner. */
const OWN_BITS = 0o700;

/** Files by their index: a million take a quarter of the memory as numbers of 32 bits. */
export type Files = readonly number[] | Uint32Array;

/** Makes files with their content. For each file it calls `finish` or notes why not. */
export type FillFiles = (cloning: Cloning, files: Files) => Promise<void>;

/** What is needed to clone, after the root was made. */
type CloningRequest =
  & Pick<CloneRequest, "source" | "table" | "as" | "isLook" | "share" | "held" | "reporter" | "workers">
  & {
    readonly signal?: Pick<AbortSignal, "aborted">;
  };

/** The state of one clone: both trees, and the result for each entry. */
export class Cloning implements Disposable {
  readonly table: TreeTable;
  readonly source: OpenFolders;
  readonly destination: OpenFolders;
  readonly losses: Losses;
  readonly aspects: AspectSetter;
  readonly slice: TimeSlice;
  /** Entries that the destination will not have. */
  readonly absent = new Set<number>();
  /** First names of files whose names are all made. */
  readonly linkedGroups = new Set<number>();
  /** Flush each file before it is read, because they were not flushed together. */
  flushEach = false;
  /** The table is also other threads': only one of them changes it. */
  sharesTable = false;
  private readonly reporter: Reporter;
  private readonly phase: Disposable;
  private readonly found = new Stat();
  private partBytes = 0;
  private readonly changed: number[] = [];
  private readonly unreadable: number[] = [];
  private readonly doubtful: number[] = [];

  /** `root` is the folder that is filled. */
  constructor(
    readonly platform: Platform,
    readonly request: CloningRequest,
    readonly root: Folder,
    keepsModes: boolean,
  ) {
    const { table } = request;
    const payload = request.as === "payload";
    this.table = table;
    this.source = new OpenFolders(request.source, table);
    this.destination = new OpenFolders(root, table);
    this.losses = new Losses(table, payload);
    this.aspects = new AspectSetter(platform, table, this.losses, payload && !keepsModes);
    this.slice = new TimeSlice(request.signal);
    this.reporter = request.reporter ?? silentReporter;
    this.phase = phase(this.reporter, "cloning", { entries: table.count, bytes: totalBytes(table) });
  }

  /** The folder in which an entry is made; for the root, the root itself. */
  folderOf(index: number): Folder {
    return index === 0 ? this.root : this.destination.get(at(this.table.parent, index));
  }

  /** Whether an entry is a further name (hard link) of an earlier entry. */
  isFurtherLink(index: number): boolean {
    const group = at(this.table.linkGroup, index);
    return group !== NONE && group !== index;
  }

  /** All further names, in the order of the table. */
  furtherLinks(): number[] {
    const found: number[] = [];
    for (let i = 1; i < this.table.count; i++) if (this.isFurtherLink(i)) found.push(i);
    return found;
  }

  /** Opens a file of the source. If it is gone, has another type or is refused, notes that and returns undefined. */
  openSource(index: number): OpenFile | undefined {
    try {
      const file = this.source.get(at(this.table.parent, index)).openFile(this.table.name(index), "read");
      const { as, isLook = false } = this.request;
      if (isLook ? this.takeAsItIs(index, file) : as === "payload" || this.takeOutOfPayload(index, file)) {
        return file;
      }
      file[Symbol.dispose]();
      return undefined;
    } catch (error) {
      if (isSystemError(error, ...GONE)) this.noteChanged(index);
      else if (isRefused(error)) this.noteUnreadable(index);
      else throw error;
      return undefined;
    }
  }

  /**
   * Who may rename in a folder can exchange a file since the look, for one that is closed: its content must not get the mode of another
   * one. It is cloned closed, and counts as changed. False, and noted, where it cannot be taken: it has other names, or another thread
   * has to do it.
   */
  private takeAsItIs(index: number, file: OpenFile): boolean {
    const { found, table } = this;
    file.stat(found);
    if (isStillInode(table, index, found)) return true;
    if (this.sharesTable || table.linkGroup[index] !== NONE) {
      this.noteChanged(index);
      return false;
    }
    table.replace(index, found);
    table.mode[index] = found.mode & OWN_BITS;
    this.changed.push(index);
    return true;
  }

  /** What may not be what was saved is noted; false where the thread that asked has to do that. */
  private takeOutOfPayload(index: number, file: OpenFile): boolean {
    const { found, table } = this;
    file.stat(found);
    if (isAsRecorded(table, index, found) && isForWhomSaved(table, index, found)) return true;
    if (this.sharesTable) this.noteChanged(index);
    else this.doubtful.push(index);
    return !this.sharesTable;
  }

  /** Makes an entry that is not a file. If that is impossible here, the entry is only in the manifest. */
  makeFromTable(index: number): void {
    const { losses, table } = this;
    const type = at(table.type, index);
    const folder = this.folderOf(index);
    const name = table.name(index);
    if (type === DIR) return folder.makeFolder(name, WHILE_FILLED);
    const { major, minor } = table.devices.get(index) ?? { major: 0, minor: 0 };
    const refused = refusalOf(() =>
      type === SYMLINK
        ? folder.makeSymlink(name, table.targets.get(index) ?? new Uint8Array())
        : folder.makeSpecial(name, type, major, minor)
    );
    if (refused === undefined) return this.finish(index);
    losses.add("type", index, refused.reason);
    this.absent.add(index);
  }

  /** Sets all aspects of an entry that was just made. */
  finish(index: number): void {
    this.aspects.set(this.folderOf(index), index === 0 ? ITSELF : this.table.name(index), index);
    this.advance(index);
  }

  /** Reports a part of the present entry. */
  advanceBytes(bytes: number): void {
    this.partBytes += bytes;
    this.reporter.advance(0, bytes);
  }

  noteChanged(index: number): void {
    this.absent.add(index);
    this.changed.push(index);
  }

  noteUnreadable(index: number): void {
    this.absent.add(index);
    this.unreadable.push(index);
  }

  /** Reports that an entry is done. */
  advance(index: number): void {
    const bytes = at(this.table.type, index) === FILE ? at(this.table.size, index) : 0;
    this.reporter.advance(1, Math.max(0, bytes - this.partBytes));
    this.partBytes = 0;
  }

  result(): CloneResult {
    const { losses, changed, doubtful, unreadable } = this;
    const inOrder = (indexes: number[]) => indexes.sort((a, b) => a - b);
    return {
      table: this.table,
      degradations: losses.degradations,
      changed: inOrder(changed),
      unreadable: inOrder(unreadable),
      doubtful: inOrder(doubtful),
    };
  }

  [Symbol.dispose](): void {
    this.phase[Symbol.dispose]();
    this.source[Symbol.dispose]();
    this.destination[Symbol.dispose]();
  }
}

function totalBytes(table: TreeTable): number {
  let bytes = 0;
  for (let i = 0; i < table.count; i++) if (at(table.type, i) === FILE) bytes += at(table.size, i);
  return bytes;
}
