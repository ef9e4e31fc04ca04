import { assertEquals, assertThrows } from "@std/assert";
import { requires } from "../../tests/support/requires.ts";
import { tempDir } from "../../tests/support/temp_dir.ts";
import { bytesOf } from "../model/bytes.ts";
import { JvsError } from "../model/errors.ts";
import { openMade } from "./open_made.ts";
import { openPlatform } from "./open_platform.ts";

const NAME = "made";

Deno.test("openMade() opens an empty folder of the caller's that is closed to others, and leaves nothing beside it", () => {
  using dir = tempDir();
  using parent = openPlatform().openFolder(dir.path);
  parent.makeFolder(bytesOf(NAME), 0o700);
  openMade(parent, bytesOf(NAME))[Symbol.dispose]();
  assertEquals([...Deno.readDirSync(dir.path)].map(({ name }) => name), [NAME]);
});

const OTHERS: readonly [what: string, change: (path: string) => void, ...needs: "root"[]][] = [
  ["one of another user", (path) => Deno.chownSync(path, 61002, 61002), "root"],
  ["one that others may write", (path) => Deno.chmodSync(path, 0o777)],
  ["one that holds something", (path) => Deno.writeTextFileSync(`${path}/x`, "")],
];

for (const [what, change, ...needs] of OTHERS) {
  Deno.test(`openMade() refuses ${what}`, requires(...needs), () => {
    using dir = tempDir();
    using parent = openPlatform().openFolder(dir.path);
    parent.makeFolder(bytesOf(NAME), 0o700);
    change(`${dir.path}/${NAME}`);
    const error = assertThrows(() => openMade(parent, bytesOf(NAME)), JvsError, "another user put it there");
    assertEquals([error.code, [...Deno.readDirSync(dir.path)].length], ["E_PERMISSION", 1]);
  });
}
