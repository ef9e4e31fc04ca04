import { assertEquals, assertThrows } from "@std/assert";
import { sharedDisk } from "../../tests/support/disk_image.ts";
import { asOrdinaryThread } from "../../tests/support/ordinary_thread.ts";
import { USER } from "../../tests/support/as_user.ts";
import { requires } from "../../tests/support/requires.ts";
import { mustRun } from "../../tests/support/run.ts";
import { tempDir } from "../../tests/support/temp_dir.ts";
import { bytesOf } from "../model/bytes.ts";
import { moveFolder } from "./move_folder.ts";
import { openPlatform } from "./open_platform.ts";
import { SystemError } from "./system_error.ts";

const [NAME, NEW] = [bytesOf("tree"), bytesOf("new")];

function move(path: string): void {
  const platform = openPlatform();
  using from = platform.openFolder(`${path}/from`);
  using to = platform.openFolder(`${path}/to`);
  moveFolder(platform, { folder: from, name: NAME }, { folder: to, name: NEW });
}

Deno.test({
  name: "moveFolder() moves a folder in which its owner may not write, leaves its mode, and replaces nothing",
  ...requires("ffi", "root", "user"),
  fn() {
    using dir = tempDir({ owner: USER });
    mustRun(
      "sh",
      "-ec",
      `cd '${dir.path}'; mkdir from to from/tree; echo x > from/tree/x; chmod 500 from/tree; chown -R ${USER} .`,
    );
    {
      using _user = asOrdinaryThread();
      move(dir.path);
    }
    assertEquals((Deno.statSync(`${dir.path}/to/new`).mode ?? 0) & 0o777, 0o500);
    Deno.mkdirSync(`${dir.path}/from/tree`);
    assertThrows(() => move(dir.path), SystemError);
  },
});

Deno.test({
  name: "moveFolder() moves a read-only subvolume, which is read-only again",
  ...requires("ffi", "root", "btrfs"),
  async fn() {
    using image = await sharedDisk("btrfs");
    mustRun(
      "sh",
      "-ec",
      `cd '${image.path}'; mkdir from to; btrfs subvolume create from/tree; echo x > from/tree/x; btrfs property set -ts from/tree ro true`,
    );
    move(image.path);
    assertEquals(mustRun("btrfs", "property", "get", "-ts", `${image.path}/to/new`, "ro").trim(), "ro=true");
  },
});
