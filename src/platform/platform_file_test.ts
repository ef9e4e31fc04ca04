import { assert, assertEquals, assertThrows } from "@std/assert";
import { bytesOf, textOf } from "../model/bytes.ts";
import { FIFO } from "../model/entry.ts";
import { a, b, eachPlatform, errnoOf, statOf, write } from "../../tests/support/platform_cases.ts";
import type { Folder, OpenFile } from "./platform.ts";
import { Stat } from "./stat.ts";
import { SystemError } from "./system_error.ts";

function readAll(file: OpenFile): string {
  const buffer = new Uint8Array(7);
  let text = "";
  for (let read = file.read(buffer); read > 0; read = file.read(buffer)) {
    text += textOf(buffer.subarray(0, read));
  }
  return text;
}

function read(folder: Folder, name: Uint8Array): string {
  using file = folder.openFile(name, "read");
  return readAll(file);
}

eachPlatform("Folder.openFile() writes and reads, and creates only what is not there", ({ folder }) => {
  write(folder, a, "twelve bytes");
  assertEquals(read(folder, a), "twelve bytes");
  assertEquals(errnoOf(() => folder.openFile(a, "create")), "EEXIST");
  {
    using file = folder.openFile(a, "write");
    file.write(bytesOf("T"));
    file.write(bytesOf("W"));
    file.syncData();
    file.sync();
  }
  assertEquals(read(folder, a), "TWelve bytes");
  assertEquals(errnoOf(() => folder.openFile(b, "read")), "ENOENT");
  assertEquals(errnoOf(() => folder.openFile(b, "write")), "ENOENT");
});

eachPlatform("Folder.openFile() opens only files, and never waits", ({ folder, path }) => {
  assert(new Deno.Command("mkfifo", { args: [`${path}/fifo`] }).outputSync().success);
  folder.makeFolder(a, 0o755);
  folder.makeSymlink(b, bytesOf("a"));
  assertEquals(statOf(folder, bytesOf("fifo")).type, FIFO);
  assertEquals(errnoOf(() => folder.openFile(bytesOf("fifo"), "read")), "EINVAL");
  assertThrows(() => folder.openFile(bytesOf("fifo"), "write"), SystemError);
  assertEquals(errnoOf(() => folder.openFile(a, "read")), "EISDIR");
  assertEquals(errnoOf(() => folder.openFile(b, "read")), "ELOOP");
  assertEquals(errnoOf(() => folder.openFile(b, "write")), "ELOOP");
});

eachPlatform("OpenFile.copyPieces() copies all, from wherever the source stands", ({ folder }) => {
  const text = "0123456789".repeat(30_000);
  write(folder, a, text);
  using source = folder.openFile(a, "read");
  assertEquals(source.read(new Uint8Array(4)), 4);
  let copied = 0;
  {
    using target = folder.openFile(b, "create");
    for (const bytes of target.copyPieces(source)) copied += bytes;
    assertEquals(readAll(target).length, text.length, "the copy can be read from its beginning");
  }
  assertEquals(copied, text.length);
  assert(Deno.readTextFileSync(`${folder.path}/b`) === text);
  assertEquals(readAll(source), text.slice(4), "the source goes on where it was");
});

eachPlatform("OpenFile.copyPieces() copies no more than it is asked for", ({ folder }) => {
  write(folder, a, "x".repeat(40 * 1024 * 1024));
  using source = folder.openFile(a, "read");
  using target = folder.openFile(b, "create");
  const stat = new Stat();
  for (const bytes of target.copyPieces(source)) {
    assert(bytes <= 16 * 1024 * 1024);
    break;
  }
  target.stat(stat);
  assert(stat.size < 40 * 1024 * 1024);
  assertEquals(source.read(new Uint8Array(1)), 1, "the source stands where it was");
});

