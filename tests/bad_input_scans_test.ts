import { assert, assertEquals } from "@std/assert";
import { textOf } from "../src/model/bytes.ts";
import { LinuxPlatform } from "../src/platform/linux.ts";
import { doctor } from "../src/operation/doctor.ts";
import type { Stat } from "../src/platform/stat.ts";
import { LinuxFolder } from "../src/platform/linux_folder.ts";
import { snapshot } from "../src/operation/snapshot.ts";
import { BlackBox } from "./support/black_box.ts";
import { diskImage, sharedDisk } from "./support/disk_image.ts";
import { contentsOf, payloadsOf } from "./support/kept_content.ts";
import { TestRepository } from "./support/repository.ts";
import { requires } from "./support/requires.ts";
import { mustRun, python } from "./support/run.ts";
import { tempDir } from "./support/temp_dir.ts";

/** What another process may do to a tree in one moment of a scan. */
const CHANGES: Readonly<Record<string, (main: string, outside: string) => void>> = {
  "grows": (main) => ["0", "b/new", "z"].forEach((name) => Deno.writeTextFileSync(`${main}/${name}`, "new")),
  "shrinks": (main) =>
    ["a/1", "c", "e"].forEach((name) => Deno.removeSync(`${main}/${name}`, { recursive: true })),
  "has a folder replaced by another": (main, outside) => {
    Deno.renameSync(`${main}/c`, `${outside}/c`);
    Deno.mkdirSync(`${main}/c`);
    for (const name of ["1", "2"]) Deno.writeTextFileSync(`${main}/c/${name}`, "BBBB");
  },
  "has a folder replaced by a link": (main, outside) => {
    Deno.renameSync(`${main}/c`, `${outside}/c`);
    Deno.symlinkSync(`${outside}/c`, `${main}/c`);
  },
  "has a file replaced by a folder": (main) => {
    Deno.removeSync(`${main}/b/2`);
    Deno.mkdirSync(`${main}/b/2`);
    Deno.writeTextFileSync(`${main}/b/2/x`, "below");
  },
  "has files that get longer and shorter": (main) => {
    Deno.writeTextFileSync(`${main}/a/2`, "longer than before");
    Deno.writeTextFileSync(`${main}/c/2`, "");
  },
};

for (const [what, change] of Object.entries(CHANGES)) {
  Deno.test({
    name: `jvs snapshot shows one moment of a tree that ${what} at any point of the scan`,
    ...requires("ffi"),
    fn: async () => {
      let moments = 0;
      for (let step = 1, wasReached = true; wasReached; step += 3) {
        using repository = await TestRepository.make();
        using outside = tempDir();
        for (const name of ["a/1", "a/2", "b/1", "b/2", "c/1", "c/2", "e"]) {
          repository.write(`main/${name}`, "AAAA");
        }
        const before = contentsOf(repository.main);
        let calls = 0;
        const isInMain = (folder: { path: string }) => folder.path.startsWith(repository.main);
        const restoreCalls = ["list", "stat", "openFile"].map((method) => {
          const isDue = function (this: LinuxFolder) {
            return isInMain(this) && ++calls === step;
          };
          return interceptCall(method, isDue, () => change(repository.main, outside.path));
        });
        const { snapshot: { snapshot_id, consistency_level } } = await repository.call(snapshot)
          .finally(() => restoreCalls.forEach((back) => back()));
        wasReached = calls >= step;
        const shown = payloadsOf(`${repository.path}/.jvs`).get(snapshot_id);
        const after = contentsOf(repository.main);
        assertEquals(consistency_level, "quiesced");
        const isOne = [before, after].some((state) => same(state, shown));
        assert(isOne, `at step ${step} it shows a mixture: ${[...shown ?? []]}`);
        moments += same(after, shown) ? 1 : 0;
      }
      assert(moments > 3, "the change never came early enough");
    },
  });
}

