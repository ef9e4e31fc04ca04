import { JvsError } from "../model/errors.ts";
import { quoted } from "../model/path_text.ts";
import { bytesOf } from "../model/bytes.ts";
import { callDeno } from "../platform/deno_call.ts";
import { openPlatform } from "../platform/open_platform.ts";
import { whoMayReplace } from "../platform/places_of_others.ts";
import { isSystemError } from "../platform/system_error.ts";
import type { Reporter } from "../model/progress.ts";
import { removeTree } from "../tree/remove_tree.ts";

const PREFIX = ".jvs-conformance-";
/** A run that is under way has it locked, so that no other run takes its folder for a left-over. */
const LOCK = "lock";

/** With less room than this a repository cannot be made, with what it sets aside. */
const LEAST_BYTES = 2_000_000;
const LEAST_FILES = 100;

/** The folder in which a run of `conformance run` works. */
export class Scratch {
  private constructor(
    readonly parent: string,
    readonly path: string,
    private readonly lock: Deno.FsFile,
  ) {}

  /** Makes one in an existing folder. */
  static make(parent: string): Scratch {
    requireSafe(parent);
    const path = `${parent}/${PREFIX}${crypto.randomUUID().slice(0, 8)}`;
    callDeno("create", path, () => Deno.mkdirSync(path, { mode: 0o755 }));
    const lock = callDeno("create", `${path}/${LOCK}`, () => {
      const file = Deno.openSync(`${path}/${LOCK}`, { create: true, write: true });
      file.lockSync(true);
      return file;
    });
    return new Scratch(parent, path, lock);
  }

  /** Makes a folder in it. */
  folder(name: string): string {
    const path = `${this.path}/${name}`;
    callDeno("create", path, () => Deno.mkdirSync(path));
    return path;
  }

  /** Whether so little room is left that programs fail in ways of which none says it, as at a page of a file that cannot be given. */
  isFull(): boolean {
    const platform = openPlatform();
    using folder = platform.openFolder(this.path);
    const { freeBytes, freeInodes } = platform.fileSystem(folder);
    return freeBytes < LEAST_BYTES || freeInodes < LEAST_FILES;
  }

  /** Removes a folder in it. */
  async remove(name: string): Promise<void> {
    await removeBelow(this.path, name);
  }

  /** Removes it with all that is in it. */
  async end(): Promise<void> {
    this.lock.close();
    await removeLeft(this.path);
  }

  /** Leaves it for the user. Without a lock it is no left-over: no later run removes it. */
  keep(): void {
    Deno.removeSync(`${this.path}/${LOCK}`);
    this.lock.close();
  }
}

/** What is made there is used and removed by its path: nobody else may put another folder in its place. */
export function requireSafe(parent: string): void {
  const why = whoMayReplace(`${parent}/${PREFIX}`);
  if (why === undefined) return;
  throw new JvsError(
    "E_PERMISSION",
    `Cannot work in ${quoted(parent)}: ${why}, and could exchange what is made there`,
    {
      hint: "Name a folder of your own on the same file system, closed to others: `jvs conformance run DIR`.",
      details: { path: parent },
    },
  );
}

/** Removes what killed runs of this user left in a safe folder; returns the paths. What cannot be removed is a warning. */
export async function removeLeftovers(parent: string, reporter: Reporter): Promise<string[]> {
  const removed: string[] = [];
  for (const { name, isDirectory } of callDeno("list", parent, () => [...Deno.readDirSync(parent)])) {
    const path = `${parent}/${name}`;
    if (!name.startsWith(PREFIX) || !isDirectory) continue;
    try {
      if (!isLeft(path)) continue;
      await removeLeft(path);
      removed.push(path);
    } catch (error) {
      const why = error instanceof Error ? error.message : error;
      reporter.warn(`What an earlier run left could not be removed: ${why}`);
    }
  }
  return removed;
}

/** Whether a run began this folder that does not run any more. */
function isLeft(path: string): boolean {
  if (Deno.lstatSync(path).uid !== Deno.uid()) return false;
  try {
    if (!Deno.lstatSync(`${path}/${LOCK}`).isFile) return false;
    using lock = Deno.openSync(`${path}/${LOCK}`, { write: true });
    return lock.tryLockSync(true);
  } catch (error) {
    if (isSystemError(error, "ENOENT") || error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Removes a scratch folder. Its lock goes last, so that a removal that is interrupted is finished by the next run. */
async function removeLeft(path: string): Promise<void> {
  for (const { name } of [...Deno.readDirSync(path)]) if (name !== LOCK) await removeBelow(path, name);
  Deno.removeSync(path, { recursive: true });
}

async function removeBelow(parent: string, name: string): Promise<void> {
  using folder = openPlatform().openFolder(parent);
  try {
    await removeTree(folder, bytesOf(name));
  } catch (error) {
    const isSubvolume = error instanceof JvsError && error.details["boundary"] === "subvolume";
    if (!isSubvolume) throw error;
    await removeSubvolumes(`${parent}/${name}`);
    await removeTree(folder, bytesOf(name));
  }
}

/** Deletes the subvolumes in a folder, the innermost first, by the program of btrfs. */
async function removeSubvolumes(path: string): Promise<void> {
  // Roots of subvolumes have this inode.
  const script = `find "$1" -depth -type d -inum 256 -exec btrfs property set -ts {} ro false ';' \\
    -exec btrfs subvolume delete {} ';'`;
  const args = ["-c", script, "sh", path];
  const { success, stderr } = await new Deno.Command("sh", { args, stdout: "null" }).output();
  if (success) return;
  throw new JvsError("E_PERMISSION", `Cannot remove ${quoted(path)}: it has subvolumes of btrfs`, {
    hint: `Delete it by hand, with \`btrfs subvolume delete\`. ${new TextDecoder().decode(stderr).trim()}`,
    details: { path },
  });
}