eachPlatform("OpenFile.dataBytes() counts no holes where they can be told", ({ platform, folder }) => {
  write(folder, a, "");
  const path = `${folder.path}/a`;
  Deno.truncateSync(path, 1 << 20);
  Deno.writeTextFileSync(path, "x".repeat(4096), { append: true });
  using file = folder.openFile(a, "read");
  file.read(new Uint8Array(7));
  assertEquals(file.dataBytes(), (platform.abilities.holes ? 0 : 1 << 20) + 4096);
  assertEquals(file.read(new Uint8Array(2 << 20)), (1 << 20) + 4096 - 7, "it stands where it was");
});

eachPlatform("OpenFile.skipHole() moves on to data, where holes can be told", ({ platform, folder }) => {
  write(folder, a, "");
  const path = `${folder.path}/a`;
  Deno.truncateSync(path, 1 << 20);
  Deno.writeTextFileSync(path, "x".repeat(4096), { append: true });
  Deno.truncateSync(path, 2 << 20);
  using file = folder.openFile(a, "read");
  const { holes } = platform.abilities;
  assertEquals(file.skipHole(), holes ? 1 << 20 : 0);
  assertEquals(file.skipHole(), 0, "it stands in data, or cannot tell");
  const buffer = new Uint8Array(4096);
  assertEquals([file.read(buffer), buffer[0]], [4096, holes ? 0x78 : 0]);
  assertEquals(file.skipHole(), holes ? (1 << 20) - 4096 : 0);
  assertEquals(file.read(buffer), holes ? 0 : 4096, "there is nothing behind the last hole");
});

eachPlatform("syncFileSystem() and Folder.sync() make durable or throw", async ({ platform, folder }) => {
  write(folder, a, "x");
  folder.rename(a, folder, b, "replace");
  folder.sync();
  platform.syncFileSystem(folder);
  platform.syncFileSystem(folder);
  await platform.syncFileSystemAside(folder);
});

eachPlatform("Host names the user, the machine and living processes", ({ platform }) => {
  const { host } = platform;
  assertEquals([host.uid, host.gid, host.pid], [Deno.uid(), Deno.gid(), Deno.pid]);
  assert(/^[A-Za-z0-9_][A-Za-z0-9._-]*$/.test(host.id));
  assertEquals(host.name, Deno.hostname());
  assertEquals(host.userName, textOf(new Deno.Command("id", { args: ["-un"] }).outputSync().stdout).trim());
  assert(host.isAlive(host.pid, host.startTime));
  assert(!host.isAlive(host.pid, "another time"));
});

eachPlatform("OpenFile reads and writes at a place, and is cut", ({ folder }) => {
  write(folder, a, "twelve bytes");
  using file = folder.openFile(a, "write");
  file.writeAt(bytesOf("XY"), 7);
  file.truncate(9);
  const buffer = new Uint8Array(5);
  using reader = folder.openFile(a, "read");
  assertEquals([reader.readAt(buffer, 6), textOf(buffer.subarray(0, 3))], [3, " XY"]);
  assertEquals([reader.readAt(buffer, 9), read(folder, a)], [0, "twelve XY"]);
});

eachPlatform("OpenFile.setMode() changes what is open", ({ folder }) => {
  write(folder, a, "");
  using file = folder.openFile(a, "read");
  file.setMode(0o2750);
  assertEquals(statOf(folder, a).mode, 0o2750);
});

eachPlatform("OpenFile.tryLock() locks out other openings of the file until it is closed", ({ folder }) => {
  write(folder, a, "");
  using second = folder.openFile(a, "read");
  {
    using first = folder.openFile(a, "write");
    assertEquals([first.tryLock(), first.tryLock(), second.tryLock()], [true, true, false]);
  }
  assertEquals(second.tryLock(), true);
});

eachPlatform(
  "OpenFile.tryLock() shares a lock that is wanted shared, and lets none have it alone",
  ({ folder }) => {
    write(folder, a, "");
    folder.setMode(a, 0o444);
    using alone = folder.openFile(a, "read");
    {
      using first = folder.openFile(a, "read");
      using second = folder.openFile(a, "read");
      assertEquals([first.tryLock("shared"), second.tryLock("shared"), alone.tryLock()], [true, true, false]);
    }
    using late = folder.openFile(a, "read");
    assertEquals([alone.tryLock(), late.tryLock("shared")], [true, false]);
  },
);
