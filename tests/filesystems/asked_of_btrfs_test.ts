import { assert, assertEquals } from "@std/assert";
import { FILE } from "../../src/model/entry.ts";
import { openPlatform } from "../../src/platform/open_platform.ts";
import { subvolumesOf } from "../../src/platform/open_subvolumes.ts";
import type { Folder } from "../../src/platform/platform.ts";
import { Stat } from "../../src/platform/stat.ts";
import type { Subvolumes } from "../../src/platform/subvolumes.ts";
import { hashFiles } from "../../src/tree/hash.ts";
import { type Scan, type ScanOptions, scanTree } from "../../src/tree/scan.ts";
import { scanChanged } from "../../src/tree/scan_changed.ts";
import { readScanClock } from "../../src/tree/scan_clock.ts";
import { indexesWhere, type TreeTable } from "../../src/tree/table.ts";
import { init } from "../../src/operation/init.ts";
import { restore } from "../../src/operation/restore.ts";
import { snapshot } from "../../src/operation/snapshot.ts";
import { status } from "../../src/operation/status.ts";
import type { WorktreeConfig } from "../../src/model/records.ts";
import { btrfsSnapshot } from "../../src/engine/btrfs_snapshot.ts";
import type { CloneRequest, EngineKind } from "../../src/engine/contract.ts";
import type { Context } from "../../src/protocol/context.ts";
import { ASKING } from "../../src/protocol/look/begin_asking.ts";
import { tableOf } from "../../src/protocol/look/compare.ts";
import { type Look, lookAt } from "../../src/protocol/look/look.ts";
import { callIn, repositoryIn } from "../support/context.ts";
import { diskImage } from "../support/disk_image.ts";
import { fullAudit } from "../support/full_audit.ts";
import { asOrdinaryThread } from "../support/ordinary_thread.ts";
import { describeTree } from "../support/trees.ts";
import { useEngine } from "../support/use_engine.ts";
import { editAtRandom } from "../support/random_edits.ts";
import { randomFrom } from "../support/random.ts";
import { requires } from "../support/requires.ts";
import { mustRun } from "../support/run.ts";

/*
 * What btrfs tells of a subvolume is all that a scan would find (docs/design/asked-of-btrfs.md).
 */

const needed = requires("root", "ffi", "btrfs", "python3");
const neededToCrash = requires("root", "ffi", "btrfs", "xfs", "python3");

const platform = openPlatform();
const subvolumes = subvolumesOf(platform) as Subvolumes;

/** A subvolume on a disk of its own, with a folder of JVS beside it. */
class Case implements AsyncDisposable {
  private constructor(
    private readonly stack: AsyncDisposableStack,
    readonly root: Folder,
    readonly ours: Folder,
  ) {}

  static async make(): Promise<Case> {
    const stack = new AsyncDisposableStack();
    const { path } = stack.use(await diskImage("btrfs"));
    mustRun("btrfs", "subvolume", "create", `${path}/tree`);
    Deno.mkdirSync(`${path}/ours`);
    const [root, ours] = [
      stack.use(platform.openFolder(`${path}/tree`)),
      stack.use(platform.openFolder(`${path}/ours`)),
    ];
    return new Case(stack, root, ours);
  }

  /** Puts a tree below a new folder. */
  fill(name: string): void {
    Deno.mkdirSync(`${this.root.path}/${name}`);
    for (const folder of ["a", "a.b", "a/c", "d", "d/e", "d/e/f"]) {
      Deno.mkdirSync(`${this.root.path}/${name}/${folder}`);
      for (const file of ["one", "two", "two.more"]) {
        Deno.writeTextFileSync(
          `${this.root.path}/${name}/${folder}/${file}`,
          `${folder}/${file}`.repeat(400),
        );
      }
    }
  }

  /** What a look needs before it scans or asks, in this order. */
  begin(): { options: ScanOptions; generation: number } {
    const clock = readScanClock(platform, this.ours, this.root);
    platform.syncFileSystem(this.root);
    const { generation } = subvolumes.state(this.root) ?? {};
    assert(generation !== undefined);
    return { options: { exactStat: true, xattrs: true, clock }, generation };
  }

  changedSince(generation: number): ReadonlySet<number> {
    const changed = subvolumes.changedSince(this.root, generation, 1e6);
    assert(changed !== undefined);
    return changed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stack.disposeAsync();
  }
}

