import { assert, assertEquals } from "@std/assert";
import { bytesOf } from "../../src/model/bytes.ts";
import { openPlatform } from "../../src/platform/open_platform.ts";
import { Stat } from "../../src/platform/stat.ts";
import { diskImage } from "../support/disk_image.ts";
import { requires } from "../support/requires.ts";

/** More than one call gives. */
const PIECES = 1000;

for (const kind of ["xfs", "btrfs"] as const) {
  const needed = requires("root", "ffi", kind);
  Deno.test(`OpenFile.extents() tells which of many pieces are shared (${kind})`, needed, async () => {
    await using disk = await diskImage(kind);
    using folder = openPlatform().openFolder(disk.path);
    const bytes = crypto.getRandomValues(new Uint8Array(4096));
    using file = folder.openFile(bytesOf("file"), "create");
    for (let i = 0; i < PIECES; i++) file.writeAt(bytes, i * 8192);
    file.sync();
    const alone = file.extents() ?? [];
    assert(alone.length >= PIECES); // XFS has made room in the holes too
    const bytesOnDisk = alone.reduce((sum, { length }) => sum + length, 0);
    assert(bytesOnDisk >= PIECES * 4096 && bytesOnDisk <= Stat.ofFile(file).blocks * 512);
    assert(alone.every(({ isShared, isEncoded }) => !isShared && !isEncoded));
    using clone = folder.openFile(bytesOf("clone"), "create");
    clone.cloneFrom(file);
    clone.sync();
    const cloned = clone.extents() ?? [];
    assertEquals(cloned.filter(({ isShared }) => isShared).length >= PIECES, true);
    clone.writeAt(bytes, 0);
    clone.sync();
    const changed = clone.extents() ?? [];
    assertEquals([changed[0]?.isShared, changed.filter(({ isShared }) => isShared).length > 900], [
      false,
      true,
    ]);
  });
}
