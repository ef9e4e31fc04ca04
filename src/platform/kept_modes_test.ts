import { assertEquals } from "@std/assert";
import { tempDir } from "../../tests/support/temp_dir.ts";
import { keptModes } from "./kept_modes.ts";
import { openPlatform } from "./open_platform.ts";
import type { Folder } from "./platform.ts";
import { SystemError } from "./system_error.ts";

Deno.test("keptModes() tells what a file system keeps, and believes less where nothing can be made", () => {
  using dir = tempDir();
  using folder = openPlatform().openFolder(dir.path);
  assertEquals(keptModes(folder, "ext4"), { modes: true, marks: true });
  assertEquals([...Deno.readDirSync(dir.path)], []);
  const refusing: Folder = Object.create(folder, {
    openFile: {
      value: () => {
        throw new SystemError("make", dir.path, "EROFS");
      },
    },
  });
  for (
    const [kind, isKept] of [["ext4", true], ["unknown", true], ["exfat", false], ["fuseblk", false]] as const
  ) {
    assertEquals(keptModes(refusing, kind), { modes: isKept, marks: isKept });
  }
});
