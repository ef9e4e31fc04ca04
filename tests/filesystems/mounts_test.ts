import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { BlackBox } from "../support/black_box.ts";
import { type Disk, diskImage, unmount } from "../support/disk_image.ts";
import { exists } from "../support/files.ts";
import { fullAudit } from "../support/full_audit.ts";
import { jvsJson } from "../support/jvs.ts";
import { contentsOf, losingNothing } from "../support/kept_content.ts";
import { requires } from "../support/requires.ts";
import { mustRun } from "../support/run.ts";

/** Mounts a folder at another place as well, for one block. */
function bindMount(from: string, to: string): Disposable {
  mustRun("mount", "--bind", from, to);
  return { [Symbol.dispose]: () => unmount(to) };
}

function tmpfs(at: string): Disposable {
  mustRun("mount", "-t", "tmpfs", "-o", "size=1m", "jvs-test", at);
  return { [Symbol.dispose]: () => unmount(at) };
}

for (const kind of ["bind mount", "tmpfs"] as const) {
  Deno.test({
    name: `jvs never enters, saves, changes or removes a ${kind} inside a worktree, and names it`,
    ...requires("root", "tmpfs"),
    fn: async () => {
      using box = await BlackBox.make();
      box.write("a", "1\n");
      const { snapshot_id } = await box.save("first");
      await box.json(["worktree", "fork", "other"]);
      const elsewhere = `${box.outside}/elsewhere`;
      Deno.mkdirSync(elsewhere);
      for (const root of [box.main, `${box.path}/worktrees/other`]) {
        Deno.mkdirSync(`${root}/folder/mnt`, { recursive: true });
      }
      const mount = (at: string) => kind === "tmpfs" ? tmpfs(at) : bindMount(elsewhere, at);
      {
        using _mount = mount(`${box.main}/folder/mnt`);
        Deno.writeTextFileSync(`${box.main}/folder/mnt/theirs`, "precious\n");
        const { degradations } = await box.save("second");
        assertEquals(degradations.counts, { mount_point: 1 });
        box.write("a", "2\n");
        box.write("folder/beside", "new\n");
        const result = await losingNothing(box, ["restore", snapshot_id]);
        assertStringIncludes(result.kept.join(), "folder/mnt");
        assertEquals(box.read("folder/mnt/theirs"), "precious\n");
        assertEquals(exists(`${box.main}/folder/beside`), false);
        mustRun("mountpoint", "-q", `${box.main}/folder/mnt`);
      }
      {
        using _mount = mount(`${box.path}/worktrees/other/folder/mnt`);
        Deno.writeTextFileSync(`${box.path}/worktrees/other/folder/mnt/theirs`, "precious\n");
        for (const flag of ["--force", "--discard"]) {
          const { message, hint } = await box.error("E_PERMISSION", ["worktree", "remove", "other", flag]);
          assertStringIncludes(message, "folder/mnt");
          assertStringIncludes(hint, "nmount");
        }
        assertEquals(Deno.readTextFileSync(`${box.path}/worktrees/other/folder/mnt/theirs`), "precious\n");
      }
      await box.json(["worktree", "remove", "other", "--force"]);
      await box.audit();
    },
  });
}

Deno.test({
  name: "jvs restore refuses when a mount point is in the way, before any change",
  ...requires("root", "tmpfs"),
  fn: async () => {
    using box = await BlackBox.make();
    box.write("a", "1\n");
    box.write("b", "1\n");
    const { snapshot_id } = await box.save("first");
    Deno.removeSync(`${box.main}/a`);
    Deno.mkdirSync(`${box.main}/a/mnt`, { recursive: true });
    box.write("b", "2\n");
    {
      using _mount = tmpfs(`${box.main}/a/mnt`);
      Deno.writeTextFileSync(`${box.main}/a/mnt/theirs`, "precious\n");
      const before = contentsOf(box.main);
      for (const flags of [[], ["--discard"]]) {
        const { message } = await box.error("E_UNSAVED_CHANGES", ["restore", snapshot_id, ...flags]);
        assertStringIncludes(message, "a/mnt");
        assertEquals(contentsOf(box.main), before);
      }
    }
    await losingNothing(box, ["restore", snapshot_id]);
  },
});

