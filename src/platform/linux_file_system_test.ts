import { assert, assertEquals } from "@std/assert";
import { mustRun } from "../../tests/support/run.ts";
import { tempDir } from "../../tests/support/temp_dir.ts";
import { a, b, DISKS, errnoOf, onDisks, onLinux } from "../../tests/support/platform_cases.ts";

const MB = 1024 * 1024;

onDisks(
  "fileSystem() tells kind, id, room and whether it can be written",
  DISKS,
  ({ platform, folder }, kind) => {
    const found = platform.fileSystem(folder);
    assertEquals(found.kind, kind);
    assert(found.id.startsWith(`${kind}:`));
    assertEquals([found.readOnly, found.granularityNs], [false, 10_000_000]);
    assert(found.freeBytes > 100 * MB && found.freeInodes > 1000);
    folder.makeFolder(a, 0o755);
    using child = folder.openFolder(a);
    assertEquals(platform.fileSystem(child).id, found.id);
    using elsewhere = tempDir();
    using other = platform.openFolder(elsewhere.path);
    assert(platform.fileSystem(other).id !== found.id);
    platform.syncFileSystem(folder);
  },
);

onDisks(
  "fileSystem() gives the UUID, and on btrfs the subvolume",
  ["xfs", "btrfs"],
  ({ platform, folder, path }, kind) => {
    const uuid = mustRun("findmnt", "-n", "-o", "UUID", "-T", path).trim() ||
      mustRun(
        "blkid",
        "-o",
        "value",
        "-s",
        "UUID",
        mustRun("findmnt", "-n", "-o", "SOURCE", "-T", path).trim(),
      )
        .trim();
    const { id } = platform.fileSystem(folder);
    assert(id.startsWith(`${kind}:${uuid}`), `${id} has not ${uuid}`);
    if (kind !== "btrfs") return;
    mustRun("btrfs", "subvolume", "create", `${path}/sub`);
    using inner = platform.openFolder(`${path}/sub`);
    assert(platform.fileSystem(inner).id !== id);
    assert(platform.fileSystem(inner).id.startsWith(`${kind}:${uuid}:`));
  },
);

onLinux("fileSystem() sees a disk that was made read-only", ({ platform, folder, path }) => {
  folder.makeFolder(a, 0o755);
  mustRun("mount", "-t", "tmpfs", "-o", "ro", "jvs-test", `${path}/a`);
  try {
    using inner = folder.openFolder(a);
    assertEquals(platform.fileSystem(inner).readOnly, true);
    assertEquals(errnoOf(() => inner.makeFolder(b, 0o755)), "EROFS");
  } finally {
    mustRun("umount", `${path}/a`);
  }
}, "tmpfs");