/** Fails unless two scans found the same. */
function assertSameScan(asked: Scan, scanned: Scan, message: string, leaveOut: RegExp = /^$/): void {
  const [a, b] = [written(asked, leaveOut), written(scanned, leaveOut)];
  const only = (these: string[], those: string[]) => these.filter((line) => !those.includes(line));
  assertEquals({ asked: only(a, b), scanned: only(b, a) }, { asked: [], scanned: [] }, message);
  assertEquals(a, b, message);
}

/** All that a table says, entry by entry. */
function written({ table, knownAs }: Scan, leaveOut: RegExp): string[] {
  const columns = Object.entries(table.columns())
    .filter(([name]) => !/^(nameStart|pool|hash|listed)$/.test(name) && !leaveOut.test(name));
  const entry = (i: number) => ({
    path: new TextDecoder("latin1").decode(table.path(i)),
    ...Object.fromEntries(columns.map(([name, column]) => [name, column[i]])),
    hash: table.contentHash(i)?.join(),
    target: table.targets.get(i)?.join(),
    xattrs: table.xattrs.get(i)?.map(({ name, value }) => `${name}=${value}`),
    device: table.devices.get(i),
    knownAs: knownAs[i],
  });
  return Array.from({ length: table.count }, (_, i) => JSON.stringify(entry(i)));
}

/** Fails unless a scan has the entries of one that began with nothing, and believes of no folder what that one does not. */
function assertSound(scan: Scan, alone: Scan, message: string): void {
  const entries = ({ table, ...rest }: Scan): Scan => ({
    ...rest,
    table: table.withoutHashes(),
    knownAs: new Int32Array(table.count),
  });
  assertSameScan(entries(scan), entries(alone), message, /^clean$/);
  // What is clean depends on when a look began.
  const isWrong = (i: number) =>
    scan.table.listed[i] === 1 && alone.table.clean[i] === 1 && alone.table.listed[i] !== 1;
  const believed = indexesWhere(scan.table, isWrong);
  assertEquals([...believed].map((i) => new TextDecoder().decode(scan.table.path(i))), [], message);
}

Deno.test("Subvolumes.changedSince() names what changed, and nothing else", needed, async () => {
  await using given = await Case.make();
  given.fill("begun");
  const { generation } = given.begin();
  assertEquals(given.changedSince(generation), new Set());
  const path = `${given.root.path}/begun/d/two`;
  Deno.chmodSync(path, 0o600);
  given.begin();
  assertEquals(given.changedSince(generation), new Set([Deno.statSync(path).ino as number]));
  assertEquals(subvolumes.changedSince(given.root, generation, 0), undefined);
});

async function hashSome(root: Folder, table: TreeTable, random: () => number): Promise<void> {
  const files = indexesWhere(table, (i) => table.type[i] === FILE && random() < 0.7);
  await hashFiles(root, table, files, { flush: false });
}

Deno.test("scanChanged() of what btrfs tells gives the very table that a scan gives", needed, async () => {
  const seed = Number(Deno.env.get("JVS_TEST_SEED") ?? 11);
  const random = randomFrom(seed);
  await using given = await Case.make();
  const { root } = given;
  given.fill("begun");
  const first = given.begin();
  let known = (await scanTree(root, first.options)).table;
  let generation = first.generation;
  for (let round = 0; round < 150; round++) {
    if (round % 25 === 0) given.fill(`more${round}`);
    if (random() < 0.3) await hashSome(root, known, random);
    const edits = Array.from(
      { length: Math.floor(random() * 4) },
      (_, i) => editAtRandom(root, random, round * 10 + i),
    );
    const now = given.begin();
    const inodes = given.changedSince(generation);
    const asked = await scanChanged(root, { known, inodes }, now.options);
    const scanned = await scanTree(root, { ...now.options, known });
    assert(asked !== undefined, `seed ${seed}, round ${round}: ${edits.join("; ")}`);
    assertSameScan(asked, scanned, `seed ${seed}, round ${round}: ${edits.join("; ")}`);
    const alone = await scanTree(root, now.options);
    assertSound(asked, alone, `seed ${seed}, round ${round}: ${edits.join("; ")}`);
    if (asked.isKnown) assert(scanned.isKnown, `seed ${seed}, round ${round}: ${edits.join("; ")}`);
    // What was asked is what is asked about next, and so an error would stay.
    known = asked.table;
    generation = now.generation;
  }
});

