/**
 * NTFS and exFAT, as programs give them: file systems without modes and owners, exFAT without links, change times and lasting
 * inode numbers too, and where names that differ in case are one. Nothing may be lost there.
 */
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { bytesOf } from "../../src/model/bytes.ts";
import { doctor } from "../../src/operation/doctor.ts";
import { info } from "../../src/operation/info.ts";
import { restore } from "../../src/operation/restore.ts";
import { status } from "../../src/operation/status.ts";
import { verify } from "../../src/operation/verify.ts";
import { snapshot } from "../../src/operation/snapshot.ts";
import { worktreeFork } from "../../src/operation/worktree_fork.ts";
import { openLibc } from "../../src/platform/libc.ts";
import { LinuxPlatform } from "../../src/platform/linux.ts";
import type { Folder } from "../../src/platform/platform.ts";
import { isSystemError } from "../../src/platform/system_error.ts";
import { sameIdentity } from "../../src/repo/identity.ts";
import { readScanClock } from "../../src/tree/scan_clock.ts";
import { type PoorKind, sharedDisk } from "../support/disk_image.ts";
import { namesIn } from "../support/files.ts";
import { payloadsOf } from "../support/kept_content.ts";
import { aroundCall, aroundRename, killedAt } from "../support/kill_point.ts";
import { a, b, errnoOf, onDisks, statOf, write } from "../support/platform_cases.ts";
import { TestRepository } from "../support/repository.ts";
import { mustRun, run } from "../support/run.ts";
import { requires } from "../support/requires.ts";

const POOR: readonly PoorKind[] = ["ntfs", "exfat"];
const needs = requires("root", "ffi", "exfat");
const NOTHING = { counts: {}, first: [] };

onDisks("Folder.rename() takes only a free name", POOR, ({ folder, path }) => {
  write(folder, a, "a");
  write(folder, b, "b");
  assertEquals(errnoOf(() => folder.rename(a, folder, b, "fresh")), "EEXIST");
  assertEquals(errnoOf(() => folder.rename(bytesOf("gone"), folder, bytesOf("c"), "fresh")), "ENOENT");
  assertEquals(errnoOf(() => folder.rename(a, folder, b, "exchange")), "EINVAL");
  folder.rename(a, folder, bytesOf("c"), "fresh");
  assertEquals(namesIn(path).sort(), ["b", "c"]);
  assertEquals([Deno.readTextFileSync(`${path}/b`), Deno.readTextFileSync(`${path}/c`)], ["b", "a"]);
});

onDisks("Folder.setTimes() sets the time of files and folders", POOR, ({ folder }) => {
  write(folder, a, "a");
  folder.makeFolder(b, 0o755);
  for (const name of [a, b]) {
    folder.setTimes(name, 1_500_000_001, 0);
    assertEquals(statOf(folder, name).mtimeSec, 1_500_000_001);
  }
  folder.setTimes(bytesOf("."), 1_500_000_003, 0);
  assertEquals(statOf(folder, bytesOf(".")).mtimeSec, 1_500_000_003);
});

onDisks(
  "readScanClock() finds out how fine times are, and whether change times can be set",
  POOR,
  ({ platform, folder, path }, kind) => {
    const { granularityNs, tickNs } = readScanClock(platform, folder, folder);
    assertEquals([granularityNs, tickNs], kind === "exfat" ? [Infinity, 2e9] : [2e9, 1e7]);
    assertEquals(namesIn(path), []);
  },
);

Deno.test("sameIdentity() knows no folder by its inode where no id outlives the mount", () => {
  const id = (device: number, boot: number) =>
    `fuseblk:/dev/loop1:7:${device}:${`${boot}`.padStart(36, "0")}`;
  assert(sameIdentity({ file_system: id(1, 1), inode: "3" }, { file_system: id(2, 2), inode: "4" }));
  assert(!sameIdentity({ file_system: id(1, 1), inode: "3" }, { file_system: "ext4:1234", inode: "3" }));
  assert(!sameIdentity({ file_system: "ext4:1234", inode: "3" }, { file_system: "ext4:1234", inode: "4" }));
});

