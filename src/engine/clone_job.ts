import type { LentFolder } from "../platform/platform.ts";
import { Stat } from "../platform/stat.ts";
import type { Job } from "../platform/serve_team.ts";
import { entriesOf, type Pieces } from "../tree/pieces.ts";
import { isAsRecorded } from "../tree/same_entry.ts";
import { type SharedColumns, tableOver } from "../tree/shared_columns.ts";
import { at, type ColumnName } from "../tree/columns.ts";
import { Cloning } from "./_cloning.ts";
import { type FillName, FILLS } from "./_fill_files.ts";

/** What a worker needs of the request's table. */
export const CLONE_COLUMNS = [
  "parent",
  "type",
  "mode",
  "uid",
  "gid",
  "inoLo",
  "inoHi",
  "size",
  "mtimeSec",
  "mtimeNsec",
  "nameStart",
  "nameLength",
  "pool",
] as const satisfies readonly ColumnName[];

/** What to do with the files: to link those of the same paths in an earlier payload, or to make files with their content. */
export type CloneWork =
  | { readonly link: LentFolder }
  | { readonly fill: FillName; readonly source: LentFolder; readonly flushEach: boolean };

/** What the threads that clone together share. The pieces have files with one name and without attributes. */
export interface CloneInput extends Pieces {
  /** The folder that is filled. It has all folders already. */
  readonly root: LentFolder;
  readonly as: "payload" | "worktree";
  readonly isLook: boolean;
  /** `CLONE_COLUMNS`. */
  readonly columns: SharedColumns;
  readonly work: CloneWork;
}

/** What a worker did of a piece: all but these files, at which something is not as the table says. */
export interface ClonedPiece {
  readonly piece: number;
  readonly left: readonly number[];
}

/** The job of a worker: makes files by the same code as one thread alone. */
export const cloneJob: Job = async (input: CloneInput, { platform, reporter, shared, signal, tell }) => {
  const table = tableOver(input.columns);
  table.lost = new Uint16Array(table.count);
  const root = platform.borrow(input.root);
  const { as, isLook, work } = input;
  const source = platform.borrow("link" in work ? work.link : work.source);
  using cloning = new Cloning(platform, { source, table, as, isLook, reporter, signal }, root, false);
  cloning.sharesTable = true;
  const doOne = "link" in work ? linking(cloning) : filling(cloning, work);
  for (let piece = shared.next(); piece < input.ends.length && !shared.isStopped; piece = shared.next()) {
    const left: number[] = [];
    for (const index of entriesOf(input, piece)) {
      if (cloning.slice.isOver()) await cloning.slice.yield();
      if (!await doOne(index)) left.push(index);
    }
    tell({ piece, left } satisfies ClonedPiece, []);
  }
};

/** Does the work on one file; false where the thread that asked has to do it, which then finds out what is wrong. */
type DoOne = (index: number) => Promise<boolean> | boolean;

/** Links a file from the earlier payload, as `shareFiles` does. */
function linking(cloning: Cloning): DoOne {
  const { source, table } = cloning;
  const found = new Stat();
  return (index) => {
    const name = table.name(index);
    try {
      const from = source.get(at(table.parent, index));
      if (!from.stat(name, found) || !isAsRecorded(table, index, found)) return false;
      cloning.folderOf(index).linkFrom(name, from, name);
    } catch {
      return false;
    }
    cloning.advance(index);
    return true;
  };
}

/** Makes a file with its content and aspects. One that lost something is left: it is made again, and the loss is noted. */
function filling(cloning: Cloning, { fill, flushEach }: Extract<CloneWork, { fill: FillName }>): DoOne {
  const { absent, losses, table } = cloning;
  cloning.flushEach = flushEach;
  return async (index) => {
    const before = losses.degradations.total;
    try {
      await FILLS[fill](cloning, [index]);
    } catch {
      return false;
    }
    return !absent.has(index) && table.lost[index] === 0 && losses.degradations.total === before;
  };
}