/** A repository whose main worktree is a subvolume of a disk of its own. Looks ask btrfs, however small the tree. */
class Repository implements AsyncDisposable {
  readonly main: string;

  private constructor(private readonly stack: AsyncDisposableStack, readonly path: string) {
    this.main = `${path}/main`;
    const { from } = ASKING;
    ASKING.from = 0;
    stack.defer(() => void (ASKING.from = from));
  }

  static async make(makeDisk: () => Promise<AsyncDisposable & { path: string }> = () => diskImage("btrfs")) {
    const stack = new AsyncDisposableStack();
    const { path } = stack.use(await makeDisk());
    await callIn(path, init, { name: "project" }, AS_USERS_DO);
    const made = new Repository(stack, `${path}/project`);
    fill(made.main);
    return made;
  }

  call: typeof callIn = (cwd, operation, input, more) =>
    callIn(cwd, operation, input, { ...AS_USERS_DO, ...more });

  write(path: string, text: string): void {
    Deno.writeTextFileSync(`${this.main}/${path}`, text);
  }

  async save() {
    return (await this.call(this.main, snapshot, {})).snapshot;
  }

  /** A look at main; without `asking`, a scan. */
  async look({ asking = true } = {}): Promise<Look> {
    using _asking = asking ? undefined : withoutAsking();
    const context = await repositoryIn(this.main, AS_USERS_DO);
    return await lookAt(context, context.worktree as WorktreeConfig);
  }

  /** A look at main that knows of no earlier one. */
  private async lookAlone(): Promise<Look> {
    const context = await repositoryIn(this.main, AS_USERS_DO);
    const known = await tableOf(context.store, null);
    return await lookAt(context, context.worktree as WorktreeConfig, { known });
  }

  /** Fails unless a look by asking sees what a scan sees. Returns how many entries it looked at; undefined: all. */
  async assertSame(message: string): Promise<number | undefined> {
    using scanned = await this.look({ asking: false });
    using alone = await this.lookAlone();
    using asked = await this.look();
    assertSameScan(asked.scan, scanned.scan, message, /^clean$/); // that depends on when a look began
    for (const { scan } of [asked, scanned]) assertSound(scan, alone.scan, message);
    if (asked.scan.isKnown) assert(scanned.scan.isKnown, message);
    const lists = ({ scan: { boundaries, gaps, ignored, unreadable } }: Look) => ({
      boundaries,
      gaps,
      ignored,
      unreadable,
    });
    assertEquals(lists(asked), lists(scanned), message);
    await asked.rememberSeen();
    return asked.scan.looked;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stack.disposeAsync();
  }
}

const AS_USERS_DO: Partial<Context> = { engine: undefined };

function withoutAsking(): Disposable {
  const { from } = ASKING;
  ASKING.from = Infinity;
  return { [Symbol.dispose]: () => void (ASKING.from = from) };
}

function fill(root: string): void {
  for (const folder of ["a", "a.b", "a/c", "d", "d/e", "d/e/f"]) {
    Deno.mkdirSync(`${root}/${folder}`);
    for (const file of ["one", "two", "two.more"]) {
      Deno.writeTextFileSync(`${root}/${folder}/${file}`, `${folder}/${file}`.repeat(400));
    }
  }
}

/** Waits until what was written is so old that a look trusts its times. */
const settled = () => new Promise((resolve) => setTimeout(resolve, 1050));

Deno.test("lookAt() asks btrfs, across snapshots and restores too", needed, async () => {
  const seed = Number(Deno.env.get("JVS_TEST_SEED") ?? 11);
  const random = randomFrom(seed);
  await using given = await Repository.make();
  using root = platform.openFolder(given.main);
  const saved = [(await given.save()).snapshot_id];
  const looked: (number | undefined)[] = [];
  for (let round = 0; round < 40; round++) {
    const edits = Array.from(
      { length: Math.floor(random() * 4) },
      (_, i) => editAtRandom(root, random, round * 10 + i),
    );
    if (random() < 0.5) await settled();
    const say = `seed ${seed}, round ${round}: ${edits.join("; ")}`;
    looked.push(await given.assertSame(say));
    if (random() < 0.2) {
      const { snapshot_id } = await given.save();
      saved.push(snapshot_id);
      assertEquals(
        await describeTree(`${given.path}/.jvs/snapshots/${snapshot_id}`),
        await describeTree(given.main),
        say,
      );
      assertEquals((await given.call(given.main, status, {})).clean, true, say);
    }
    if (random() < 0.1) {
      const to = saved[Math.floor(random() * saved.length)] as string;
      await given.call(given.main, restore, { snapshot: to });
      await given.call(given.main, restore, { snapshot: "HEAD" });
    }
  }
  // By chance a look scans: after a restore, and where much waits to be written. But then this would try nothing.
  assert(looked.filter((count) => count !== undefined).length > 8, `seed ${seed}: ${looked}`);
  await fullAudit(given.path);
});