Deno.test({
  name: "jvs leaves a single file that is a bind mount alone",
  ...requires("root"),
  fn: async () => {
    using box = await BlackBox.make();
    box.write("a", "1\n");
    box.write("b", "1\n");
    const { snapshot_id } = await box.save("first");
    Deno.writeTextFileSync(`${box.outside}/secret`, "precious\n");
    {
      using _mount = bindMount(`${box.outside}/secret`, `${box.main}/a`);
      box.write("b", "2\n");
      await losingNothing(box, ["restore", snapshot_id]);
      assertEquals(box.read("a"), "precious\n");
      assertEquals(box.read("b"), "1\n");
    }
    assertEquals(Deno.readTextFileSync(`${box.outside}/secret`), "precious\n");
  },
});

Deno.test({
  name:
    "jvs status, history, diff, show and verify work where nothing can be written; changes say why they cannot",
  ...requires("root", "ext4"),
  fn: async () => {
    await using disk = await diskImage("ext4", { small: true });
    using box = await BlackBox.make({ parent: disk.path });
    box.write("a", "1\n");
    const { snapshot_id } = await box.save("first");
    box.write("a", "2\n");
    await box.save("second");
    box.write("a", "3\n");
    {
      using _readOnly = readOnly(disk);
      for (
        const args of [
          ["status"],
          ["history", "--all"],
          ["diff"],
          ["diff", snapshot_id],
          ["show", snapshot_id],
          ["info"],
          ["verify", "--all"],
          ["doctor", "--strict"],
          ["path", snapshot_id],
          ["worktree", "list"],
        ]
      ) {
        const run = await box.run([...args, "--json"]);
        assertEquals(run.code, 0, `${args.join(" ")}: ${run.stdout}${run.stderr}`);
      }
      const status = await box.json<{ clean: boolean }>(["status"]);
      assertEquals(status.clean, false);
      for (
        const args of [["snapshot"], ["restore", snapshot_id], ["worktree", "fork", "x"], [
          "ref",
          "create",
          "x",
        ]]
      ) {
        const { message, hint } = await box.error("E_PERMISSION", args);
        assertStringIncludes(message, "read-only");
        assertStringIncludes(hint, "ount");
      }
    }
    await losingNothing(box, ["restore", snapshot_id]);
  },
});

function readOnly(disk: Disk): Disposable {
  disk.remount("ro");
  return { [Symbol.dispose]: () => disk.remount("rw") };
}

/** Adopts a folder whose restores must stage inside it, takes it back and forth, and leaves nothing in it. */
async function backAndForth(dir: string, act: { cwd: string; env?: Record<string, string> }): Promise<void> {
  const save = async (note: string) =>
    (await jvsJson<{ snapshot: { snapshot_id: string } }>(["snapshot", note], act)).snapshot.snapshot_id;
  const write = (path: string, text: string) => {
    Deno.mkdirSync(`${dir}/${path}`.replace(/\/[^/]*$/, ""), { recursive: true });
    Deno.writeTextFileSync(`${dir}/${path}`, text);
  };
  const first = await save("first");
  const then = contentsOf(dir);
  write("plain", "second\n");
  Deno.removeSync(`${dir}/old-folder`, { recursive: true });
  write("old-folder", "a file now\n");
  write("new/deep/file", "new\n");
  const second = await save("second");
  const later = contentsOf(dir);
  write("plain", "precious\n");
  const { autosave_snapshot_id } = await jvsJson<{ autosave_snapshot_id: string }>(["restore", first], act);
  assertEquals(contentsOf(dir), then);
  await jvsJson(["restore", second], act);
  assertEquals(contentsOf(dir), later);
  await jvsJson(["restore", first], act);
  await jvsJson(["restore", autosave_snapshot_id], act);
  assertEquals(Deno.readTextFileSync(`${dir}/plain`), "precious\n");
  assertEquals(
    [...Deno.readDirSync(dir)].map(({ name }) => name).filter((name) => name.startsWith(".jvs")),
    [],
  );
  await fullAudit(dir, act);
}

