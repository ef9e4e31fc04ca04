import { ITSELF } from "../model/bytes.ts";
import { DIR, FILE, SYMLINK } from "../model/entry.ts";
import { phase, type Reporter, silentReporter } from "../model/progress.ts";
import { TimeSlice } from "../platform/time_slice.ts";
import type { Folder, OpenFile, Platform } from "../platform/platform.ts";
import { isSystemError } from "../platform/system_error.ts";
import { OpenFolders } from "../tree/open_folders.ts";
import { at, NONE, type TreeTable } from "../tree/table.ts";
import { isRefused } from "../tree/unreadable.ts";
import { AspectSetter, Losses, refusalOf } from "./_aspects.ts";
import type { CloneRequest, CloneResult } from "./contract.ts";

// Errors of opening a file that is gone or has another type now.
const GONE = ["ENOENT", "ENOTDIR", "ELOOP", "ENXIO", "EINVAL", "EISDIR", "ESTALE", "EAGAIN"];

/** The mode of a folder that is being filled: only its owner may enter. */
export const WHILE_FILLED = 0o700;

/** Files by their index: a million take a quarter of the memory as numbers of 32 bits. */
export type Files = readonly number[] | Uint32Array;

/** Makes files with their content. For each file it calls `finish` or notes why not. */
export type FillFiles = (cloning: Cloning, files: Files) => Promise<void>;

/** What is needed to clone, after the root was made. */
type CloningRequest = Pick<CloneRequest, "source" | "table" | "as" | "share" | "reporter" | "workers"> & {
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
  private readonly reporter: Reporter;
  private readonly phase: Disposable;
  private partBytes = 0;
  private readonly changed: number[] = [];
  private readonly unreadable: number[] = [];

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
      return this.source.get(at(this.table.parent, index)).openFile(this.table.name(index), "read");
    } catch (error) {
      if (isSystemError(error, ...GONE)) this.noteChanged(index);
      else if (isRefused(error)) this.noteUnreadable(index);
      else throw error;
      return undefined;
    }
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
    const { losses, changed, unreadable } = this;
    const inOrder = (indexes: number[]) => indexes.sort((a, b) => a - b);
    return {
      table: this.table,
      degradations: losses.degradations,
      changed: inOrder(changed),
      unreadable: inOrder(unreadable),
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
