import { assert, assertEquals, assertThrows } from "@std/assert";
import { requires } from "../../tests/support/requires.ts";
import { mustRun, run } from "../../tests/support/run.ts";
import { tempDir } from "../../tests/support/temp_dir.ts";
import { bytesOf, textOf } from "../model/bytes.ts";
import { FIFO } from "../model/entry.ts";
import { JvsError } from "../model/errors.ts";
import { a, b, dot, errnoOf, statOf, write } from "../../tests/support/platform_cases.ts";
import { openPlatform } from "./open_platform.ts";
import { Unsynced } from "./portable_folder.ts";

const portable = openPlatform({ ffi: false });

function assertRefused(call: () => unknown): void {
  const error = assertThrows(call, JvsError);
  assertEquals(error.code, "E_PERMISSION");
  assert(error.hint.includes("--allow-ffi"));
}

Deno.test({
  name: "PortablePlatform refuses names that are no UTF-8, naming the flag",
  ...requires("python3"),
  fn: () => {
    using temp = tempDir();
    const script = "import os, sys; os.symlink(b'\\xff', os.fsencode(sys.argv[1]) + b'/' + b'link'); " +
      "os.mkdir(os.fsencode(sys.argv[1]) + b'/sub'); open(os.fsencode(sys.argv[1]) + b'/sub/\\xff', 'w')";
    assertEquals(run("python3", "-c", script, temp.path).code, 0);
    using folder = portable.openFolder(temp.path);
    assertRefused(() => folder.readLink(bytesOf("link")));
    using sub = folder.openFolder(bytesOf("sub"));
    assertRefused(() => sub.list());
    const name = new Uint8Array([0xff]);
    assertRefused(() => sub.openFile(name, "create"));
    assertRefused(() => sub.makeSymlink(a, name));
    assertRefused(() => portable.openFolder(new Uint8Array([...bytesOf(temp.path), 0x2f, 0xff])));
  },
});

Deno.test("PortablePlatform keeps a name that really has U+FFFD in it", () => {
  using temp = tempDir();
  using folder = portable.openFolder(temp.path);
  write(folder, bytesOf("\ufffd"), "");
  assertEquals(textOf(folder.list().name(0)), "\ufffd");
});

Deno.test("PortablePlatform says what it cannot keep", () => {
  using temp = tempDir();
  using folder = portable.openFolder(temp.path);
  write(folder, a, "");
  const { abilities } = portable;
  assert(!Object.values(abilities).some((able) => able));
  assertEquals(folder.xattrs(a), []);
  assertEquals(errnoOf(() => folder.setXattr(a, { name: "user.a", value: a })), "EOPNOTSUPP");
  assertEquals(errnoOf(() => folder.removeXattr(a, "user.a")), "EOPNOTSUPP");
  assertEquals(errnoOf(() => folder.makeSpecial(b, FIFO, 0, 0)), "EOPNOTSUPP");
  using source = folder.openFile(a, "read");
  using target = folder.openFile(b, "create");
  assertEquals(errnoOf(() => target.cloneFrom(source)), "EOPNOTSUPP");
  folder.makeSymlink(bytesOf("link"), a);
  assertEquals(errnoOf(() => folder.setTimes(bytesOf("link"), 0, 0)), "EOPNOTSUPP");
  assertEquals(errnoOf(() => folder.setOwner(bytesOf("link"), 0, 0)), "EOPNOTSUPP");
});

Deno.test("PortablePlatform opens a folder by a path whose letters a display would change", () => {
  using temp = tempDir();
  Deno.mkdirSync(`${temp.path}/50%25\n`);
  using folder = portable.openFolder(`${temp.path}/50%25\n`);
  write(folder, a, "x");
  assertEquals(Deno.readTextFileSync(`${temp.path}/50%25\n/a`), "x");
  assertEquals(portable.fileSystem(folder).kind, "unknown");
});

Deno.test("PortablePlatform.syncFileSystem() passes over what is gone, and is done once", () => {
  using temp = tempDir();
  using folder = portable.openFolder(temp.path);
  write(folder, a, "x");
  folder.makeFolder(b, 0o755);
  folder.setMode(dot, 0o700);
  folder.removeFile(a);
  folder.removeFolder(b);
  portable.syncFileSystem(folder);
  assertEquals(statOf(folder, dot).mode, 0o700);
});

Deno.test("Unsynced.sync() opens nothing that took the place of a file: it would wait for a FIFO forever", () => {
  using folder = tempDir();
  const unsynced = new Unsynced();
  mustRun("mkfifo", `${folder.path}/fifo`);
  Deno.symlinkSync("fifo", `${folder.path}/link`);
  for (const name of ["fifo", "link", "gone"]) unsynced.add(`${folder.path}/${name}`);
  unsynced.sync();
});