/** Does something before a call of an open folder. Returns what puts the method back. */
function interceptCall(method: string, isDue: (this: LinuxFolder) => boolean, act: () => void): () => void {
  const original = Reflect.get(LinuxFolder.prototype, method) as (...given: unknown[]) => unknown;
  Reflect.set(LinuxFolder.prototype, method, function (this: LinuxFolder, ...given: unknown[]) {
    if (isDue.call(this)) act();
    return original.apply(this, given);
  });
  return () => void Reflect.set(LinuxFolder.prototype, method, original);
}

function same(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string> | undefined): boolean {
  return JSON.stringify([...a].sort()) === JSON.stringify([...b ?? []].sort());
}

Deno.test({
  name: "jvs diff lists 200,000 files in one folder",
  ...requires("root", "tmpfs", "python3"),
  fn: async () => {
    await using disk = await diskImage("tmpfs", { sizeMb: 1024 });
    using box = await BlackBox.make({ parent: disk.path });
    const script = `
import os, sys
os.chdir(sys.argv[1])
for i in range(200000): os.close(os.open("%x" % (i * 2654435761 % 2**32), os.O_CREAT))`;
    mustRun(python(), "-c", script, box.main);
    const { summary } = await box.json<{ summary: { added: number } }>(["diff", "--stat"]);
    assertEquals(summary.added, 200_000);
  },
});

Deno.test({
  name: "jvs saves and compares a file below 10,000 folders",
  ...requires("python3", "ffi"),
  fn: async () => {
    using box = await BlackBox.make();
    const write = (text: string) => mustRun(python(), "-c", DEEP, box.main, text);
    try {
      write("first");
      assertEquals((await box.save()).stats.directories, 10_000);
      write("second");
      const { differences: [difference] } = await box.json<
        { differences: { path: string; patch: string }[] }
      >(
        ["diff", "--patch"],
      );
      assertEquals(difference?.path, `${"d/".repeat(10_000)}bottom`);
      assert(difference?.patch.includes("-first\n"), difference?.patch.slice(-200));
    } finally {
      mustRun("rm", "-rf", box.path); // Deno cannot remove so deep a tree
    }
  },
});

const DEEP = `
import os, sys
at = os.open(sys.argv[1], os.O_RDONLY)
for level in range(10000):
    try: os.mkdir("d", dir_fd=at)
    except FileExistsError: pass
    at, above = os.open("d", os.O_RDONLY, dir_fd=at), at
    os.close(above)
file = os.open("bottom", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644, dir_fd=at)
os.write(file, sys.argv[2].encode())
`;

for (const kind of ["xfs", "ext4"] as const) {
  Deno.test({
    name: `jvs keeps a hole of 16 GB on ${kind}, and what comes after it`,
    ...requires("root", "ffi", kind),
    fn: async () => {
      using disk = await sharedDisk(kind);
      using box = await BlackBox.make({ parent: disk.path });
      const path = `${box.main}/hole`;
      const end = 16 * 2 ** 30;
      box.write("hole", "begin");
      Deno.truncateSync(path, end);
      Deno.writeTextFileSync(path, "end", { append: true });
      const { stats, snapshot_id } = await box.save();
      assertEquals(stats.bytes, end + 3);
      Deno.removeSync(path);
      await box.json(["restore", "HEAD", "--discard"]);
      for (const file of [path, `${box.control}/snapshots/${snapshot_id}/hole`]) {
        const { size, blocks } = Deno.statSync(file);
        assertEquals(size, end + 3);
        assert((blocks ?? 0) < 1000, `${blocks} blocks of ${file}`);
        using open = Deno.openSync(file);
        const buffer = new Uint8Array(4);
        open.seekSync(end - 1, Deno.SeekMode.Start);
        assertEquals(open.readSync(buffer), 4);
        assertEquals([...buffer], [0, ..."end"].map((c) => typeof c === "number" ? c : c.charCodeAt(0)));
      }
    },
  });
}

/** Pretends that all times of the files of this name are one moment, as after a change of the clock. Returns how to stop. */
function pretendTimes(name: string, seconds: number): () => void {
  const { stat: original } = LinuxFolder.prototype;
  LinuxFolder.prototype.stat = function (asked, into) {
    const isThere = original.call(this, asked, into);
    if (textOf(asked) === name) Object.assign(into, timesAt(seconds));
    return isThere;
  };
  return () => void (LinuxFolder.prototype.stat = original);
}

