import { assert, assertEquals } from "@std/assert";
import { diskImage } from "../../tests/support/disk_image.ts";
import { requires } from "../../tests/support/requires.ts";
import { mustRun } from "../../tests/support/run.ts";
import { tempDir } from "../../tests/support/temp_dir.ts";
import { onTree, scan, tableOf } from "../../tests/support/tree_cases.ts";
import { openPlatform } from "../platform/open_platform.ts";
import type { Folder, Platform } from "../platform/platform.ts";
import { DIR, FILE } from "../model/entry.ts";
import { Stat } from "../platform/stat.ts";
import type { TreeTable } from "./table.ts";
import {
  isClean,
  isCleanInStaging,
  isSettled,
  readScanClock as readClockIn,
  type ScanClock,
  settle,
} from "./scan_clock.ts";

const CLOCK: ScanClock = {
  sec: 1000,
  nsec: 5_000_000,
  granularityNs: 10_000_000,
  tickNs: 10_000_000,
  readAt: 0,
};

function readScanClock(platform: Platform, ours: string, root: Folder): ScanClock {
  using folder = platform.openFolder(ours);
  return readClockIn(platform, folder, root);
}

Deno.test("isClean() wants mtime and ctime to be older than the clock by more than the granularity, of a file by a second", () => {
  const cases: [sec: number, nsec: number, clean: boolean, cleanFile: boolean][] = [
    [999, 4_999_999, true, true],
    [999, 5_000_000, true, false],
    [999, 994_999_999, true, false],
    [999, 995_000_000, false, false],
    [1000, 5_000_000, false, false],
    [2000, 0, false, false],
    [-1, 0, true, true],
  ];
  for (const [sec, nsec, clean, cleanFile] of cases) {
    const mtime = { mtimeSec: sec, mtimeNsec: nsec };
    const ctime = { ctimeSec: sec, ctimeNsec: nsec };
    for (const times of [mtime, ctime, { ...mtime, ...ctime }]) { // the one that is not set is 1970
      const [folder, file] = [DIR, FILE].map((type) => Object.assign(new Stat(), times, { type })) as [
        Stat,
        Stat,
      ];
      const late = { ...CLOCK, storesComeLate: true };
      assertEquals([isClean(late, folder), isClean(late, file)], [clean, cleanFile]);
      assertEquals([isClean(CLOCK, file), isCleanInStaging(late, file)], [clean, clean]);
    }
  }
  assertEquals(isClean({ ...CLOCK, granularityNs: Infinity }, new Stat()), false);
});

onTree(
  "readScanClock() reads the file system's own time and leaves nothing",
  ({ platform, root, path, ours }) => {
    Deno.writeTextFileSync(`${path}/before`, "");
    const clock = readScanClock(platform, ours, root);
    Deno.writeTextFileSync(`${path}/after`, "");
    const ms = clock.sec * 1000 + clock.nsec / 1e6;
    const times = ["before", "after"].map((name) => Deno.statSync(`${path}/${name}`).mtime?.getTime() ?? 0);
    assert((times[0] as number) <= ms && Math.floor(ms) <= (times[1] as number), `${times} ${ms}`);
    assertEquals([...Deno.readDirSync(ours)], []);
  },
);

Deno.test(
  "readScanClock() trusts times of a btrfs subvolume as much as those of the folder it lies in",
  requires("root", "ffi", "btrfs"),
  async () => {
    await using disk = await diskImage("btrfs", { small: true });
    mustRun("btrfs", "subvolume", "create", `${disk.path}/root`);
    const platform = openPlatform();
    using root = platform.openFolder(`${disk.path}/root`);
    assertEquals(readScanClock(platform, disk.path, root).granularityNs, 10_000_000);
  },
);

Deno.test(
  "readScanClock() trusts times less across file systems, and none on tmpfs",
  requires("ffi", "ext4", "tmpfs"),
  async () => {
    await using disk = await diskImage("ext4");
    await using memory = await diskImage("tmpfs");
    const platform = openPlatform();
    using onDisk = platform.openFolder(disk.path);
    using inMemory = platform.openFolder(memory.path);
    assertEquals(readScanClock(platform, disk.path, onDisk).granularityNs, 10_000_000);
    assertEquals(readScanClock(platform, memory.path, onDisk).granularityNs, 2_000_000_000);
    assertEquals(readScanClock(platform, memory.path, inMemory).granularityNs, Infinity);
    assertEquals(readScanClock(platform, disk.path, inMemory).granularityNs, Infinity);
  },
);

