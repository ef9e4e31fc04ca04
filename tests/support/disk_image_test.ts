import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { diskImage, type DiskKind, sharedDisk } from "./disk_image.ts";
import { requires } from "./requires.ts";
import { mustRun, run } from "./run.ts";

/** What mount calls each kind. */
const MOUNTED_AS: Record<DiskKind, string> = {
  xfs: "xfs",
  btrfs: "btrfs",
  ext4: "ext4",
  tmpfs: "tmpfs",
  overlay: "overlay",
  juicefs: "fuse.juicefs",
  ntfs: "fuseblk",
  exfat: "fuseblk",
};

const KINDS = Object.keys(MOUNTED_AS) as DiskKind[];

/** How many loop devices an image has, deleted or not. */
function loopDevices(image: string): number {
  return mustRun("losetup", "--all", "--list", "--noheadings").split("\n").filter((line) =>
    line.includes(` ${image} `)
  ).length;
}

for (const kind of KINDS) {
  Deno.test({
    name: `diskImage() mounts ${kind} and takes it away again`,
    ...requires(kind),
    async fn() {
      let path = "";
      {
        await using disk = await diskImage(kind, { small: true });
        path = disk.path;
        assertEquals(mustRun("findmnt", "-no", "FSTYPE", path).trim(), MOUNTED_AS[kind]);
        Deno.writeTextFileSync(`${path}/file`, "content");
      }
      assertThrows(() => Deno.statSync(path), Deno.errors.NotFound);
      assertEquals(run("findmnt", path).code, 1);
    },
  });

  Deno.test({
    name: `diskImage() gives a filled ${kind} that is read-only`,
    ...requires(kind),
    async fn() {
      const fill = (path: string) => Deno.writeTextFileSync(`${path}/file`, "content");
      await using disk = await diskImage(kind, { small: true, readOnly: true, fill });
      assertEquals(Deno.readTextFileSync(`${disk.path}/file`), "content");
      assertThrows(() => Deno.writeTextFileSync(`${disk.path}/other`, ""), Error, "os error 30");
      disk.remount("rw");
      Deno.writeTextFileSync(`${disk.path}/other`, "");
    },
  });
}

Deno.test({
  name: "diskImage() takes a disk away while a program works in it, loop device and all",
  ...requires("xfs"),
  async fn() {
    let image = "";
    let program: Deno.ChildProcess;
    {
      await using disk = await diskImage("xfs", { small: true });
      program = new Deno.Command("cat", { cwd: disk.path, stdin: "piped", stdout: "null" }).spawn();
      image = `${disk.path.replace(/\/disk$/, "")}/image`;
      assertEquals(loopDevices(image), 1);
    }
    await program.stdin.close();
    await program.status;
    const deadline = Date.now() + 10_000; // the kernel lets the device go some time after the last use
    while (loopDevices(image) > 0 && Date.now() < deadline) await new Promise((done) => setTimeout(done, 10));
    assertEquals(loopDevices(image), 0);
  },
});

Deno.test({
  name: "diskImage() leaves nothing behind when filling fails",
  ...requires("ext4"),
  async fn() {
    let path = "";
    const fill = (mounted: string) => {
      path = mounted;
      throw new Error("filling failed");
    };
    await assertRejects(() => diskImage("ext4", { small: true, fill }), Error, "filling failed");
    assertThrows(() => Deno.statSync(path), Deno.errors.NotFound);
  },
});

Deno.test({
  name: "diskImage() makes XFS with reflinks",
  ...requires("xfs"),
  async fn() {
    using folder = await sharedDisk("xfs");
    Deno.writeTextFileSync(`${folder.path}/a`, "content");
    mustRun("cp", "--reflink=always", `${folder.path}/a`, `${folder.path}/b`);
    using another = await sharedDisk("xfs");
    assert(another.path !== folder.path);
    assertEquals(Deno.statSync(another.path).dev, Deno.statSync(folder.path).dev);
  },
});
