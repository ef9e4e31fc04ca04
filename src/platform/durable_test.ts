import { assert, assertEquals, assertThrows } from "@std/assert";
import { requires } from "../../tests/support/requires.ts";
import { diskImage } from "../../tests/support/disk_image.ts";
import { run } from "../../tests/support/run.ts";
import { tempDir } from "../../tests/support/temp_dir.ts";
import { bytesOf } from "../model/bytes.ts";
import { JvsError } from "../model/errors.ts";
import { byPath } from "../../tests/support/by_path.ts";
import { openPlatform } from "./open_platform.ts";
import * as durable from "./durable.ts";
import { isTemporaryName } from "./temporary_file.ts";
import { SystemError } from "./system_error.ts";

const writeDurable = byPath(durable.writeDurable);
const createDurable = byPath(durable.createDurable);
const removeDurable = byPath(durable.removeDurable);
const makeFolderDurable = byPath(durable.makeFolderDurable);
const readFresh = byPath(durable.readFresh);
const namesIn = (path: string) => Array.from(Deno.readDirSync(path), (entry) => entry.name).sort();
const modeOf = (path: string) => (Deno.lstatSync(path).mode ?? 0) & 0o7777;

Deno.test("writeDurable() makes and replaces a file and leaves nothing beside it", () => {
  using folder = tempDir();
  const path = `${folder.path}/f`;
  writeDurable(path, "one");
  const first = Deno.statSync(path).ino;
  writeDurable(path, bytesOf("two"));
  assertEquals(readFresh(path), "two");
  assert(Deno.statSync(path).ino !== first, "a new file took the name, the old one was not written into");
  assertEquals(namesIn(folder.path), ["f"]);
});

Deno.test("readFresh() looks again when the file is replaced while it reads, whatever the system says then", () => {
  using dir = tempDir();
  using folder = openPlatform().openFolder(dir.path);
  writeDurable(`${dir.path}/f`, "new");
  const errors = ["ENOENT", "ESTALE", "EBADF"] as const;
  for (const errno of errors) {
    let tries = 0;
    const read = (): Uint8Array => {
      if (tries++ === 0) throw new SystemError("read", dir.path, errno);
      return bytesOf("new");
    };
    assertEquals([durable.readFresh(folder, "f", read), tries], ["new", 2]);
  }
  const broken = (): Uint8Array => {
    throw new SystemError("read", dir.path, "EBADF");
  };
  assertThrows(() => durable.readFresh(folder, "f", broken), SystemError, "EBADF");
});

Deno.test("writeDurable() keeps the old file when it fails", () => {
  using folder = tempDir();
  Deno.mkdirSync(`${folder.path}/f`);
  const error = assertThrows(() => writeDurable(`${folder.path}/f`, "x"), SystemError);
  assertEquals([error.errno, error.details.path], ["EISDIR", `${folder.path}/f`]);
  assertEquals(namesIn(folder.path), ["f"]);
});

Deno.test({
  name: "writeDurable() says that a disk is full, and keeps the old text",
  ...requires("tmpfs"),
  fn: async () => {
    await using disk = await diskImage("tmpfs", { small: true });
    const path = `${disk.path}/f`;
    writeDurable(path, "old");
    const error = assertThrows(() => writeDurable(path, new Uint8Array(16 * 1024 * 1024)), SystemError);
    assertEquals([error.code, error.errno], ["E_NO_SPACE", "ENOSPC"]);
    assertEquals([readFresh(path), namesIn(disk.path)], ["old", ["f"]]);
  },
});

Deno.test({
  name: "writeDurable() syncs the file before its rename and the folder after it",
  ...requires("strace"),
  fn: () => {
    using folder = tempDir();
    const module = new URL("./durable.ts", import.meta.url).href;
    Deno.writeTextFileSync(
      `${folder.path}/go.ts`,
      `import { writeDurable } from ${JSON.stringify(module)};
       import { openPlatform } from ${JSON.stringify(new URL("./open_platform.ts", import.meta.url).href)};
       writeDurable(openPlatform().openFolder(${JSON.stringify(folder.path)}), "f", "x");`,
    );
    const config = new URL("../../deno.json", import.meta.url).pathname;
    const calls = "trace=fsync,fdatasync,rename,renameat,renameat2";
    const { stderr, code } = run(
      "strace",
      "-f",
      "-y",
      "-e",
      calls,
      Deno.execPath(),
      "run",
      "-A",
      "-q",
      "-c",
      config,
      `${folder.path}/go.ts`,
    );
    assertEquals(code, 0);
    const seen = stderr.split("\n").filter((line) =>
      line.includes(`<${folder.path}`) || line.includes(`"${folder.path}`)
    ).map((line) => /(fsync|fdatasync|rename)/.exec(line)?.[0]);
    assertEquals(seen, ["fsync", "rename", "fsync"]);
  },
});