Deno.test(
  "status by asking knows that nothing differs from a snapshot, and writes its cache only when that pays",
  needed,
  async () => {
    await using given = await Repository.make();
    await given.save();
    mustRun("chmod", "600", `${given.main}/d/e/two`);
    const { snapshot_id } = await given.save();
    await settled();
    const isClean = async () => (await given.call(given.main, status, {})).clean;
    const cacheInode = async () => {
      const { store, worktree } = await repositoryIn(given.main, AS_USERS_DO);
      const { worktree_id } = worktree as WorktreeConfig;
      using file = store.layout.cache(store.platform.host.id, worktree_id).openFile("read");
      return Stat.ofFile(file).inoLo;
    };
    const known = async () => {
      const context = await repositoryIn(given.main, AS_USERS_DO);
      using look = await lookAt(context, context.worktree as WorktreeConfig, { toCompare: true });
      assert(look.scan.looked !== undefined);
      return [look.scan.isKnown, look.savedAs, look.table === look.cachedTable()];
    };
    assertEquals(await isClean(), true); // what the snapshot called young is clean now
    assertEquals(await isClean(), true);
    const before = await cacheInode();
    assertEquals(await known(), [true, snapshot_id, true]);
    assertEquals(await isClean(), true);
    assertEquals(await cacheInode(), before);
    const changes = [
      () => given.write("d/e/new", "new"),
      () => Deno.removeSync(`${given.main}/d/e/new`),
      () => Deno.chmodSync(`${given.main}/a/one`, 0o600),
      () => Deno.chmodSync(`${given.main}/a/one`, 0o644),
      () => Deno.linkSync(`${given.main}/a/one`, `${given.main}/d/link`),
      () => Deno.removeSync(`${given.main}/d/link`),
    ];
    for (const [n, change] of changes.entries()) {
      change();
      assertEquals((await known()).slice(0, 2), [false, null], `change ${n}`);
      assertEquals(await isClean(), n % 2 === 1, `change ${n}`);
      await settled();
      await isClean();
    }
    assertEquals(await known(), [true, snapshot_id, true]);
    mustRun("btrfs", "subvolume", "create", `${given.main}/d/n`);
    await settled();
    assertEquals([await isClean(), await isClean()], [false, false]);
    const beside = await cacheInode();
    await isClean();
    assertEquals(await cacheInode(), beside);
    mustRun("btrfs", "subvolume", "delete", `${given.main}/d/n`);
  },
);

Deno.test("lookAt() scans where btrfs does not tell all", needed, async () => {
  await using given = await Repository.make();
  await given.save();
  await settled();
  const isAsked = async (say: string) => await given.assertSame(say) !== undefined;
  await isAsked("the first look makes a mark");
  assert(await isAsked("nothing changed"));
  const cases: [string, () => void, () => void][] = [
    [
      "something is mounted",
      () => mustRun("mount", "-t", "tmpfs", "none", `${given.main}/d/e`),
      () => mustRun("umount", `${given.main}/d/e`),
    ],
    [
      "a file is mounted over a file",
      () => mustRun("mount", "--bind", "/etc/hostname", `${given.main}/a/one`),
      () => mustRun("umount", `${given.main}/a/one`),
    ],
    [
      "there is a subvolume",
      () => mustRun("btrfs", "subvolume", "create", `${given.main}/d/n`),
      () => mustRun("btrfs", "subvolume", "delete", `${given.main}/d/n`),
    ],
    [
      "rules leave something out",
      () => Deno.writeTextFileSync(`${given.main}/.jvsignore`, "two\n"),
      () => Deno.removeSync(`${given.main}/.jvsignore`),
    ],
    ["there is another repository", () => {
      Deno.mkdirSync(`${given.main}/d/.jvs`);
      Deno.writeTextFileSync(`${given.main}/d/.jvs/format_version`, "2\n");
    }, () => Deno.removeSync(`${given.main}/d/.jvs`, { recursive: true })],
    [
      "an inode has flags",
      () => mustRun("chattr", "+i", `${given.main}/a/two`),
      () => mustRun("chattr", "-i", `${given.main}/a/two`),
    ],
  ];
  for (const [say, begin, end] of cases) {
    begin();
    assertEquals(await isAsked(say), false, say);
    assertEquals(await isAsked(`${say} still`), false, say);
    end();
    await settled();
    await isAsked(`${say} no more`);
    assert(await isAsked(`${say}, and it was looked at since`), say);
  }
});

