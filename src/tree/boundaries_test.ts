import { assertEquals } from "@std/assert";
import { diskImage } from "../../tests/support/disk_image.ts";
import { requires } from "../../tests/support/requires.ts";
import { mustRun } from "../../tests/support/run.ts";
import { indexOf, onTree, pathsOf, scan, withTree } from "../../tests/support/tree_cases.ts";
import { parseIgnoreRules } from "./ignore.ts";

onTree("scanTree() lists a nested repository as an empty folder", async ({ root, path }) => {
  for (const inside of ["nested", "half", "looks.like"]) {
    Deno.mkdirSync(`${path}/${inside}/.jvs`, { recursive: true });
  }
  Deno.mkdirSync(`${path}/.jvs`);
  for (const name of [".jvs/format_version", "nested/.jvs/format_version", "nested/file", "half/file"]) {
    Deno.writeTextFileSync(`${path}/${name}`, "2\n");
  }
  Deno.mkdirSync(`${path}/looks.like/.jvs/format_version`);
  const { table, boundaries, degradations } = await scan(root);
  assertEquals(pathsOf(table).filter((name) => name.startsWith("nested")), ["nested"]);
  assertEquals([...boundaries], [[indexOf(table, "nested"), "nested_repository"]]);
  assertEquals(table.find(new TextEncoder().encode("half/file")) > 0, true);
  assertEquals(degradations.toRecord().counts, { nested_repository: 1 });
  const ignoring = await scan(root, { rules: parseIgnoreRules("nested") });
  assertEquals(ignoring.boundaries.size, 0);
});

onTree(
  "scanTree() does not enter bind mounts, and names mounted files",
  async ({ root, path, ours }) => {
    Deno.mkdirSync(`${path}/mounted`);
    Deno.writeTextFileSync(`${path}/mounted/hidden`, "");
    Deno.writeTextFileSync(`${path}/mounted-file`, "");
    Deno.mkdirSync(`${ours}/elsewhere`);
    Deno.writeTextFileSync(`${ours}/elsewhere/precious`, "");
    mustRun("mount", "--bind", `${ours}/elsewhere`, `${path}/mounted`);
    mustRun("mount", "--bind", `${ours}/elsewhere/precious`, `${path}/mounted-file`);
    try {
      const { table, boundaries, degradations } = await scan(root);
      assertEquals(pathsOf(table), ["mounted", "mounted-file"]);
      assertEquals([...boundaries], [[1, "mount_point"], [2, "mount_point"]]);
      assertEquals(degradations.toRecord().first.map(({ kind, path }) => [kind, path]), [
        ["mount_point", "mounted"],
        ["mount_point", "mounted-file"],
      ]);
    } finally {
      mustRun("umount", `${path}/mounted`, `${path}/mounted-file`);
    }
  },
  "root",
  "tmpfs",
);

onTree(
  "scanTree() does not enter another file system, but its root may be one",
  async ({ platform, root, path }) => {
    Deno.mkdirSync(`${path}/mounted`);
    mustRun("mount", "-t", "tmpfs", "jvs-test", `${path}/mounted`);
    try {
      Deno.writeTextFileSync(`${path}/mounted/file`, "");
      assertEquals(pathsOf((await scan(root)).table), ["mounted"]);
      using mounted = platform.openFolder(`${path}/mounted`);
      const { table, boundaries } = await scan(mounted);
      assertEquals([pathsOf(table), boundaries.size], [["file"], 0]);
    } finally {
      mustRun("umount", `${path}/mounted`);
    }
  },
  "root",
  "tmpfs",
);

Deno.test("scanTree() does not enter a nested subvolume", requires("ffi", "btrfs"), async () => {
  await using disk = await diskImage("btrfs");
  await withTree(disk.path, async ({ root, path }) => {
    mustRun("btrfs", "subvolume", "create", `${path}/sub`);
    Deno.writeTextFileSync(`${path}/sub/file`, "");
    const { table, boundaries } = await scan(root);
    assertEquals(pathsOf(table), ["sub"]);
    assertEquals([...boundaries], [[1, "nested_subvolume"]]);
  });
});

Deno.test("scanTree() says which entries have inode flags", requires("ffi", "ext4"), async () => {
  await using disk = await diskImage("ext4");
  await withTree(disk.path, async ({ root, path }) => {
    Deno.writeTextFileSync(`${path}/file`, "");
    mustRun("chattr", "+i", `${path}/file`);
    const { degradations } = await scan(root);
    mustRun("chattr", "-i", `${path}/file`);
    assertEquals(degradations.toRecord().first.map(({ kind, path }) => [kind, path]), [[
      "inode_flags",
      "file",
    ]]);
  });
});
