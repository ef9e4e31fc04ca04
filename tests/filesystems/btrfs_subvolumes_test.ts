import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { init } from "../../src/operation/init.ts";
import { doctor } from "../../src/operation/doctor.ts";
import { worktreeFork } from "../../src/operation/worktree_fork.ts";
import { worktreeList } from "../../src/operation/worktree_list.ts";
import { worktreeRename } from "../../src/operation/worktree_rename.ts";
import { snapshot } from "../../src/operation/snapshot.ts";
import { BlackBox, type BlackBoxOptions } from "../support/black_box.ts";
import { callIn } from "../support/context.ts";
import { type Disk, diskImage } from "../support/disk_image.ts";
import { exists, namesIn } from "../support/files.ts";
import { losingNothing } from "../support/kept_content.ts";
import { killedAt } from "../support/kill_point.ts";
import { USER } from "../support/as_user.ts";
import { requires } from "../support/requires.ts";
import { mustRun, run } from "../support/run.ts";
import { until } from "../support/until.ts";

/*
 * Worktrees that are btrfs subvolumes, which JVS makes where the user may make and delete them.
 */

const needed = requires("root", "ffi", "btrfs", "user");

/** A disk where ordinary users may delete their subvolumes. */
async function openDisk(): Promise<Disk> {
  const disk = await diskImage("btrfs");
  allowRemoval(disk);
  return disk;
}

function allowRemoval({ path }: Disk): void {
  mustRun("mount", "-o", "remount,user_subvol_rm_allowed", path);
}

/** The option stays as long as the file system is mounted anywhere, also where another test's hosts got a copy of all mounts. */
async function forbidRemoval({ path }: Disk): Promise<void> {
  const uuid = mustRun("findmnt", "-no", "UUID", path).trim();
  const isMounted = () => run("test", "-e", `/sys/fs/btrfs/${uuid}`).code === 0;
  assert(isMounted());
  mustRun("umount", path);
  await until(() => !isMounted());
  mustRun("mount", "-o", "loop", path.replace(/disk$/, "image"), path);
}

function isSubvolume(path: string): boolean {
  return Deno.lstatSync(path).ino === 256;
}

const payloadOf = (box: BlackBox, id: string) => `${box.control}/snapshots/${id}`;

/** Nothing of a probe, and no subvolume that no record names. */
function assertTidy(box: BlackBox): void {
  assertEquals(namesIn(box.control).filter((name) => name.startsWith("probe")), []);
  assertEquals(namesIn(`${box.control}/runtime/shared/staging`), []);
}

const USERS: [who: string, options: BlackBoxOptions][] = [["root", {}], ["an ordinary user", { user: USER }]];

for (const [who, options] of USERS) {
  Deno.test(`jvs makes worktrees and snapshots of ${who} subvolumes`, needed, async () => {
    await using disk = await openDisk();
    using box = await BlackBox.make({ ...options, parent: disk.path });
    assert(isSubvolume(box.main));
    box.write("folder/a", "1\n");
    Deno.chmodSync(`${box.main}/folder/a`, 0o640);
    if (options.user !== undefined) mustRun("chown", "-R", `${USER}:${USER}`, box.main);
    const { snapshot_id: first, engine, degradations } = await box.save("first");
    assertEquals([engine, degradations.counts], ["btrfs-snapshot", {}]);
    assert(isSubvolume(payloadOf(box, first)));
    assertEquals(mustRun("btrfs", "property", "get", "-ts", payloadOf(box, first), "ro").trim(), "ro=true");

    box.write("folder/a", "unsaved\n");
    await losingNothing(box, ["restore", first]);
    assertEquals(box.read("folder/a"), "1\n");
    await box.json(["worktree", "fork", "forked"]);
    await box.json(["worktree", "fork", "--live", "live"]);
    await box.json(["worktree", "create", "empty"]);
    await box.json(["restore", first, "--name", "beside"]);
    for (const name of ["forked", "live", "beside", "empty"]) {
      const root = `${box.path}/worktrees/${name}`;
      assert(isSubvolume(root), name);
      assertEquals(exists(`${root}/folder/a`), name !== "empty");
      if (name !== "live") {
        const { clean } = await box.json<{ clean: boolean }>(["status"], { cwd: root });
        assertEquals(clean, true, name);
      }
      await box.json(["worktree", "remove", name, "--force"]);
      assertEquals(exists(root), false);
    }
    assertTidy(box);
    await box.audit();
  });
}

Deno.test("jvs snapshot of a subvolume tells how much is new", needed, async () => {
  await using disk = await openDisk();
  using box = await BlackBox.make({ parent: disk.path });
  box.write("kept", "x".repeat(1000));
  box.write("changed", "x".repeat(10));
  const first = await box.save();
  const same = await box.save();
  assertEquals(same.manifest_hash, first.manifest_hash);
  box.write("changed", "y".repeat(20));
  const changed = [first, same, await box.save()].map(({ stats }) => stats.changed_bytes);
  assertEquals(changed, [1010, 0, 20]);
  await box.audit();
});

