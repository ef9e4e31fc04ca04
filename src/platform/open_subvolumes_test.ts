import { assertEquals, assertThrows } from "@std/assert";
import { sharedDisk } from "../../tests/support/disk_image.ts";
import { exists } from "../../tests/support/files.ts";
import { asOrdinaryThread } from "../../tests/support/ordinary_thread.ts";
import { a, b, dot, errnoOf } from "../../tests/support/platform_cases.ts";
import { USER } from "../../tests/support/as_user.ts";
import { requires } from "../../tests/support/requires.ts";
import { tempDir } from "../../tests/support/temp_dir.ts";
import { bytesOf } from "../model/bytes.ts";
import { openPlatform } from "./open_platform.ts";
import { type Folder } from "./platform.ts";
import { PLACEHOLDER_INODE, SUBVOLUME_INODE } from "./file_system.ts";
import { Stat } from "./stat.ts";
import { subvolumesOf } from "./open_subvolumes.ts";
import type { Subvolumes } from "./subvolumes.ts";

interface Case {
  readonly subvolumes: Subvolumes;
  readonly folder: Folder;
  readonly path: string;
}

function onBtrfs(name: string, check: (given: Case) => void): void {
  Deno.test(name, requires("ffi", "root", "btrfs"), async () => {
    using disk = await sharedDisk("btrfs");
    const platform = openPlatform();
    using folder = platform.openFolder(disk.path);
    check({ subvolumes: subvolumesOf(platform) as Subvolumes, folder, path: disk.path });
  });
}

function inodeOf(path: string): number | null {
  return Deno.lstatSync(path).ino;
}

onBtrfs("subvolumesOf() makes, recognises and removes subvolumes", ({ subvolumes, folder, path }) => {
  subvolumes.make(folder, a);
  folder.makeFolder(b);
  assertEquals(inodeOf(`${path}/a`), SUBVOLUME_INODE);
  using root = folder.openFolder(a);
  using plain = folder.openFolder(b);
  assertEquals([subvolumes.isRoot(root), subvolumes.isRoot(plain)], [true, false]);
  assertEquals(errnoOf(() => subvolumes.make(folder, a)), "EEXIST");
  Deno.writeTextFileSync(`${path}/a/file`, "x");
  subvolumes.remove(folder, a);
  assertEquals(exists(`${path}/a`), false);
  assertEquals(errnoOf(() => subvolumes.remove(folder, b)), "EINVAL");
  assertEquals(exists(`${path}/b`), true);
});

onBtrfs("subvolumesOf() takes only a name in the open folder", ({ subvolumes, folder }) => {
  subvolumes.make(folder, a);
  using root = folder.openFolder(a);
  for (const name of [dot, bytesOf(".."), bytesOf("a/b"), bytesOf("")]) {
    assertEquals(errnoOf(() => subvolumes.make(folder, name)), "EINVAL");
    assertEquals(errnoOf(() => subvolumes.remove(root, name)), "EINVAL");
    assertEquals(errnoOf(() => subvolumes.snapshot(root, folder, name, { readOnly: false })), "EINVAL");
  }
});

onBtrfs("snapshot() clones a subvolume, read-only or writable", ({ subvolumes, folder, path }) => {
  subvolumes.make(folder, a);
  using root = folder.openFolder(a);
  Deno.writeTextFileSync(`${path}/a/file`, "x");
  subvolumes.make(root, bytesOf("inner"));
  subvolumes.snapshot(root, folder, bytesOf("closed"), { readOnly: true });
  subvolumes.snapshot(root, folder, bytesOf("open"), { readOnly: false });
  assertThrows(() => Deno.writeTextFileSync(`${path}/closed/file`, "y"));
  Deno.writeTextFileSync(`${path}/open/file`, "y");
  using closed = folder.openFolder(bytesOf("closed"));
  subvolumes.setReadOnly(closed, false);
  Deno.writeTextFileSync(`${path}/closed/file`, "y");
  subvolumes.setReadOnly(closed, true);
  assertThrows(() => Deno.writeTextFileSync(`${path}/closed/file`, "z"));
  assertEquals(Deno.readTextFileSync(`${path}/a/file`), "x");
  assertEquals(inodeOf(`${path}/open/inner`), PLACEHOLDER_INODE);
  // The probe of the engine relies on it: a taken name is told only to those who may clone the source.
  assertEquals(errnoOf(() => subvolumes.snapshot(root, folder, a, { readOnly: true })), "EEXIST");
  folder.makeFolder(b);
  using plain = folder.openFolder(b);
  assertEquals(errnoOf(() => subvolumes.snapshot(plain, folder, a, { readOnly: true })), "EINVAL");
  // A subvolume that holds another is not removed with it.
  assertEquals(errnoOf(() => subvolumes.remove(folder, a)), "ENOTEMPTY");
  for (const name of ["closed", "open"]) subvolumes.remove(folder, bytesOf(name));
});

onBtrfs(
  "snapshot() and remove() are refused to an ordinary user: others' trees, and without the mount option",
  ({ subvolumes, folder, path }) => {
    subvolumes.make(folder, a);
    using theirs = folder.openFolder(a);
    Deno.chownSync(path, USER, USER);
    using _user = asOrdinaryThread();
    subvolumes.make(folder, b);
    assertEquals(errnoOf(() => subvolumes.snapshot(theirs, folder, b, { readOnly: true })), "EPERM");
    using own = folder.openFolder(b);
    assertEquals(errnoOf(() => subvolumes.snapshot(own, folder, b, { readOnly: true })), "EEXIST");
    assertEquals(errnoOf(() => subvolumes.remove(folder, b)), "EPERM");
    folder.removeFolder(b);
    assertEquals(folder.stat(b, new Stat()), false);
  },
);

Deno.test("subvolumesOf() has none without the C library", () => {
  assertEquals(subvolumesOf(openPlatform({ ffi: false })), undefined);
});

Deno.test("isRoot() is false on another file system, for the same inode too", requires("ffi"), () => {
  using dir = tempDir();
  const platform = openPlatform();
  using folder = platform.openFolder(dir.path);
  assertEquals((subvolumesOf(platform) as Subvolumes).isRoot(folder), false);
});