for (const kind of POOR) {
  const test = (name: string, body: (repository: TestRepository) => Promise<void>) =>
    Deno.test(`${name} on ${kind}`, requires("root", "ffi", kind), async () => {
      using folder = await sharedDisk(kind);
      using repository = await TestRepository.make(folder.path);
      await body(repository);
    });

  test("a worktree is saved, forked, restored and verified, and nothing counts as lost", async (repository) => {
    repository.write("main/a.txt", "one\n");
    repository.write("main/data/b.txt", "two\n");
    Deno.mkdirSync(`${repository.main}/data/empty`);
    const { snapshot: first } = await repository.call(snapshot, { strict: true });
    assertEquals(first.degradations, NOTHING);
    repository.write("main/a.txt", "changed\n");
    repository.write("main/new", "not saved\n");
    const back = await repository.call(restore, { snapshot: first.snapshot_id });
    assertEquals(back.degradations, NOTHING);
    assertEquals(repository.read("main/a.txt"), "one\n");
    assertEquals(namesIn(repository.main).sort(), ["a.txt", "data"]);
    const kept = payloadsOf(`${repository.path}/.jvs`).get(back.autosave_snapshot_id ?? "");
    assertEquals([kept?.get("a.txt"), kept?.get("new")], ["changed\n", "not saved\n"]);
    const fork = await repository.call(worktreeFork, { snapshot: first.snapshot_id, name: "other" });
    assertEquals(fork.degradations, NOTHING);
    assertEquals(repository.read("worktrees/other/data/b.txt"), "two\n");
    const again = await repository.call(snapshot, {});
    assertEquals(again.snapshot.degradations, NOTHING);
    assertEquals((await repository.call(verify, { all: true })).severity, "ok");
    assertEquals((await repository.call(info, {})).shared, false); // the control plane has the mode 0777, as all there
  });

  test("a repository from a richer file system says what a restore cannot bring back", async (repository) => {
    using _ = withoutWaits();
    using rich = await TestRepository.saved();
    mustRun("chmod", "640", `${rich.main}/a.txt`);
    mustRun("chown", "1234", `${rich.main}/a.txt`);
    mustRun("touch", "-d", "@1.987654321", `${rich.main}/data/b.txt`);
    await rich.save("richer");
    run("cp", "-a", rich.path, `${repository.path}/moved`); // it says what it cannot keep
    const moved = { in: "moved/main" };
    await repository.call(doctor, { repair_runtime: true }, moved);
    const { severity } = await repository.call(verify, { all: true }, moved);
    assertEquals(severity, "degraded");
    const { degradations } = await repository.call(restore, { snapshot: "HEAD" }, moved);
    const lost = degradations.first.map(({ kind, path }) => `${path} ${kind}`);
    for (const each of ["a.txt mode", "a.txt owner", "data/b.txt mode", "data/b.txt times"]) {
      assert(lost.includes(each), `${each} is not in ${lost}`);
    }
  });

  test("names that differ only in case come back as the snapshot has them", async (repository) => {
    using _ = withoutWaits();
    repository.write("main/readme", "lower\n");
    repository.write("main/dir/f", "x\n");
    const lower = await repository.save();
    for (const [from, to] of [["readme", "README"], ["dir", "DIR"]]) {
      Deno.renameSync(`${repository.main}/${from}`, `${repository.main}/between`);
      Deno.renameSync(`${repository.main}/between`, `${repository.main}/${to}`);
    }
    repository.write("main/README", "upper\n");
    const upper = await repository.save();
    const saved = [[lower, "dir", "readme", "lower\n"], [upper, "DIR", "README", "upper\n"]] as const;
    for (const [id, folder, file, content] of saved) {
      const { autosave_snapshot_id } = await repository.call(restore, { snapshot: id });
      assertEquals(autosave_snapshot_id, null);
      assertEquals(namesIn(repository.main).sort(), [folder, file]);
      assertEquals([repository.read(`main/${file}`), repository.read(`main/${folder}/f`)], [content, "x\n"]);
    }
  });

  test("a change in place with the time set back is unsaved work", async (repository) => {
    repository.write("main/a.txt", "one\n");
    Deno.utimeSync(`${repository.main}/a.txt`, 1e9, 1e9);
    await repository.save();
    await repository.save(); // the second look at the file may take it for settled
    repository.write("main/a.txt", "two\n");
    Deno.utimeSync(`${repository.main}/a.txt`, 1e9, 1e9);
    assertEquals((await repository.call(status, {})).changes.modified, 1);
  });

  test("what is written into a file while it is replaced is kept", async (repository) => {
    using _ = withoutWaits();
    repository.write("main/a.txt", "one\n");
    const first = await repository.save();
    repository.write("main/a.txt", "changed\n");
    await repository.save();
    using file = Deno.openSync(`${repository.main}/a.txt`, { write: true });
    const after = () => {
      file.seekSync(0, Deno.SeekMode.Start);
      file.writeSync(bytesOf("changed, and written\n"));
    };
    const { second_autosave_id } = await aroundRename(
      "a.txt",
      { after },
      () => repository.call(restore, { snapshot: first }),
    );
    assertNotEquals(second_autosave_id, null);
    const kept = payloadsOf(`${repository.path}/.jvs`).get(second_autosave_id ?? "");
    assertEquals(kept?.get("a.txt"), "changed, and written\n");
    assertEquals(repository.read("main/a.txt"), "one\n");
  });
}