function timesAt(seconds: number): Partial<Stat> {
  return { mtimeSec: seconds, mtimeNsec: 0, ctimeSec: seconds, ctimeNsec: 0 };
}

/** What snapshots show of a file that is overwritten between them, each time with as many bytes. */
async function contentsSaved(repository: TestRepository, texts: readonly string[]) {
  const saved: (string | undefined)[] = [];
  for (const text of texts) {
    repository.write("main/file", text);
    const id = await repository.save();
    saved.push(payloadsOf(`${repository.path}/.jvs`).get(id)?.get("file"));
  }
  return saved;
}

Deno.test({
  name: "jvs snapshot notices a change where the clock was set back, so that it shows in no time",
  ...requires("ffi"),
  fn: async () => {
    using repository = await TestRepository.make();
    const back = pretendTimes("file", Date.now() / 1000 + 3600 >>> 0);
    try {
      assertEquals(await contentsSaved(repository, ["one", "two", "six"]), ["one", "two", "six"]);
    } finally {
      back();
    }
  },
});

Deno.test({
  name:
    "jvs snapshot notices a file that has name, inode number, size and modification time of one that is gone",
  ...requires("root", "ffi", "xfs"),
  fn: async () => {
    using disk = await sharedDisk("xfs");
    using box = await BlackBox.make({ parent: disk.path });
    const path = `${box.main}/file`;
    const old = new Date(2020, 1, 1);
    const write = (text: string) => {
      Deno.writeTextFileSync(path, text);
      Deno.utimeSync(path, old, old);
      return Deno.statSync(path).ino;
    };
    const first = write("one\n");
    await new Promise((resolve) => setTimeout(resolve, 1050));
    await box.save(); // now the cache has it as clean
    for (let tries = 0;; tries++) {
      Deno.removeSync(path);
      if (write("two\n") === first) break;
      assert(tries < 100, "XFS gave another inode number each time");
    }
    const { snapshot_id } = await box.save();
    assertEquals(payloadsOf(box.control).get(snapshot_id)?.get("file"), "two\n");
  },
});

Deno.test({
  name:
    "jvs saves a file with the 65,000 names that ext4 allows, and again when its payload can have no more",
  ...requires("root", "ffi", "ext4", "python3"),
  fn: async () => {
    await using disk = await diskImage("ext4");
    using box = await BlackBox.make({ parent: disk.path });
    const script = `
import os, sys
os.chdir(sys.argv[1])
open("a", "w").write("linked")
for i in range(64999): os.link("a", "l%d" % i)`;
    mustRun(python(), "-c", script, box.main);
    for (const names of [65_000, 64_999]) {
      const { snapshot_id, degradations } = await box.save();
      const { nlink } = Deno.statSync(`${box.control}/snapshots/${snapshot_id}/a`);
      assertEquals([nlink, degradations.counts], [names, {}]);
      if (names === 65_000) Deno.removeSync(`${box.main}/l7`);
    }
  },
});

Deno.test({
  name: "jvs does not believe the cache of another file system, though inodes and times are as there",
  ...requires("ffi"),
  fn: async () => {
    using repository = await TestRepository.make();
    const back = pretendTimes("file", 1_500_000_000);
    const { fileSystem: original } = LinuxPlatform.prototype;
    let mounts = 0;
    try {
      // Nothing shows the change, so here it is missed: only so can the mount make a difference below.
      assertEquals(await contentsSaved(repository, ["one", "two"]), ["one", "one"]);
      LinuxPlatform.prototype.fileSystem = function (folder) {
        return { ...original.call(this, folder), id: `another ${mounts}` };
      };
      for (const text of ["six", "ten"]) {
        mounts++;
        await repository.call(doctor, { repair_runtime: true }); // it was copied there
        assertEquals(await contentsSaved(repository, [text]), [text]);
      }
    } finally {
      back();
      LinuxPlatform.prototype.fileSystem = original;
    }
  },
});
