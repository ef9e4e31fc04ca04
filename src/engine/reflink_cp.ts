import { exactTextOf } from "../model/bytes.ts";
import { FILE } from "../model/entry.ts";
import { JvsError } from "../model/errors.ts";
import { displayPath } from "../model/path_text.ts";
import { byteNameRefused } from "../platform/deno_call.ts";
import type { OpenFile } from "../platform/platform.ts";
import { Stat } from "../platform/stat.ts";
import { PortableFile } from "../platform/portable_file.ts";
import { ours } from "../platform/portable_folder.ts";
import { type ProgramResult, runProgram, runProgramNow } from "../platform/processes.ts";
import { SystemError } from "../platform/system_error.ts";
import { removeTree } from "../tree/remove_tree.ts";
import type { Cloning, Files } from "./_cloning.ts";
import { reflinkFailure } from "./_reflink_failure.ts";

/** JVS reads the messages of cp, so they must be in one language. */
const ENGLISH = { LC_ALL: "C" };
/** The limit for all arguments of one call. Linux allows a quarter of the stack, 2 MB, with the environment. */
const ARGUMENT_BYTES = 512 * 1024;
const REASONS: [words: string, errno: string][] = [
  ["No space left on device", "ENOSPC"],
  ["Disk quota exceeded", "EDQUOT"],
  ["Input/output error", "EIO"],
  ["Read-only file system", "EROFS"],
  ["Invalid cross-device link", "EXDEV"],
  ["Operation not supported", "EOPNOTSUPP"],
  ["Inappropriate ioctl for device", "ENOTTY"],
  ["Invalid argument", "EINVAL"],
];
/** Between two calls JVS reports progress and does other work. */
const FILES_A_CALL = 4000;

/** Clones one file. */
export function cloneByCp(source: OpenFile, target: OpenFile): void {
  if (!(source instanceof PortableFile && target instanceof PortableFile)) {
    throw new SystemError("clone", "a file of another platform", "EINVAL");
  }
  const args = ["--reflink=always", "-T", "--", source.path, target.path];
  const result = runProgramNow("cp", args, { env: ENGLISH });
  if (result.code !== 0) throw failureOf(result, target.path);
}

/** Fills files without the C library: calls `cp --reflink=always` for many at a time. */
export async function fillByCp(cloning: Cloning, files: Files): Promise<void> {
  const { slice } = cloning;
  for (const batch of batches(cloning, files)) {
    const result = await copyBatch(cloning, batch.paths);
    for (const index of batch.files) {
      if (slice.isOver()) await slice.yield();
      await checkOne(cloning, index, result);
    }
  }
}

interface Batch {
  readonly files: number[];
  /** Paths relative to the root. */
  readonly paths: string[];
}

function* batches(cloning: Cloning, files: Files): Generator<Batch> {
  let batch: Batch = { files: [], paths: [] };
  let bytes = 0;
  for (const index of files) {
    const path = cloning.table.path(index);
    const text = exactTextOf(path);
    if (text === undefined) throw byteNameRefused("clone", displayPath(path));
    if (batch.files.length === FILES_A_CALL || bytes + path.length > ARGUMENT_BYTES) {
      yield batch;
      batch = { files: [], paths: [] };
      bytes = 0;
    }
    batch.files.push(index);
    batch.paths.push(text);
    bytes += path.length + 1 + 8; // the zero byte at the end, and the pointer
  }
  if (batch.files.length > 0) yield batch;
}

async function copyBatch(cloning: Cloning, paths: string[]): Promise<ProgramResult> {
  const { reporter, signal, source } = cloning.request;
  // If an entry changed since the scan: -R does not read a FIFO, -P does not follow a link.
  const args = ["--reflink=always", "-RP", "--parents", "-t", ours(cloning.root).real, "--", ...paths];
  const cwd = ours(source).real;
  return await runProgram("cp", args, {
    cwd,
    env: ENGLISH,
    reporter,
    ...(signal instanceof AbortSignal ? { signal } : {}),
  });
}

/** Completes a file that cp made, or finds out why cp did not make it. */
async function checkOne(cloning: Cloning, index: number, result: ProgramResult): Promise<void> {
  const folder = cloning.folderOf(index);
  const name = cloning.table.name(index);
  const made = new Stat();
  const isFile = folder.stat(name, made) && made.type === FILE;
  if (result.code === 0 && !isFile) cloning.noteChanged(index);
  else if (result.code !== 0) {
    // cp leaves an empty file if it cannot clone, so the size must be compared.
    const size = sizeNow(cloning, index);
    const isMade = isFile && made.size === size;
    if (size !== undefined && !isMade) throw failureOf(result, `${folder.path}/${displayPath(name)}`);
  }
  const { as, isLook = false } = cloning.request;
  // It takes, or doubts, what is there now.
  if (isLook || as === "worktree") cloning.openSource(index)?.[Symbol.dispose]();
  if (cloning.absent.has(index)) return await removeTree(folder, name);
  cloning.finish(index);
}

/** The size of the source file. If it is gone or refused, that is noted and the result is undefined. */
function sizeNow(cloning: Cloning, index: number): number | undefined {
  using source = cloning.openSource(index);
  return source && Stat.ofFile(source).size;
}

/** Makes an error of the message of cp, the only place where cp gives the reason. */
function failureOf(result: ProgramResult, path: string): JvsError {
  const [said = ""] = result.stderr.split("\n", 1);
  const [, errno] = REASONS.find(([words]) => said.endsWith(words)) ?? [];
  if (errno !== undefined) return reflinkFailure(new SystemError("clone into", path, errno));
  return new JvsError(
    "E_ENGINE_FAILED",
    `Cannot clone into "${path}": cp ended with ${result.code}: ${said}`,
    {
      hint: "Use JVS_SNAPSHOT_ENGINE=copy, or fix what cp reports.",
      details: { path, engine: "reflink-copy", program: "cp", stderr: result.stderr },
    },
  );
}