Deno.test(
  "lookAt() asks nothing about another subvolume, and nothing for an ordinary user",
  needed,
  async () => {
    await using given = await Repository.make();
    await given.save();
    await settled();
    await given.assertSame("");
    using look = await given.look();
    const { changes } = look;
    assert(changes !== undefined && look.scan.looked !== undefined);
    const [uuid = "", generation] = (changes.mark ?? "").split(" ");
    assert(changes.inodesSince(`${uuid} ${generation}`, 1000) !== undefined);
    assertEquals(
      changes.inodesSince(`${uuid.replace(/^./, (digit) => digit === "0" ? "1" : "0")} ${generation}`, 1000),
      undefined,
    );
    assertEquals(changes.inodesSince(`${uuid} ${Number(generation) + 1}`, 1000), undefined);
    assertEquals(changes.inodesSince("damaged", 1000), undefined);

    // A snapshot by the user takes the place of the worktree: the same names and inodes, another history.
    mustRun("btrfs", "subvolume", "snapshot", given.main, `${given.path}/copy`);
    Deno.writeTextFileSync(`${given.main}/a/one`, "only in the old one");
    Deno.renameSync(given.main, `${given.path}/old`);
    Deno.renameSync(`${given.path}/copy`, given.main);
    Deno.writeTextFileSync(`${given.main}/a/two`, "only in the new one");
    assertEquals(await given.assertSame("another subvolume"), undefined);

    using root = platform.openFolder(given.main);
    using _ordinary = asOrdinaryThread();
    assertEquals(subvolumes.changedSince(root, 0, 1e6), undefined);
  },
);

/** The engine, with something that another process does before or after each clone. */
function withTrouble(
  before: (n: number) => void,
  after: (n: number) => void,
  told: (request: CloneRequest, made: TreeTable) => void = () => {},
): EngineKind {
  let clones = 0;
  return {
    ...btrfsSnapshot,
    make(platform) {
      const engine = btrfsSnapshot.make(platform);
      const clone = async (request: CloneRequest) => {
        before(clones);
        const result = await engine.clone(request);
        after(clones++);
        told(request, result.table);
        return result;
      };
      return { ...engine, clone };
    },
  };
}

Deno.test("jvs snapshot by asking holds what is written while it is made", needed, async () => {
  await using given = await Repository.make();
  await given.save();
  using root = platform.openFolder(given.main);
  const seed = Number(Deno.env.get("JVS_TEST_SEED") ?? 11);
  const random = randomFrom(seed);
  for (let round = 0; round < 12; round++) {
    await settled();
    await given.assertSame("");
    const edits: string[] = [];
    const edit = (n: number) => n === 0 && edits.push(editAtRandom(root, random, round * 10 + edits.length));
    const [before, after] = [round % 3 !== 1 ? edit : () => {}, round % 3 !== 0 ? edit : () => {}];
    using _engine = useEngine(withTrouble(before, after));
    const { consistency_level, snapshot_id } = await given.save();
    const say = `seed ${seed}, round ${round}: ${edits.join("; ")}`;
    assertEquals(consistency_level, "quiesced");
    assertEquals(
      await describeTree(`${given.path}/.jvs/snapshots/${snapshot_id}`),
      await describeTree(given.main),
      say,
    );
    assertEquals((await given.call(given.main, status, {})).clean, true, say);
  }
  await fullAudit(given.path);
});