Deno.test("createDurable() makes what is not there, and nothing else", () => {
  using folder = tempDir();
  const path = `${folder.path}/f`;
  createDurable(path, "one");
  const error = assertThrows(() => createDurable(path, "two"), JvsError);
  assertEquals([error.code, error.details.path], ["E_ALREADY_EXISTS", path]);
  assertEquals([readFresh(path), Deno.statSync(path).nlink], ["one", 1]);
  Deno.symlinkSync("nowhere", `${folder.path}/link`);
  assertEquals(
    assertThrows(() => createDurable(`${folder.path}/link`, "x"), JvsError).code,
    "E_ALREADY_EXISTS",
  );
  assertEquals(namesIn(folder.path), ["f", "link"]);
});

Deno.test("removeDurable() tells whether there was something", () => {
  using folder = tempDir();
  writeDurable(`${folder.path}/f`, "");
  assertEquals([removeDurable(`${folder.path}/f`), removeDurable(`${folder.path}/f`)], [true, false]);
  assertEquals(namesIn(folder.path), []);
});

Deno.test("makeFolderDurable() tells whether it made the folder", () => {
  using folder = tempDir();
  const path = `${folder.path}/d`;
  assertEquals([makeFolderDurable(path), makeFolderDurable(path)], [true, false]);
  writeDurable(`${path}/f`, "");
  Deno.symlinkSync(path, `${path}/link`);
  for (const name of ["f", "link"]) {
    assertEquals(assertThrows(() => makeFolderDurable(`${path}/${name}`), SystemError).errno, "EEXIST");
  }
});

Deno.test("what is made in a folder that is shared with a group may be read by the group and written by its owner, whatever the umask is", () => {
  using folder = tempDir();
  const umask = Deno.umask(0o077);
  try {
    for (const [mode, file, made] of [[0o755, 0o600, 0o700], [0o2770, 0o640, 0o2770]] as const) {
      const path = `${folder.path}/${mode}`;
      Deno.mkdirSync(path);
      Deno.chmodSync(path, mode);
      writeDurable(`${path}/f`, "");
      createDurable(`${path}/g`, "");
      makeFolderDurable(`${path}/d`);
      assertEquals(["f", "g", "d"].map((name) => modeOf(`${path}/${name}`)), [file, file, made]);
    }
    assertEquals(Deno.umask(), 0o077);
  } finally {
    Deno.umask(umask);
  }
});

Deno.test("readFresh() gives nothing for what is not there, and throws for what it cannot read", () => {
  using folder = tempDir();
  writeDurable(`${folder.path}/f`, "x");
  assertEquals(readFresh(`${folder.path}/g`), undefined);
  assertEquals(assertThrows(() => readFresh(folder.path), SystemError).errno, "EISDIR");
  Deno.symlinkSync("f", `${folder.path}/link`);
  assertEquals(assertThrows(() => readFresh(`${folder.path}/link`), SystemError).errno, "ELOOP");
});

Deno.test("readFresh() finds a file that is replaced again and again", async () => {
  using folder = tempDir();
  const path = `${folder.path}/f`;
  writeDurable(path, "0");
  const module = new URL("./durable.ts", import.meta.url).href;
  const script = `import { writeDurable } from ${JSON.stringify(module)};
    import { openPlatform } from ${JSON.stringify(new URL("./open_platform.ts", import.meta.url).href)};
    const folder = openPlatform().openFolder(${JSON.stringify(folder.path)});
    for (let i = 0; i < 300; i++) writeDurable(folder, "f", String(i).repeat(1000));`;
  const config = new URL("../../deno.json", import.meta.url).pathname;
  Deno.writeTextFileSync(`${folder.path}/go.ts`, script);
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "-q", "-c", config, `${folder.path}/go.ts`],
  }).spawn();
  let ended = false;
  const end = child.status.then((status) => {
    ended = true;
    return status;
  });
  while (!ended) {
    for (let i = 0; i < 100; i++) {
      const text = readFresh(path);
      assert(text !== undefined && (text === "0" || text.length % 1000 === 0));
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert((await end).success);
  assertEquals(readFresh(path), "299".repeat(1000));
});

Deno.test("readFresh() looks again when the file is replaced after the listing", () => {
  using folder = tempDir();
  const path = `${folder.path}/f`;
  writeDurable(path, "old");
  // As a second JuiceFS host sees it: the name is listed, but its file is gone.
  const texts = ["old", "new"];
  const read = () => {
    const text = texts.shift() ?? "";
    if (text === "old") throw new SystemError("open", path, "ENOENT");
    return bytesOf(text);
  };
  assertEquals(readFresh(path, read), "new");
});

Deno.test("isTemporaryName() knows what a crash leaves, and no name of a user", () => {
  assertEquals([".f.0123456789abcdef.tmp", "f.tmp", ".f.tmp", ".0123456789abcdef.tmp"].map(isTemporaryName), [
    true,
    false,
    false,
    false,
  ]);
});
