import type { LentFolder } from "../platform/platform.ts";
import type { Job } from "../platform/serve_team.ts";
import { HashRun } from "./_hash_run.ts";
import { entriesOf, type Pieces } from "./pieces.ts";
import { loadSha256 } from "./sha256.ts";
import { type SharedColumns, tableOver } from "./shared_columns.ts";
import { type ColumnName, HASH_BYTES } from "./columns.ts";

/** The columns of a table that all threads read. */
export const SHARED_COLUMNS = [
  "parent",
  "size",
  "linkGroup",
  "nameStart",
  "nameLength",
  "pool",
] as const satisfies readonly ColumnName[];

/** What the threads that hash together share. The pieces have one name of each file. */
export interface HashInput extends Pieces {
  readonly root: LentFolder;
  readonly flushEach: boolean;
  readonly isStill: boolean;
  /** `SHARED_COLUMNS`. */
  readonly columns: SharedColumns;
}

/** What a worker found in a piece. What is in none of the lists is not done. */
export interface HashedPiece {
  readonly piece: number;
  /** The files that have a hash, and the hashes in the same order. */
  readonly hashed: readonly number[];
  readonly hashes: Uint8Array;
  readonly unreadable: readonly number[];
  readonly changed: readonly number[];
  readonly bytes: number;
}

/** The job of a worker: hashes pieces by the same code as one thread alone. */
export const hashJob: Job = async (input: HashInput, { platform, reporter, shared, signal, tell }) => {
  const hashed: number[] = [];
  let hashes = new Uint8Array();
  const table = Object.assign(tableOver(input.columns), {
    setHash(index: number, hash: Uint8Array) {
      hashes.set(hash, hashed.length * HASH_BYTES);
      hashed.push(index);
    },
  });
  using run = new HashRun(platform.borrow(input.root), table, await loadSha256(), {
    flushEach: input.flushEach,
    isStill: input.isStill,
    onFailure() {}, // the thread that asked reads the file again, and meets the error
    reporter,
    signal,
  });
  for (let piece = shared.next(); piece < input.ends.length && !shared.isStopped; piece = shared.next()) {
    const files = entriesOf(input, piece);
    hashes = new Uint8Array(files.length * HASH_BYTES);
    const before = run.bytes;
    for (const index of files) {
      for (const _due of run.hash(index)) await run.pause();
    }
    const [unreadable, changed] = [run.unreadable.splice(0), run.changed.splice(0)];
    const bytes = run.bytes - before;
    tell({ piece, hashed: hashed.splice(0), hashes, unreadable, changed, bytes }, [hashes.buffer]);
  }
  run.report();
};