for (const kind of POOR) {
  Deno.test(
    `a restore that is killed anywhere leaves all of the old or all of the new on ${kind}`,
    requires("root", "ffi", kind),
    async () => {
      using _ = withoutWaits();
      using folder = await sharedDisk(kind);
      using repository = await TestRepository.make(folder.path);
      const contents = () =>
        namesIn(repository.main).map((name) => `${name}=${repository.read(`main/${name}`)}`);
      repository.write("main/a", "a1");
      repository.write("main/b", "b1");
      const first = await repository.save();
      repository.write("main/a", "a2");
      Deno.renameSync(`${repository.main}/b`, `${repository.main}/B`);
      const second = await repository.save();
      const [old, fresh] = [["B=b1", "a=a2"], ["a=a1", "b=b1"]];
      for (let n = 1;; n += 7) {
        assertEquals(contents(), old, `before ${n}`);
        const killed = await killedAt(n, () => repository.call(restore, { snapshot: first }));
        await repository.call(doctor, { repair_runtime: true });
        const expected = contents().includes("a=a1") ? fresh : old;
        assertEquals(contents(), expected, `killed at ${n}`);
        if (!killed) return;
        await repository.call(restore, { snapshot: second });
      }
    },
  );
}

Deno.test(
  "a restore, or its undo, that is killed between a link and its removal is undone, and nothing counts as another's on ntfs",
  requires("root", "ffi", "ntfs"),
  async () => {
    using _ = withoutWaits();
    using folder = await sharedDisk("ntfs");
    using repository = await TestRepository.make(folder.path);
    repository.write("main/a", "a1");
    repository.write("main/made", "1");
    const first = await repository.save();
    repository.write("main/a", "a2");
    Deno.removeSync(`${repository.main}/made`);
    repository.write("main/removed", "2");
    const second = await repository.save();
    const repair = () => repository.call(doctor, { repair_runtime: true });
    const undone = async (what: string) => {
      await repair();
      const found = namesIn(repository.main).sort().map((name) => {
        const { nlink } = Deno.statSync(`${repository.main}/${name}`);
        return `${name}=${repository.read(`main/${name}`)} ${nlink}`;
      });
      assertEquals(found, ["a=a2 1", "removed=2 1"], what);
      assertEquals(payloadsOf(`${repository.path}/.jvs`).size, 2, `${what}: no autosave`);
    };
    const within = "unlinkat";
    const back = () => repository.call(restore, { snapshot: first });
    let last = 0;
    for (; await killedAt(last + 1, back, { within }); last++) await undone(`killed at ${last + 1}`);
    assert(last >= 4, `${last} files were moved`);
    assertEquals([repository.read("main/a"), namesIn(repository.main).sort()], ["a1", ["a", "made"]]);
    await repository.call(restore, { snapshot: second });
    for (let n = 1, killed = true; killed; n++) {
      assert(await killedAt(last, back, { within }));
      killed = await killedAt(n, repair, { within });
      await undone(`undo killed at ${n}`);
    }
  },
);

