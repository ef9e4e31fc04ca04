import { assert, assertEquals, assertRejects } from "@std/assert";
import { type Disk, diskImage } from "../../tests/support/disk_image.ts";
import { exists, namesIn } from "../../tests/support/files.ts";
import { asOrdinaryThread } from "../../tests/support/ordinary_thread.ts";
import { USER } from "../../tests/support/as_user.ts";
import { requires } from "../../tests/support/requires.ts";
import { mustRun } from "../../tests/support/run.ts";
import { bytesOf } from "../model/bytes.ts";
import { isJvsError } from "../model/errors.ts";
import { openPlatform } from "../platform/open_platform.ts";
import type { Folder } from "../platform/platform.ts";
import { btrfsSnapshot } from "./btrfs_snapshot.ts";
import type { Probe } from "./contract.ts";
import { makeRoot, removeClone } from "./engines.ts";

/** A disk with the subvolume `source` and the folder `control`, both of an ordinary user. */
class Scene implements AsyncDisposable {
  readonly platform = openPlatform();

  private constructor(private readonly disk: Disk, readonly path: string) {}

  static async make(options: { mayDelete?: boolean } = {}): Promise<Scene> {
    const disk = await diskImage("btrfs", { small: true });
    if (options.mayDelete) mustRun("mount", "-o", "remount,user_subvol_rm_allowed", disk.path);
    mustRun("btrfs", "subvolume", "create", `${disk.path}/source`);
    Deno.mkdirSync(`${disk.path}/control`);
    for (const name of ["", "/source", "/control"]) Deno.chownSync(`${disk.path}${name}`, USER, USER);
    return new Scene(disk, disk.path);
  }

  open(name: string): Folder {
    return this.platform.openFolder(`${this.path}/${name}`);
  }

  async probe(name = "source"): Promise<Probe> {
    using source = this.open(name);
    using control = this.open("control");
    const probe = await btrfsSnapshot.probe(this.platform, { source, control });
    assertEquals(namesIn(control.path), [], "the probe left something");
    return probe;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.disk[Symbol.asyncDispose]();
  }
}

const needed = requires("root", "ffi", "btrfs");
const reasonOf = (probe: Probe) => probe.works ? "it works" : probe.reason;

Deno.test("btrfsSnapshot.probe() works for a subvolume, and for no other folder", needed, async () => {
  await using scene = await Scene.make();
  assertEquals(await scene.probe(), { works: true });
  assertEquals(reasonOf(await scene.probe("control")), "the tree is a plain folder, no subvolume");
  await using other = await diskImage("btrfs", { small: true });
  using source = scene.open("source");
  using control = scene.platform.openFolder(other.path);
  const elsewhere = await btrfsSnapshot.probe(scene.platform, { source, control });
  assertEquals(reasonOf(elsewhere), "the tree lies on another file system than the control plane");
  assertEquals(namesIn(other.path), []);
});

Deno.test("btrfsSnapshot.probe() tells an ordinary user who may not delete subvolumes", needed, async () => {
  await using scene = await Scene.make();
  using _user = asOrdinaryThread();
  assert(reasonOf(await scene.probe()).includes("user_subvol_rm_allowed"));
});

Deno.test(
  "btrfsSnapshot.probe() works for an ordinary user who may delete their subvolumes",
  needed,
  async () => {
    await using scene = await Scene.make({ mayDelete: true });
    mustRun("btrfs", "subvolume", "create", `${scene.path}/roots`);
    using _user = asOrdinaryThread();
    assertEquals(await scene.probe(), { works: true });
    assertEquals(reasonOf(await scene.probe("roots")), "the subvolume belongs to another user");
  },
);

