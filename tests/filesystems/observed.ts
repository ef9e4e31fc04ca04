import { assert, assertEquals } from "@std/assert";
import type { Descriptor } from "../../src/model/records.ts";
import type { Fields, InferFields } from "../../src/model/schema.ts";
import type { Operation } from "../../src/operation/define.ts";
import { init } from "../../src/operation/init.ts";
import { restore } from "../../src/operation/restore.ts";
import { snapshot } from "../../src/operation/snapshot.ts";
import { status } from "../../src/operation/status.ts";
import { verify } from "../../src/operation/verify.ts";
import { worktreeFork } from "../../src/operation/worktree_fork.ts";
import { openPlatform } from "../../src/platform/open_platform.ts";
import { readScanClock } from "../../src/tree/scan_clock.ts";
import { type DiskKind, sharedDisk } from "../support/disk_image.ts";
import { namesIn } from "../support/files.ts";
import { callIn } from "../support/context.ts";
import { mustRun, python, run } from "../support/run.ts";
import { describeTree } from "../support/trees.ts";

/** A file system, or the form of a worktree on one, as a column of docs/filesystems.md. */
export interface Place {
  readonly title: string;
  readonly disk: DiskKind;
}

/** The columns. */
export const PLACES: readonly Place[] = [
  { title: "ext4", disk: "ext4" },
  { title: "XFS", disk: "xfs" },
  { title: "btrfs", disk: "btrfs" },
  { title: "btrfs subvolume", disk: "btrfs" },
  { title: "tmpfs", disk: "tmpfs" },
  { title: "overlayfs", disk: "overlay" },
  { title: "JuiceFS", disk: "juicefs" },
  { title: "NTFS", disk: "ntfs" },
  { title: "exFAT", disk: "exfat" },
];

/** How JVS works there: the rows of the first table. */
export const WORK = {
  engine: "engine that `auto` takes",
  shared: "unchanged files of the next snapshot",
  consistency: "proved to be of one moment (quiesced)",
  read: "unchanged files are read again",
  noticed: "a change in place with the time set back is noticed",
  protected: "what protects payloads from a stray write",
} as const;

/** What a file system has, by the names of `observe_disk.py`: a snapshot keeps it, and fork and restore bring it back. */
export const KEPT = {
  modes: "modes, set-id and sticky bits",
  owners: "owners and groups",
  times: "modification times, to",
  symlinks: "symbolic links",
  hardlinks: "hard links",
  special: "FIFOs and sockets",
  devices: "device nodes",
  sparse: "holes",
  xattrs: "extended attributes",
  longxattrs: "attributes of 60 KB",
  capabilities: "capabilities",
  acls: "access lists (ACLs)",
  bytenames: "names that are no UTF-8",
  oddnames: "names with newline, `:`, `*`, `\\`",
  case: "names that differ only in case",
  forms: "names that differ only in Unicode form",
  longnames: "longest name",
  depth: "paths over 4,096 bytes",
} as const;

/** The calls that JVS needs, or works without. */
export const CALLS = {
  exchange: "exchange of two names (`RENAME_EXCHANGE`)",
  noreplace: "rename to a free name (`RENAME_NOREPLACE`)",
  flock: "locks (`flock`)",
  fsync: "`fsync` of a folder",
  changetimes: "change times that no program can set",
  inodes: "an inode number that a rename keeps",
  reflink: "files that share blocks (`FICLONE`)",
  tmpfile: "files without a name (`O_TMPFILE`), which JVS does not need",
} as const;

/** What was found at one place, by the names of rows. */
export type Observed = Readonly<Record<string, string>>;

/** Tries everything at one place, and fails if anything is lost and not said. */
export async function observe({ title, disk }: Place): Promise<Observed> {
  using folder = await sharedDisk(disk);
  const repository = await Repository.make(folder.path, title === "btrfs" ? "copy" : "auto");
  const calls = `${folder.path}/calls`;
  Deno.mkdirSync(calls);
  const found = { ...tried("calls", calls), ...tried("kept", repository.main) };
  const saved = await keepsAll(repository);
  return { ...found, ...saved, ...await work(repository) };
}

/** A repository whose engine is what `auto` takes. */
class Repository {
  private constructor(readonly path: string) {}

  /** On btrfs a worktree is a subvolume, unless another engine is forced when it is made. */
  static async make(parent: string, engine: string): Promise<Repository> {
    return new Repository((await callIn(parent, init, { name: "project" }, { engine })).repository);
  }

  get main(): string {
    return `${this.path}/main`;
  }

  async call<I extends Fields, O>(operation: Operation<I, O>, input: Partial<InferFields<I>>): Promise<O> {
    return await callIn(this.main, operation, input, { engine: "auto" });
  }