/** What happens to the empty file that takes the new name of a rename on exfat. */
const placeholders = (name: string, check: (path: string, folder: Folder) => Promise<void>) =>
  Deno.test(`Folder.rename() on exfat, ${name}`, needs, async () => {
    using disk = await sharedDisk("exfat");
    using folder = new LinuxPlatform(openLibc()).openFolder(disk.path);
    Deno.writeTextFileSync(`${disk.path}/a`, "a");
    await check(disk.path, folder);
  });
const moveToB = (folder: Folder) => () => folder.rename(a, folder, b, "fresh");
const contentIn = (path: string) =>
  namesIn(path).sort().map((name) => `${name}=${Deno.readTextFileSync(`${path}/${name}`)}`);

placeholders("what is written into the file that takes the name is not replaced", async (path, folder) => {
  const after = () => Deno.writeTextFileSync(`${path}/b`, "work");
  await aroundCall("openat", { after }, () => assertEquals(errnoOf(moveToB(folder)), "EEXIST"));
  assertEquals(contentIn(path), ["a=a", "b=work"]);
});

placeholders("another file that takes the name is not replaced, though it is empty", async (path, folder) => {
  const after = () => {
    Deno.writeTextFileSync(`${path}/c`, "");
    Deno.renameSync(`${path}/c`, `${path}/b`);
  };
  await aroundCall("openat", { after }, () => assertEquals(errnoOf(moveToB(folder)), "EEXIST"));
  assertEquals(contentIn(path), ["a=a", "b="]);
});

placeholders("what is written right before the rename gets the old name", async (path, folder) => {
  const work = "work".repeat(50_000); // more than one piece
  const before = () => Deno.writeTextFileSync(`${path}/b`, work);
  await aroundCall("renameat", { before }, moveToB(folder));
  assertEquals(contentIn(path), [`a=${work}`, "b=a"]);
});

placeholders("a rename that fails removes no work", async (path, folder) => {
  const before = () => Deno.removeSync(`${path}/a`);
  await aroundCall("renameat", { before }, () => assertEquals(errnoOf(moveToB(folder)), "ENOENT"));
  assertEquals(namesIn(path), []);
  Deno.writeTextFileSync(`${path}/a`, "a");
  const writes = () => {
    Deno.removeSync(`${path}/a`);
    Deno.writeTextFileSync(`${path}/b`, "work");
  };
  await aroundCall("renameat", { before: writes }, () => assertEquals(errnoOf(moveToB(folder)), "ENOENT"));
  assertEquals(contentIn(path), ["b=work"]);
});

for (const [when, act] of [["openat", "after"], ["renameat", "before"]] as const) {
  Deno.test(`a restore on exfat keeps what is written ${act} the ${when} of a rename`, needs, async () => {
    using _ = withoutWaits();
    using folder = await sharedDisk("exfat");
    using repository = await TestRepository.make(folder.path);
    repository.write("main/a.txt", "one\n");
    const first = await repository.save();
    repository.write("main/a.txt", "changed\n");
    await repository.save();
    const path = `${repository.main}/a.txt`;
    let written = false;
    const write = () => {
      if (written || !namesIn(repository.main).includes("a.txt") || Deno.statSync(path).size !== 0) return;
      Deno.writeTextFileSync(path, "work\n");
      written = true;
    };
    await aroundCall(when, { [act]: write }, async () => {
      try {
        await repository.call(restore, { snapshot: first });
      } catch (error) {
        if (!isSystemError(error, "EEXIST")) throw error;
      }
    });
    assert(written);
    await repository.call(doctor, { repair_runtime: true });
    const kept = [...payloadsOf(`${repository.path}/.jvs`).values()].map((files) => files.get("a.txt"));
    assertEquals(kept.filter((content) => content === "work\n").length, 1);
    assertEquals(repository.read("main/a.txt"), act === "after" ? "changed\n" : "one\n");
  });
}

/** Tells JVS that times are fine, until the end of the block: it waits up to a second for each look where they are not. */
function withoutWaits(): Disposable {
  const { fileSystem } = LinuxPlatform.prototype;
  LinuxPlatform.prototype.fileSystem = function (folder) {
    return { ...fileSystem.call(this, folder), granularityNs: 10_000_000, changeTimes: false };
  };
  return { [Symbol.dispose]: () => void (LinuxPlatform.prototype.fileSystem = fileSystem) };
}