Deno.test("jvs info names the engine, and why not another", needed, async () => {
  await using disk = await openDisk();
  using box = await BlackBox.make({ parent: disk.path });
  const engineOf = async () =>
    (await box.json<{ engine: { name: string; reason: string } }>(["info"])).engine;
  const used = await engineOf();
  assertEquals([used.name, used.reason], [
    "btrfs-snapshot",
    "it was tried and works: what is cloned shares its blocks",
  ]);
  using plain = await BlackBox.make({ parent: disk.path, env: { JVS_SNAPSHOT_ENGINE: "reflink-copy" } });
  assertEquals(isSubvolume(plain.main), false);
  const { engine } = await plain.json<{ engine: { name: string; reason: string } }>(["info"], { env: {} });
  assertEquals(engine.name, "reflink-copy");
  assertStringIncludes(engine.reason, "btrfs-snapshot does not: the tree is a plain folder");
});

Deno.test("jvs makes plain folders for a user who may not delete subvolumes", needed, async () => {
  await using disk = await diskImage("btrfs");
  using box = await BlackBox.make({ parent: disk.path, user: USER });
  assertEquals(isSubvolume(box.main), false);
  box.write("a", "1\n");
  const { engine } = await box.save();
  assertEquals(engine, "reflink-copy");
  await box.json(["worktree", "fork", "forked"]);
  assertEquals(isSubvolume(`${box.path}/worktrees/forked`), false);
  assertTidy(box);
  await box.audit();
});

Deno.test("jvs goes on where a user may no longer delete subvolumes", needed, async () => {
  await using disk = await openDisk();
  using box = await BlackBox.make({ parent: disk.path, user: USER });
  box.write("folder/a", "1\n");
  mustRun("chown", "-R", `${USER}:${USER}`, box.main);
  const { snapshot_id: first } = await box.save("first");
  await box.json(["worktree", "fork", "forked"]);
  await forbidRemoval(disk);
  const { engine } = await box.json<{ engine: { name: string; reason: string } }>(["info"]);
  assertEquals(engine.name, "reflink-copy");
  assertStringIncludes(engine.reason, "btrfs-snapshot does not: you may not delete subvolumes here");
  box.write("folder/a", "2\n");
  mustRun("chown", "-R", `${USER}:${USER}`, box.main);
  assertEquals((await box.save("second")).engine, "reflink-copy");
  await losingNothing(box, ["restore", first]);
  assertEquals(box.read("folder/a"), "1\n");
  await box.json(["worktree", "remove", "forked"]);
  assertEquals(exists(`${box.path}/worktrees/forked`), false);
  assertTidy(box);
  await box.audit();
});

Deno.test(
  "jvs keeps what a user may not read out of a snapshot on request, and never into one",
  needed,
  async () => {
    await using disk = await openDisk();
    using box = await BlackBox.make({ parent: disk.path, user: USER });
    box.write("mine", "1\n");
    Deno.chownSync(`${box.main}/mine`, USER, USER);
    box.write("secret", "root's\n");
    Deno.chmodSync(`${box.main}/secret`, 0o600);
    Deno.mkdirSync(`${box.main}/closed`, { mode: 0o700 });
    Deno.writeTextFileSync(`${box.main}/closed/inside`, "root's\n");
    const { message } = await box.error("E_PERMISSION", ["snapshot"]);
    assertStringIncludes(message, "secret");
    assertStringIncludes(message, "closed");
    assertEquals(namesIn(`${box.control}/snapshots`), []);
    const { snapshot_id: id, engine } = await box.save("--skip-unreadable");
    assertEquals(engine, "reflink-copy");
    assertEquals(exists(`${payloadOf(box, id)}/secret`), false);
    await losingNothing(box, ["restore", id]);
    assertEquals(Deno.readTextFileSync(`${box.main}/secret`), "root's\n");
    await box.audit();
  },
);

Deno.test(
  "jvs snapshot does not clone what .jvsignore leaves out, if that is most of it",
  needed,
  async () => {
    await using disk = await openDisk();
    using box = await BlackBox.make({ parent: disk.path });
    box.write(".jvsignore", "cache/\n");
    box.write("kept", "1\n");
    const fill = (many: number) => {
      for (let i = 0; i < many; i++) box.write(`cache/${i % 10}/${i}`, "");
    };
    fill(500);
    const { engine, snapshot_id: id } = await box.save();
    assertEquals([engine, exists(`${payloadOf(box, id)}/cache`)], ["btrfs-snapshot", false]);
    fill(1500);
    assertEquals((await box.save()).engine, "reflink-copy");
    const { engine: asked } = await box.json<{ snapshot: { engine: string } }>(["snapshot"], {
      env: { JVS_SNAPSHOT_ENGINE: "btrfs-snapshot" },
    }).then((result) => result.snapshot);
    assertEquals(asked, "btrfs-snapshot");
    await losingNothing(box, ["restore", id]);
    await box.audit();
  },
);

