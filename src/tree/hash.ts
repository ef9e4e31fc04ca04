import { phase, type Reporter } from "../model/progress.ts";
import type { Folder, Platform } from "../platform/platform.ts";
import type { SystemError } from "../platform/system_error.ts";
import type { WorkerSource } from "../platform/worker_team.ts";
import { FILE_BYTES, type HashResult, HashRun } from "./_hash_run.ts";
import type { HashTask, HashTeam } from "./_hash_team.ts";
import { loadSha256 } from "./sha256.ts";
import { type TreeTable } from "./table.ts";
import { at } from "./columns.ts";

/** How to hash. */
export interface HashOptions {
  /**
   * The platform that flushes files before JVS reads them, because of memory maps (SPEC 5); `each`: every file by itself;
   * false: no flush.
   */
  readonly flush: Platform | "each" | false;
  /** Nobody writes the files, as in a payload. */
  readonly isStill?: boolean;
  /** Gets errors of reading, except refused access. Without it the error is thrown. */
  readonly onFailure?: (index: number, error: SystemError) => void;
  /** Workers that hash beside this thread if there is much to hash. */
  readonly workers?: WorkerSource | undefined;
  readonly reporter?: Reporter;
  readonly signal?: AbortSignal;
}

/** Hashes files of a tree into its table. A file with several hard links is read once. */
export async function hashFiles(
  root: Folder,
  table: TreeTable,
  indexes: Iterable<number>,
  options: HashOptions,
): Promise<HashResult> {
  const wanted = asColumn(indexes);
  if (wanted.length === 0) return { unreadable: [], changed: [], bytes: 0 };
  using _phase = phase(options.reporter, "hashing", {
    entries: wanted.length,
    bytes: bytesOf(table, wanted),
  });
  const flushEach = options.flush === "each" ||
    (options.flush !== false && !flushTogether(options.flush, root, wanted.length));
  using run = new HashRun(root, table, await loadSha256(), { ...options, flushEach });
  await using team = await teamFor({ root, table, wanted, flushEach, ...options });
  if (team !== undefined) return await team.finish(run);
  for (const index of wanted) {
    for (const _due of run.hash(index)) await run.pause();
  }
  return run.result();
}

/** Hashing by workers beside other work of this thread. The end of `await using` stops it. */
export interface HashingBeside extends AsyncDisposable {
  /** This thread helps with the rest. */
  finish(): Promise<HashResult>;
}

/**
 * Begins to hash, while this thread does something else; undefined where that does not pay, and `hashFiles` can do it
 * later. The hashes come into the table in between.
 */
export async function hashBeside(
  root: Folder,
  table: TreeTable,
  indexes: Iterable<number>,
  options: HashOptions & { readonly flush: "each" | false },
): Promise<HashingBeside | undefined> {
  const wanted = asColumn(indexes);
  const flushEach = options.flush === "each";
  const team = await teamFor({ root, table, wanted, flushEach, ...options }, 1);
  if (team === undefined) return undefined;
  const sha256 = await loadSha256();
  const { reporter } = options;
  return {
    async finish() {
      const total = { entries: wanted.length, bytes: bytesOf(table, wanted) };
      using _phase = phase(reporter, "hashing", total);
      using run = new HashRun(root, table, sha256, { ...options, flushEach });
      return await team.finish(run);
    },
    [Symbol.asyncDispose]: () => team[Symbol.asyncDispose](),
  };
}

/** Below that, a worker that starts would be of no use: this thread hashes 200 MB in 140 ms. */
const LEAST_BYTES = 200e6;

/** Workers for so much work; undefined: this thread does it alone. */
async function teamFor(
  task: HashTask,
  leastFiles = 2,
): Promise<HashTeam | undefined> {
  const { table, wanted } = task;
  const load = bytesOf(table, wanted) + wanted.length * FILE_BYTES;
  if (task.workers === undefined || wanted.length < leastFiles || load < LEAST_BYTES) return undefined;
  const { HashTeam } = await import("./_hash_team.ts");
  return HashTeam.begin(task);
}

function asColumn(indexes: Iterable<number>): Uint32Array {
  return indexes instanceof Uint32Array ? indexes : Uint32Array.from(indexes);
}

function bytesOf(table: TreeTable, indexes: Uint32Array): number {
  let bytes = 0;
  for (const index of indexes) bytes += at(table.size, index);
  return bytes;
}

/** Up to this number, files are flushed one by one. */
const FEW_FILES = 16;

/**
 * Flushes all files of a tree at once, so that reads find what programs stored through memory maps, and a later store
 * changes the times (SPEC 5). Returns false if the caller must flush each file before it reads it.
 *
 * With 20,000 files on XFS, one syncfs takes 250 ms (just written) or 0.1 ms (already on disk); one fdatasync for each
 * file takes 8.4 s or 1.7 s. For a few files syncfs can be slower, because it also writes the data of other programs.
 */
export function flushTogether(platform: Platform, root: Folder, files: number): boolean {
  if (files <= FEW_FILES) return false;
  const { kind } = platform.fileSystem(root);
  // On FUSE, syncfs may do nothing. Without the C library there is no syncfs, and the kind is unknown.
  if (kind === "unknown" || kind.startsWith("fuse")) return false;
  platform.syncFileSystem(root);
  return true;
}

/** Hashes the targets of symbolic links that have no hash yet. */
export async function hashTargets(table: TreeTable): Promise<void> {
  if (table.targets.size === 0) return;
  const sha256 = await loadSha256();
  for (const [index, target] of table.targets) {
    if (table.hashed[index] !== 1) table.setHash(index, sha256.once(target));
  }
}