function fillOld(dir: string): void {
  Deno.mkdirSync(`${dir}/old-folder/deep`, { recursive: true });
  Deno.writeTextFileSync(`${dir}/old-folder/deep/file`, "first\n");
  Deno.writeTextFileSync(`${dir}/plain`, "first\n");
}

Deno.test({
  name: "jvs restores a worktree that is a btrfs subvolume of its own",
  ...requires("root", "btrfs"),
  fn: async () => {
    await using disk = await diskImage("btrfs");
    const dir = `${disk.path}/work`;
    mustRun("btrfs", "subvolume", "create", dir);
    fillOld(dir);
    await jvsJson(["adopt", dir], { cwd: disk.path });
    await backAndForth(dir, { cwd: dir });
  },
});

Deno.test({
  name: "jvs restores a worktree whose folder is a bind mount",
  ...requires("root"),
  fn: async () => {
    using box = await BlackBox.make();
    await box.json(["worktree", "create", "bound"]);
    const dir = `${box.path}/worktrees/bound`;
    const elsewhere = `${box.outside}/elsewhere`;
    Deno.mkdirSync(elsewhere);
    fillOld(elsewhere);
    using _mount = bindMount(elsewhere, dir);
    await backAndForth(dir, { cwd: dir });
  },
});

Deno.test({
  name: "jvs restores a worktree on overlayfs, folders of its lower layer included",
  ...requires("root", "overlay"),
  fn: async () => {
    await using disk = await diskImage("overlay", {
      fill: (path) => {
        Deno.mkdirSync(`${path}/work`);
        fillOld(`${path}/work`);
      },
    });
    const dir = `${disk.path}/work`;
    await jvsJson(["adopt", dir], { cwd: disk.path });
    await backAndForth(dir, { cwd: dir });
  },
});

Deno.test({
  name:
    "jvs restore goes well where an old replaced folder cannot be cleaned up, and leaves a mount in it alone",
  ...requires("root", "tmpfs"),
  fn: async () => {
    using box = await BlackBox.make();
    box.write("a", "1\n");
    const { snapshot_id } = await box.save("first");
    await box.json(["config", "set", "restore.keep_replaced", "0s"]);
    const replaced = `${box.control}/runtime/shared/replaced/earlier`;
    Deno.mkdirSync(`${replaced}/mnt`, { recursive: true });
    {
      using _mount = tmpfs(`${replaced}/mnt`);
      Deno.writeTextFileSync(`${replaced}/mnt/theirs`, "precious\n");
      box.write("a", "2\n");
      const run = await box.run(["restore", snapshot_id]);
      assertEquals(run.code, 0, run.stderr);
      assertStringIncludes(run.stderr, "mnt");
      assertEquals(Deno.readTextFileSync(`${replaced}/mnt/theirs`), "precious\n");
    }
    box.write("a", "2\n");
    await losingNothing(box, ["restore", snapshot_id]);
    assertEquals(exists(replaced), false);
  },
});

Deno.test({
  name: "jvs adopt refuses a mount point, and says what to do",
  ...requires("root", "tmpfs"),
  fn: async () => {
    using box = await BlackBox.make();
    const dir = `${box.outside}/mnt`;
    Deno.mkdirSync(dir);
    using _mount = tmpfs(dir);
    const run = await box.run(["adopt", dir, "--json"]);
    assert(run.code !== 0 && typeof run.json.hint === "string");
    assertStringIncludes(run.json.hint, "inside");
    assertEquals(exists(`${dir}.jvs`), false);
  },
});