Deno.test(
  "the first snapshot asks its clone, and what was not on the disk when it began is in the answer",
  needed,
  async () => {
    for (const isWritten of [true, false]) {
      await using given = await Repository.make();
      (await given.look())[Symbol.dispose](); // changes the time at which folders were read
      if (isWritten) mustRun("sync", "-f", given.main);
      await settled();
      const same: boolean[] = [];
      const trouble = (n: number) => n > 0 || isWritten || given.write("a/one", "changed");
      using _engine = useEngine(
        withTrouble(trouble, () => {}, ({ table }, made) => same.push(made === table)),
      );
      const { snapshot_id } = await given.save();
      assertEquals(same, isWritten ? [true] : [false, false]);
      assertEquals(
        await describeTree(`${given.path}/.jvs/snapshots/${snapshot_id}`),
        await describeTree(given.main),
      );
      assertEquals((await given.call(given.main, status, {})).clean, true);
    }
  },
);

Deno.test("btrfs-snapshot tells what its clone has that the table has not", needed, async () => {
  const random = randomFrom(1);
  await using given = await Case.make();
  const engine = btrfsSnapshot.make(platform);
  for (let round = 0; round < 20; round++) {
    given.fill(`round${round}`);
    await settled();
    await scanTree(given.root, { exactStat: true, xattrs: true }); // changes the time at which folders were read
    const { generation, options } = given.begin();
    const { table, gaps } = await scanTree(given.root, options);
    if (round > 0) editAtRandom(given.root, random, round);
    const name = new TextEncoder().encode(`clone${round}`);
    const request = {
      source: given.root,
      table,
      gaps,
      into: given.ours,
      name,
      as: "payload",
      generation,
    } as const;
    const { table: made } = await engine.clone(request);
    assertEquals(made === table, round === 0);
    using clone = given.ours.openFolder(name);
    const scanned = await scanTree(clone, { exactStat: true, xattrs: true });
    const knownAs = new Int32Array();
    assertSameScan(
      { ...scanned, table: made, knownAs },
      { ...scanned, knownAs },
      `round ${round}`,
      /^(clean|ctimeSec|ctimeNsec|nlink)$/, // what came is removed, and folders are made what they were
    );
  }
});

/** A btrfs whose image can be copied in one moment, because it is on XFS. */
class CrashingDisk implements AsyncDisposable {
  private constructor(
    private readonly xfs: AsyncDisposable & { readonly path: string },
    readonly path: string,
  ) {}

  static async make(): Promise<CrashingDisk> {
    const xfs = await diskImage("xfs", { sizeMb: 1000 });
    const disk = new CrashingDisk(xfs, `${xfs.path}/disk`);
    mustRun("truncate", "--size=200M", disk.image);
    mustRun("mkfs.btrfs", "-q", disk.image);
    Deno.mkdirSync(disk.path);
    mustRun("mount", "-o", "loop", disk.image, disk.path);
    return disk;
  }

  private get image(): string {
    return `${this.xfs.path}/image`;
  }

  /** What is on the disk now is all that is left. */
  async crash(): Promise<void> {
    const id = this.id();
    mustRun("cp", "--reflink=always", this.image, `${this.image}.copy`);
    mustRun("umount", "--detach-loop", this.path);
    Deno.renameSync(`${this.image}.copy`, this.image);
    // As long as a process with a namespace of its own keeps the old mount, the kernel gives the copy another id.
    for (;;) {
      mustRun("mount", "-o", "loop", this.image, this.path);
      if (this.id() === id) return;
      mustRun("umount", "--detach-loop", this.path);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  private id(): string {
    using folder = platform.openFolder(this.path);
    return platform.fileSystem(folder).id;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    mustRun("umount", "--detach-loop", this.path);
    await this.xfs[Symbol.asyncDispose]();
  }
}

Deno.test(
  "lookAt() asks rightly after a crash, whatever of the changes survived",
  neededToCrash,
  async () => {
    const seed = Number(Deno.env.get("JVS_TEST_SEED") ?? 11);
    const random = randomFrom(seed);
    const disk = await CrashingDisk.make();
    await using given = await Repository.make(() => Promise.resolve(disk));
    await given.save();
    for (let round = 0; round < 4; round++) {
      await settled();
      await given.assertSame("before the crash");
      {
        using root = platform.openFolder(given.main);
        for (let i = 0; i < 3; i++) {
          editAtRandom(root, random, round * 10 + i);
          // The next look may remember what the crash takes back; what is synced by itself, the log of btrfs brings back.
          if (random() < 0.4) {
            using look = await given.look({ asking: random() < 0.5 });
            await look.rememberSeen();
          }
          if (random() < 0.3) mustRun("sync", given.main);
        }
      }
      await disk.crash();
      await given.assertSame(`seed ${seed}, round ${round}: after the crash`);
    }
  },
);