Deno.test("readScanClock() trusts no time where stat is not exact", () => {
  using dir = tempDir();
  const platform = openPlatform({ ffi: false });
  using root = platform.openFolder(dir.path);
  assertEquals(readScanClock(platform, dir.path, root).granularityNs, Infinity);
});

onTree("scanTree() calls nothing clean that was written when the scan began or later", async (given) => {
  for (let i = 0; i < 5; i++) {
    const clock = readScanClock(given.platform, given.ours, given.root);
    Deno.writeTextFileSync(`${given.path}/file-${i}`, "");
    Deno.utimeSync(`${given.path}/file-${i}`, 0, 0); // ctime cannot be put back
    const { table } = await scan(given.root, { clock });
    assertEquals([table.clean[0], table.clean[i + 1]], [0, 0]);
    assertEquals((await scan(given.root)).table.clean[1], 0); // without a clock
    assertEquals((await scan(given.root, { clock, exactStat: false })).table.clean[1], 0);
  }
});

/** How many nanoseconds a time is after that of the first entry of a table. */
function since(table: TreeTable, sec: number, nsec: number): number {
  return (sec - Number(table.ctimeSec[1])) * 1e9 + nsec - Number(table.ctimeNsec[1]);
}

onTree("settle() waits until a change must show in a later time", async (given) => {
  const { path, platform, ours, root } = given;
  for (let i = 0; i < 10; i++) {
    Deno.writeTextFileSync(`${path}/file`, "one");
    const clock = readScanClock(platform, ours, root);
    const { table } = await scan(root, { clock });
    await settle(table, clock);
    // The kernel's own clock of times may be late where a machine has too few processors: only the wait is up to JVS.
    const waitedNs = (performance.now() - clock.readAt) * 1e6;
    assert(waitedNs + since(table, clock.sec, clock.nsec) >= clock.tickNs, `${waitedNs} ns`);
    Deno.writeTextFileSync(`${path}/file`, "two");
    const later = (await scan(root)).table;
    const between = since(table, Number(later.ctimeSec[1]), Number(later.ctimeNsec[1]));
    assert(between > 0, `${between} ns`);
  }
});

Deno.test("settle() waits for nothing old, and a second at most for a time in the future", async () => {
  const table = tableOf("file");
  table.ctimeSec.fill(1, 0, 2);
  let start = performance.now();
  await settle(table, { ...CLOCK, readAt: start });
  assert(performance.now() - start < 900, "it waited");
  table.ctimeSec[1] = CLOCK.sec + 3600;
  start = performance.now();
  await settle(table, { ...CLOCK, readAt: start });
  const waited = performance.now() - start;
  assert(waited >= 999 && waited < 60_000, `${waited} ms`);
});

onTree(
  "isSettled() is true when a later change must give a folder later times",
  ({ platform, root, ours }) => {
    using folder = platform.openFolder(ours);
    while (!isSettled(platform, folder, root)); // until the clock went on
    const fileSystem = (of: Folder) => ({ ...platform.fileSystem(of), granularityNs: 1e15 });
    const coarse = { abilities: platform.abilities, fileSystem };
    assertEquals(isSettled(coarse, folder, root), false, "its clock may stand still for days");
  },
);

Deno.test({
  name: "readScanClock() sees that times are whole seconds, as with the small inodes of old ext4",
  ...requires("ext4", "ffi"),
  fn() {
    using dir = tempDir();
    const [image, path] = [`${dir.path}/image`, `${dir.path}/disk`];
    Deno.mkdirSync(path);
    Deno.writeFileSync(image, new Uint8Array());
    Deno.truncateSync(image, 8 * 2 ** 20);
    mustRun("mkfs.ext4", "-q", "-F", "-I", "128", image);
    mustRun("mount", "-o", "loop", image, path);
    try {
      const platform = openPlatform();
      using root = platform.openFolder(path);
      const { granularityNs, tickNs } = readScanClock(platform, path, root);
      assertEquals([granularityNs, tickNs], [2e9, 1e9]);
    } finally {
      mustRun("umount", path);
    }
  },
});
