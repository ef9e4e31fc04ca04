import { assertEquals } from "@std/assert";
import { requires } from "../../tests/support/requires.ts";
import { mustRun } from "../../tests/support/run.ts";
import { tempDir } from "../../tests/support/temp_dir.ts";
import { bytesOf } from "../model/bytes.ts";
import { type Libc, openLibc } from "./libc.ts";
import type { LinuxFolder } from "./linux_folder.ts";
import { servedMountOf, servedMountsBelow } from "./linux_mounts.ts";
import { openPlatform } from "./open_platform.ts";

Deno.test("hasMountsBelow() sees a mount at any depth, whatever its name", requires("ffi", "tmpfs"), () => {
  using dir = tempDir();
  const deep = `${dir.path}/a/with space/and\\backslash`;
  Deno.mkdirSync(deep, { recursive: true });
  Deno.mkdirSync(`${dir.path}/a/with`);
  const platform = openPlatform();
  using root = platform.openFolder(`${dir.path}/a`);
  using inner = root.openFolder(bytesOf("with space"));
  using beside = root.openFolder(bytesOf("with"));
  const found = () => [root, inner, beside].map((each) => platform.hasMountsBelow(each));
  assertEquals(found(), [false, false, false]);
  mustRun("mount", "-t", "tmpfs", "jvs-test", deep);
  try {
    assertEquals(found(), [true, true, false]);
  } finally {
    mustRun("umount", deep);
  }
});

Deno.test(
  "whereIs() follows a folder that is moved, and knows one that is gone or has no text",
  requires("ffi"),
  () => {
    using dir = tempDir();
    const platform = openPlatform();
    Deno.mkdirSync(`${dir.path}/before/inside`, { recursive: true });
    using folder = platform.openFolder(`${dir.path}/before/inside`);
    assertEquals(platform.whereIs(folder), `${dir.path}/before/inside`);
    Deno.renameSync(`${dir.path}/before`, `${dir.path}/after`);
    assertEquals(platform.whereIs(folder), `${dir.path}/after/inside`);
    Deno.removeSync(`${dir.path}/after/inside`);
    assertEquals(platform.whereIs(folder), undefined);
    using parent = platform.openFolder(dir.path);
    parent.makeFolder(new Uint8Array([0xff]));
    using nameless = parent.openFolder(new Uint8Array([0xff]));
    assertEquals(platform.whereIs(nameless), undefined);
  },
);

Deno.test(
  "servedMountsBelow() finds served file systems below a folder, not those inside another mount",
  requires("ffi"),
  () => {
    using dir = tempDir();
    const libc = openLibc();
    using root = openPlatform().openFolder(dir.path);
    const line = (point: string, kind: string) => `36 35 0:25 / ${point} rw - ${kind} dev rw`;
    const below = (...lines: [point: string, kind: string][]) => {
      const text = lines.map(([point, kind]) => line(point, kind)).join("\n");
      const seeing = Object.assign(Object.create(libc) as Libc, { readText: () => text });
      return servedMountsBelow(seeing, root as LinuxFolder).map(({ path }) => path.slice(dir.path.length));
    };
    const at = (path: string) => `${dir.path}${path}`;
    assertEquals(below(["/", "nfs"], [at(""), "fuse.x"], [at("/local"), "tmpfs"]), []);
    assertEquals(below([at("/a"), "fuse.x"], [at("/deep/b"), "nfs4"], [at("/a/inside"), "nfs4"]), [
      "/a",
      "/deep/b",
    ]);
    assertEquals(below([at("/local"), "tmpfs"], [at("/local/a"), "fuse.x"]), []);
    assertEquals(below([at("/a"), "fuse.x"], [at("/a"), "tmpfs"]), []);
  },
);

Deno.test("servedMountOf() finds the served file system that a path leads to by its text", () => {
  const line = (point: string, kind: string) => `36 35 0:25 / ${point} rw,noatime shared:1 - ${kind} dev rw`;
  const text = [
    line("/", "ext4"),
    line("/mnt/a\\040b", "fuse.juicefs"),
    line("/mnt/a\\040b/local", "xfs"),
    line("/ntfs", "fuseblk"),
    line("/exfat", "fuse"),
    line("/nfs", "nfs4"),
    line("/over", "nfs"),
    line("/over", "tmpfs"),
    line("/fusebox", "fused"),
  ].join("\n");
  const libc = { readText: () => text } as unknown as Libc;
  const found = (path: string) => servedMountOf(libc, path)?.kind;
  assertEquals(found("/mnt/a b"), "fuse.juicefs");
  assertEquals(found("/mnt/a b/deep/er"), "fuse.juicefs");
  assertEquals(found("/mnt/a bc"), undefined);
  assertEquals(found("/mnt/a b/local/x"), undefined);
  assertEquals(["/ntfs/x", "/exfat", "/nfs/x"].map(found), ["fuseblk", "fuse", "nfs4"]);
  assertEquals(["/", "/over/x", "/fusebox"].map(found), [undefined, undefined, undefined]);
});