Deno.test("jvs fills a subvolume file by file from a snapshot that is a plain folder", needed, async () => {
  await using disk = await openDisk();
  const dir = `${disk.path}/plain`;
  Deno.mkdirSync(dir);
  using box = await BlackBox.adopt(dir);
  box.write("folder/a", "1\n");
  assertEquals((await box.save()).engine, "reflink-copy");
  const { path } = await box.json<{ path: string }>(["worktree", "fork", "forked"]);
  assert(isSubvolume(path));
  assertEquals(Deno.readTextFileSync(`${path}/folder/a`), "1\n");
  const { snapshot } = await box.json<{ snapshot: { engine: string } }>(["snapshot"], { cwd: path });
  assertEquals(snapshot.engine, "btrfs-snapshot");
  box.write("folder/a", "2\n");
  await losingNothing(box, ["restore", "HEAD"]);
  await box.audit();
});

Deno.test("jvs doctor cleans up what a killed probe left, and nothing of the user's", needed, async () => {
  await using disk = await openDisk();
  using box = await BlackBox.make({ parent: disk.path });
  const name = `probe-${crypto.randomUUID()}`;
  const staging = `${box.control}/runtime/shared/staging`;
  for (const folder of [box.control, staging]) mustRun("btrfs", "subvolume", "create", `${folder}/${name}`);
  mustRun("btrfs", "subvolume", "create", `${box.main}/${name}`);
  await box.json(["doctor", "--repair", "clean_tmp"]);
  assertTidy(box);
  assertEquals(exists(`${box.main}/${name}`), true);
  assertEquals(namesIn(`${box.control}/runtime/shared/replaced`), []);
});

Deno.test("jvs takes a plain folder that the user put in the place of a subvolume", needed, async () => {
  await using disk = await openDisk();
  using box = await BlackBox.make({ parent: disk.path });
  box.write("a", "1\n");
  await box.save("first");
  Deno.removeSync(box.main, { recursive: true });
  Deno.mkdirSync(box.main);
  await box.json(["restore", "LATEST"]);
  assertEquals(box.read("a"), "1\n");
  box.write("a", "2\n");
  assertEquals((await box.save("second")).engine, "reflink-copy");
  await losingNothing(box, ["restore", "HEAD~1"]);
  await box.audit();
});

Deno.test("jvs leaves a subvolume inside a worktree alone, whatever it does", needed, async () => {
  await using disk = await openDisk();
  using box = await BlackBox.make({ parent: disk.path });
  box.write("a", "1\n");
  const { snapshot_id: first } = await box.save("first");
  await box.json(["worktree", "fork", "other"]);
  const other = `${box.path}/worktrees/other`;
  for (const root of [box.main, other]) {
    mustRun("btrfs", "subvolume", "create", `${root}/inner`);
    Deno.writeTextFileSync(`${root}/inner/theirs`, "precious\n");
  }
  const { degradations, engine, snapshot_id: second } = await box.save("second");
  assertEquals([engine, degradations.counts], ["btrfs-snapshot", { nested_subvolume: 1 }]);
  assertEquals(namesIn(`${payloadOf(box, second)}/inner`), []);
  await losingNothing(box, ["restore", first]);
  assertEquals(box.read("inner/theirs"), "precious\n");
  for (const flag of ["--force", "--discard"]) {
    const { message } = await box.error("E_PERMISSION", ["worktree", "remove", "other", flag]);
    assertStringIncludes(message, "inner");
  }
  assertEquals(Deno.readTextFileSync(`${other}/inner/theirs`), "precious\n");
  await box.json(["worktree", "fork", second, "forked"]);
  assertEquals(namesIn(`${box.path}/worktrees/forked/inner`), []);
  await box.audit();
});

Deno.test(
  "recovery takes no subvolume for a worktree that another process put in its place",
  needed,
  async () => {
    await using disk = await openDisk();
    const { repository } = await callIn(disk.path, init, { name: "project" }, { engine: "auto" });
    const main = `${repository}/main`;
    Deno.writeTextFileSync(`${main}/a`, "1\n");
    await callIn(main, snapshot, {}, { engine: "auto" });
    await callIn(main, worktreeFork, { name: "old" }, { engine: "auto" });
    const changes: [string, () => Promise<unknown>][] = [
      ["made", () => callIn(main, worktreeFork, { name: "made" }, { engine: "auto" })],
      ["renamed", () => callIn(main, worktreeRename, { name: "old", new_name: "renamed" })],
    ];
    for (const [name, change] of changes) {
      const path = `${repository}/worktrees/${name}`;
      for (let n = 1;; n++) {
        if (!await killedAt(n, change)) break;
        const isThere = exists(path);
        if (!isThere) {
          mustRun("btrfs", "subvolume", "create", path);
          Deno.writeTextFileSync(`${path}/theirs`, "precious\n");
        }
        await callIn(main, doctor, { repair_runtime: true });
        const { worktrees } = await callIn(main, worktreeList);
        assertEquals(worktrees.some((each) => each.name === name), isThere, `killed at ${n}`);
        if (isThere) break; // what follows only repeats it
        assertEquals(Deno.readTextFileSync(`${path}/theirs`), "precious\n", `killed at ${n}`);
        mustRun("btrfs", "subvolume", "delete", path);
      }
    }
  },
);
