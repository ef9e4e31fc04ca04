import { BLOCK, CHAR, DIR } from "../model/entry.ts";
import type { Folder, LentFolder } from "../platform/platform.ts";
import { Stat } from "../platform/stat.ts";
import type { Job } from "../platform/serve_team.ts";
import { FOUND } from "./known_tree.ts";
import { OpenFolders } from "./open_folders.ts";
import { isUnchangedSince } from "./same_entry.ts";
import { isClean, type ScanClock } from "./scan_clock.ts";
import { tableOver } from "./shared_columns.ts";
import { NONE, type TreeTable } from "./table.ts";
import { at, type ColumnName, type TreeColumns } from "./columns.ts";

/** The columns of the known table that tell where an entry is, what the system reported of it, and whether anything else is known. */
export const SCAN_COLUMNS = [
  "parent",
  "type",
  "mode",
  "uid",
  "gid",
  "size",
  "mtimeSec",
  "mtimeNsec",
  "ctimeSec",
  "ctimeNsec",
  "inoLo",
  "inoHi",
  "nlink",
  "linkGroup",
  "lost",
  "clean",
  "listed",
  "nameStart",
  "nameLength",
  "pool",
] as const satisfies readonly ColumnName[];

/** What the threads share that scan together. */
export interface ScanInput {
  readonly root: LentFolder;
  /** `SCAN_COLUMNS` of the known table, in shared memory. */
  readonly columns: Pick<TreeColumns, (typeof SCAN_COLUMNS)[number]>;
  readonly clock: ScanClock | undefined;
  /** How many entries a piece has. */
  readonly pieceLength: number;
  /** For each piece 1 when a thread has taken it. */
  readonly taken: Uint8Array<SharedArrayBuffer>;
  /** For each entry of the known table `FOUND.same` or `FOUND.plain` as soon as a worker has found it as it is known. */
  readonly same: Uint8Array<SharedArrayBuffer>;
}

/** Takes a piece; false if another thread has. */
export function take(taken: ScanInput["taken"], piece: number): boolean {
  return Atomics.exchange(taken, piece, 1) === 0;
}

/** How often a worker looks whether it should stop. */
const ENTRIES_AT_ONCE = 64;

/** The job of a worker: looks at the pieces of a known table, from the last on, as the thread that asked walks from the first. */
export const scanJob: Job = (input: ScanInput, { platform, shared }) => {
  const { pieceLength, taken } = input;
  using look = new KnownLook(platform.borrow(input.root), input);
  for (let n = shared.next(); n < taken.length; n = shared.next()) {
    const piece = taken.length - 1 - n;
    if (!take(taken, piece)) break; // the walk was here, and so in all before it
    const end = Math.min(look.count, (piece + 1) * pieceLength);
    for (let from = piece * pieceLength; from < end; from += ENTRIES_AT_ONCE) {
      if (shared.isStopped) return Promise.resolve();
      look.at(from, Math.min(end, from + ENTRIES_AT_ONCE));
    }
  }
  return Promise.resolve();
};

/** Looks whether entries are as they are known. Whatever is in its way it does not tell: the walk meets it. */
class KnownLook implements Disposable {
  readonly count: number;
  private readonly table: TreeTable;
  private readonly folders: OpenFolders;
  private readonly rootStat: Stat;
  private readonly stat = new Stat();
  /** A folder that cannot be opened: its entries are not tried one by one. */
  private closed = -1;

  constructor(root: Folder, private readonly input: ScanInput) {
    this.table = tableOver(input.columns);
    this.count = this.table.count;
    this.folders = new OpenFolders(root, this.table);
    this.rootStat = Stat.ofFolder(root);
  }

  at(from: number, end: number): void {
    const { input: { same }, table } = this;
    for (let i = Math.max(1, from); i < end; i++) { // not the root, which each scan looks at itself
      const parent = at(table.parent, i);
      if (parent === this.closed) continue;
      const folder = this.opened(parent);
      if (folder === undefined) this.closed = parent;
      else if (this.isSame(folder, i)) same[i] = this.isPlain(i) ? FOUND.plain : FOUND.same;
    }
  }

  [Symbol.dispose](): void {
    this.folders[Symbol.dispose]();
  }

  /** Whether the system reports what is known, and nothing that the known table could not tell. */
  private isSame(folder: Folder, index: number): boolean {
    const { rootStat, stat, table } = this;
    if (table.clean[index] !== 1) return false;
    try {
      if (!folder.stat(table.name(index), stat)) return false;
    } catch {
      return false;
    }
    return isUnchangedSince(table, index, stat) && table.nlink[index] === stat.nlink &&
      stat.devMajor === rootStat.devMajor && stat.devMinor === rootStat.devMinor &&
      !stat.mountRoot && !stat.inodeFlags && stat.type !== CHAR && stat.type !== BLOCK &&
      (stat.type !== DIR || (table.listed[index] === 1 && this.opened(index) !== undefined));
  }

  /** Whether a scan has nothing to decide about an entry that is the same. */
  private isPlain(index: number): boolean {
    const { input: { clock }, stat, table } = this;
    return table.type[index] !== DIR && table.nlink[index] === 1 && table.linkGroup[index] === NONE &&
      table.lost[index] === 0 && clock !== undefined && isClean(clock, stat);
  }

  private opened(index: number): Folder | undefined {
    try {
      return this.folders.get(index);
    } catch {
      return undefined;
    }
  }
}
