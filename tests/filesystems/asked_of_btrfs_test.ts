import { assert, assertEquals } from "@std/assert";
import { FILE } from "../../src/model/entry.ts";
import { openPlatform } from "../../src/platform/open_platform.ts";
import { subvolumesOf } from "../../src/platform/open_subvolumes.ts";
import type { Folder } from "../../src/platform/platform.ts";
import type { Subvolumes } from "../../src/platform/subvolumes.ts";
import { hashFiles } from "../../src/tree/hash.ts";
import { type Scan, type ScanOptions, scanTree } from "../../src/tree/scan.ts";
import { scanChanged } from "../../src/tree/scan_changed.ts";
import { readScanClock } from "../../src/tree/scan_clock.ts";
import { indexesWhere, type TreeTable } from "../../src/tree/table.ts";
import { diskImage } from "../support/disk_image.ts";
import { editAtRandom } from "../support/random_edits.ts";
import { randomFrom } from "../support/random.ts";
import { requires } from "../support/requires.ts";
import { mustRun } from "../support/run.ts";

/*
 * What btrfs tells of a subvolume is all that a scan would find (docs/design/asked-of-btrfs.md).
 */

const needed = requires("root", "ffi", "btrfs", "python3");

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

/** All that a table says, entry by entry. */
function written({ table, knownAs }: Scan): unknown[] {
  const columns = Object.entries(table.columns()).filter(([name]) => !/^(nameStart|pool|hash)$/.test(name));
  return Array.from({ length: table.count }, (_, i) => ({
    path: new TextDecoder("latin1").decode(table.path(i)),
    ...Object.fromEntries(columns.map(([name, column]) => [name, column[i]])),
    hash: table.contentHash(i)?.join(),
    target: table.targets.get(i)?.join(),
    xattrs: table.xattrs.get(i)?.map(({ name, value }) => `${name}=${value}`),
    device: table.devices.get(i),
    knownAs: knownAs[i],
  }));
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
  const seed = Number(Deno.env.get("JVS_TEST_SEED") ?? Math.floor(Math.random() * 1e9));
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
    assertEquals(written(asked), written(scanned), `seed ${seed}, round ${round}: ${edits.join("; ")}`);
    // What was asked is what is asked about next, and so an error would stay.
    known = asked.table;
    generation = now.generation;
  }
});