Deno.test("makeRoot() makes a subvolume only where the user may delete it", needed, async () => {
  const made = async (mayDelete: boolean, forced = "auto") => {
    await using scene = await Scene.make({ mayDelete });
    using control = scene.open("control");
    using _user = asOrdinaryThread();
    makeRoot(scene.platform, control, bytesOf("root"), { forced, mode: 0o750 });
    assertEquals(namesIn(control.path), ["root"]);
    const { ino, mode } = Deno.lstatSync(`${control.path}/root`);
    assertEquals((mode ?? 0) & 0o7777, 0o750);
    return ino === 256;
  };
  assertEquals(await made(true), true);
  assertEquals(await made(true, "btrfs-snapshot"), true);
  assertEquals(await made(true, "reflink-copy"), false);
  assertEquals(await made(false), false);
});

Deno.test("makeRoot() gives a subvolume the group that a plain folder would get", needed, async () => {
  await using scene = await Scene.make();
  Deno.chownSync(`${scene.path}/control`, 0, USER);
  Deno.chmodSync(`${scene.path}/control`, 0o2770);
  using control = scene.open("control");
  control.makeFolder(bytesOf("plain"));
  makeRoot(scene.platform, control, bytesOf("root"), { forced: "auto" });
  const [plain, root] = ["plain", "root"].map((name) => Deno.lstatSync(`${control.path}/${name}`));
  assertEquals([root?.ino, root?.gid, root?.mode], [256, plain?.gid, plain?.mode]);
});

Deno.test("removeClone() removes a read-only subvolume at once", needed, async () => {
  await using scene = await Scene.make({ mayDelete: true });
  mustRun("btrfs", "subvolume", "snapshot", "-r", `${scene.path}/source`, `${scene.path}/control/clone`);
  using control = scene.open("control");
  using _user = asOrdinaryThread();
  await removeClone(scene.platform, control, bytesOf("clone"));
  assertEquals(namesIn(control.path), []);
});

Deno.test(
  "removeClone() removes a subvolume entry by entry when the user may no longer delete it",
  needed,
  async () => {
    await using scene = await Scene.make();
    Deno.mkdirSync(`${scene.path}/source/a/b`, { recursive: true });
    Deno.writeTextFileSync(`${scene.path}/source/a/b/c`, "x");
    Deno.chmodSync(`${scene.path}/source/a/b`, 0o555);
    mustRun("btrfs", "subvolume", "create", `${scene.path}/source/a/inner`); // leaves an empty folder in the clone
    mustRun("chown", "-R", `${USER}:${USER}`, `${scene.path}/source`);
    mustRun("btrfs", "subvolume", "snapshot", "-r", `${scene.path}/source`, `${scene.path}/control/clone`);
    using control = scene.open("control");
    using _user = asOrdinaryThread();
    await removeClone(scene.platform, control, bytesOf("clone"));
    assertEquals(namesIn(control.path), []);
  },
);

Deno.test(
  "removeClone() refuses a subvolume with another or a mount inside, and names it",
  needed,
  async () => {
    await using scene = await Scene.make();
    using control = scene.open("control");
    const clone = `${scene.path}/control/clone`;
    mustRun("btrfs", "subvolume", "create", clone);
    mustRun("btrfs", "subvolume", "create", `${clone}/theirs`);
    Deno.writeTextFileSync(`${clone}/theirs/file`, "precious");
    const remove = () => removeClone(scene.platform, control, bytesOf("clone"));
    const nested = await assertRejects(remove);
    assert(isJvsError(nested, "E_PERMISSION") && nested.message.includes("clone/theirs"), String(nested));
    assertEquals(Deno.readTextFileSync(`${clone}/theirs/file`), "precious");

    mustRun("btrfs", "subvolume", "delete", `${clone}/theirs`);
    Deno.mkdirSync(`${clone}/mnt`);
    mustRun("mount", "-t", "tmpfs", "jvs-test", `${clone}/mnt`);
    Deno.writeTextFileSync(`${clone}/mnt/file`, "precious");
    try {
      const mounted = await assertRejects(remove);
      assert(isJvsError(mounted, "E_PERMISSION") && mounted.message.includes("clone/mnt"), String(mounted));
      assertEquals(Deno.readTextFileSync(`${clone}/mnt/file`), "precious");
    } finally {
      mustRun("umount", `${clone}/mnt`);
    }
    await remove();
    assertEquals(exists(clone), false);
  },
);