  async save(flags: { strict?: boolean } = {}): Promise<Descriptor> {
    return (await this.call(snapshot, flags)).snapshot;
  }
}

/** What `observe_disk.py` says. */
function tried(what: "kept" | "calls", folder: string): Record<string, string> {
  const script = new URL("../support/observe_disk.py", import.meta.url).pathname;
  const lines = mustRun(python(), "-B", script, what, folder).trimEnd().split("\n");
  return Object.fromEntries(lines.map((line) => line.split("\t") as [string, string]));
}

/** A snapshot with `--strict`, a fork and a restore of it: all must be as the tree was. */
async function keepsAll(repository: Repository): Promise<{ consistency: string }> {
  const { main } = repository;
  const asItWas = await describeTree(main);
  const saved = await repository.save({ strict: true });
  await repository.call(worktreeFork, { snapshot: saved.snapshot_id, name: "copy" });
  assertSame(await describeTree(`${repository.path}/worktrees/copy`), asItWas);
  for (const name of namesIn(main)) Deno.removeSync(`${main}/${name}`, { recursive: true });
  Deno.writeTextFileSync(`${main}/instead`, "of all\n");
  const { degradations } = await repository.call(restore, { snapshot: saved.snapshot_id });
  assertEquals(degradations, { counts: {}, first: [] });
  assertSame(await describeTree(main), asItWas);
  return { consistency: saved.consistency_level === "quiesced" ? "yes" : "no" };
}

function assertSame(actual: string[], expected: string[]): void {
  const [has, wants] = [new Set(actual), new Set(expected)];
  assertEquals(actual.filter((line) => !wants.has(line)), expected.filter((line) => !has.has(line)));
}

/** How JVS works there, with two snapshots of one large file. */
async function work(repository: Repository): Promise<Record<string, string>> {
  const large = `${repository.main}/large`;
  const payloads = `${repository.path}/.jvs/snapshots`;
  mustRun("sh", "-c", 'head -c 8388608 /dev/urandom > "$0"; touch -d @1500000000 "$0"', large);
  const { snapshot_id: one } = await repository.save();
  const stored = storedBy(payloads);
  const saved = await repository.save();
  const isStoredOnce = storedBy(payloads) < stored + LITTLE;
  mustRun(
    "sh",
    "-c",
    'echo another content | dd of="$0" conv=notrunc status=none; touch -d @1500000000 "$0"',
    large,
  );
  const { changes } = await repository.call(status, {});
  const file = `${payloads}/${saved.snapshot_id}/large`;
  const shared = isLinked(`${payloads}/${one}/large`, file)
    ? "hard links"
    : isStoredOnce || isReflinked(file)
    ? "shared blocks"
    : "copied";
  assertEquals((await repository.call(verify, { all: true })).severity, "ok");
  return {
    engine: `\`${saved.engine}\``,
    shared,
    read: readsAgain(repository.main) ? "yes" : "no",
    noticed: changes.modified === 1 ? "yes" : "no",
    protected: protectionOf(file),
  };
}

const LITTLE = 1_000_000;

/** What a JuiceFS volume has stored, in bytes: `diskImage` has its store beside the mount. Elsewhere it cannot be told. */
function storedBy(path: string): number {
  const mount = mustRun("findmnt", "-no", "TARGET", "-T", path).trim();
  const store = `${mount.slice(0, mount.lastIndexOf("/"))}/store`;
  const isVolume = mustRun("findmnt", "-no", "FSTYPE", mount).trim() === "fuse.juicefs";
  return isVolume ? Number(mustRun("du", "-sb", store).split("\t")[0]) : NaN;
}

function isLinked(one: string, two: string): boolean {
  const [a, b] = [Deno.statSync(one), Deno.statSync(two)];
  return a.ino === b.ino && a.dev === b.dev; // the same file in a snapshot of a subvolume has the same inode
}

/** Whether the file system says that other files have the blocks of this one too. */
function isReflinked(path: string): boolean {
  return run("filefrag", "-v", path).stdout.includes("shared");
}

function protectionOf(file: string): string {
  if (((Deno.statSync(file).mode ?? 0) & 0o222) === 0) return "modes";
  try {
    Deno.openSync(file, { write: true }).close();
    return "nothing";
  } catch (error) {
    assert(error instanceof Error && error.message.includes("os error 30"), String(error));
    return "read-only";
  }
}

function readsAgain(folder: string): boolean {
  const platform = openPlatform();
  using open = platform.openFolder(folder);
  return readScanClock(platform, open, open).granularityNs === Infinity;
}
