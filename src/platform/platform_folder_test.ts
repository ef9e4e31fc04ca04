import { assert, assertEquals, assertThrows } from "@std/assert";
import { bytesOf, textOf } from "../model/bytes.ts";
import { DIR, FILE, SYMLINK } from "../model/entry.ts";
import { a, b, dot, eachPlatform, errnoOf, statOf, write } from "../../tests/support/platform_cases.ts";
import type { Folder } from "./platform.ts";
import { Stat } from "./stat.ts";
import { SystemError, unlessFailed } from "./system_error.ts";

function namesOf(folder: Folder): string[] {
  const listing = folder.list();
  return Array.from({ length: listing.count }, (_, i) => textOf(listing.name(i))).sort();
}

function read(folder: Folder, name: Uint8Array): string {
  using file = folder.openFile(name, "read");
  const buffer = new Uint8Array(100);
  return textOf(buffer.subarray(0, file.read(buffer)));
}

eachPlatform("Folder.list() gives every name once, and again when asked again", ({ folder }) => {
  assertEquals(namesOf(folder), []);
  const names = Array.from({ length: 3000 }, (_, i) => `${"long".repeat(i % 50)}${i}`).sort();
  for (const name of names) write(folder, bytesOf(name), "");
  folder.makeFolder(bytesOf("..."), 0o755);
  assertEquals(namesOf(folder), [...names, "..."].sort());
  assertEquals(namesOf(folder), [...names, "..."].sort());
});

eachPlatform("Folder.list() is not disturbed by the listing of another folder", ({ folder }) => {
  for (const name of ["x", "y", "z"]) folder.makeFolder(bytesOf(name), 0o755);
  const listing = folder.list();
  const seen: string[] = [];
  for (let i = 0; i < listing.count; i++) {
    using child = folder.openFolder(listing.name(i));
    assertEquals(child.list().count, 0);
    seen.push(textOf(listing.name(i)));
  }
  assertEquals(seen.sort(), ["x", "y", "z"]);
});

eachPlatform("Folder.stat() tells what an entry is, and of the folder itself", ({ folder, path }) => {
  write(folder, a, "12345");
  folder.makeSymlink(b, bytesOf("a"));
  Deno.linkSync(`${path}/a`, `${path}/c`);
  const file = statOf(folder, a);
  const info = Deno.lstatSync(`${path}/a`);
  assertEquals([file.type, file.size, file.nlink, file.mode], [FILE, 5, 2, 0o600]);
  assertEquals([file.uid, file.gid], [info.uid, info.gid]);
  assertEquals(file.inoHi * 2 ** 32 + file.inoLo, info.ino);
  assertEquals(file.mtimeSec, Math.floor((info.mtime?.getTime() ?? 0) / 1000));
  assertEquals(statOf(folder, b).type, SYMLINK);
  assertEquals(statOf(folder, dot).type, DIR);
  assertEquals(folder.stat(bytesOf("nothing"), new Stat()), false);
});

eachPlatform("Folder.stat() takes nothing but a name", ({ folder }) => {
  folder.makeFolder(a, 0o755);
  for (const name of ["", "..", "a/b", "/etc", "a\0"]) {
    assertEquals(errnoOf(() => folder.stat(bytesOf(name), new Stat())), "EINVAL");
  }
});

eachPlatform("Folder.openFolder() follows no link", ({ folder, path }) => {
  folder.makeFolder(a, 0o755);
  folder.makeSymlink(b, bytesOf("a"));
  using child = folder.openFolder(a);
  assertEquals(child.path, `${path}/a`);
  assertThrows(() => folder.openFolder(b), SystemError);
  assertEquals(errnoOf(() => folder.openFolder(bytesOf(".."))), "EINVAL");
  assertEquals(errnoOf(() => folder.openFolder(bytesOf("c"))), "ENOENT");
  using again = child.openFolder(dot);
  assertEquals(again.list().count, 0);
});

eachPlatform(
  "openFolder() follows the links of a path, and a path of bytes",
  ({ platform, folder, path }) => {
    folder.makeFolder(a, 0o755);
    folder.makeSymlink(b, bytesOf("a"));
    using linked = platform.openFolder(`${path}/b`);
    write(linked, a, "x");
    using same = platform.openFolder(bytesOf(`${path}/a`));
    assertEquals(read(same, a), "x");
    assertEquals(errnoOf(() => platform.openFolder(`${path}/c`)), "ENOENT");
    assertEquals(errnoOf(() => platform.openFolder(`${path}/a/a`)), "ENOTDIR");
  },
);

eachPlatform("Folder.makeFolder() sets exactly the mode that is given", ({ folder }) => {
  for (const mode of [0o777, 0o2770, 0o1500, 0o755]) {
    const name = bytesOf(mode.toString(8));
    folder.makeFolder(name, mode);
    assertEquals(statOf(folder, name).mode, mode);
  }
  assertEquals(errnoOf(() => folder.makeFolder(bytesOf("777"), 0o755)), "EEXIST");
});

eachPlatform("Folder.readLink() gives the target as it was made", ({ folder }) => {
  const target = "../somewhere/else/".repeat(100);
  folder.makeSymlink(a, bytesOf(target));
  assertEquals(textOf(folder.readLink(a)), target);
  write(folder, b, "");
  assertEquals(errnoOf(() => folder.readLink(b)), "EINVAL");
  assertEquals(errnoOf(() => folder.makeSymlink(a, bytesOf("x"))), "EEXIST");
});

eachPlatform("Folder.linkFrom() links a file, and a link itself", ({ folder }) => {
  folder.makeFolder(bytesOf("d"), 0o755);
  using child = folder.openFolder(bytesOf("d"));
  write(folder, a, "x");
  folder.makeSymlink(b, bytesOf("a"));
  child.linkFrom(b, folder, a);
  assertEquals([statOf(folder, a).nlink, statOf(child, b).inoLo], [2, statOf(folder, a).inoLo]);
  child.linkFrom(a, folder, b);
  assertEquals(statOf(child, a).type, SYMLINK);
  assertEquals(errnoOf(() => child.linkFrom(a, folder, a)), "EEXIST");
});

eachPlatform("Folder.rename() replaces, or takes only a free name", ({ folder }) => {
  folder.makeFolder(bytesOf("d"), 0o755);
  using child = folder.openFolder(bytesOf("d"));
  write(folder, a, "a");
  write(child, b, "b");
  assertEquals(errnoOf(() => folder.rename(a, child, b, "fresh")), "EEXIST");
  assertEquals([read(folder, a), read(child, b)], ["a", "b"]);
  folder.rename(a, child, b, "replace");
  assertEquals([read(child, b), namesOf(folder)], ["a", ["d"]]);
  child.rename(b, folder, b, "fresh");
  assertEquals([read(folder, b), namesOf(child)], ["a", []]);
  folder.makeFolder(bytesOf("e"), 0o755);
  assertEquals(errnoOf(() => folder.rename(bytesOf("d"), folder, bytesOf("e"), "fresh")), "EEXIST");
  folder.rename(bytesOf("d"), folder, bytesOf("f"), "fresh");
  assertEquals(namesOf(folder), ["b", "e", "f"]);
  assertEquals(errnoOf(() => folder.rename(a, folder, bytesOf("g"), "fresh")), "ENOENT");
  assertEquals(errnoOf(() => folder.rename(a, folder, bytesOf("g"), "replace")), "ENOENT");
});

eachPlatform("Folder.rename() exchanges two names where it can", ({ platform, folder }) => {
  write(folder, a, "a");
  write(folder, b, "b");
  if (platform.abilities.exchange) {
    folder.rename(a, folder, b, "exchange");
    assertEquals([read(folder, a), read(folder, b)], ["b", "a"]);
    assertEquals(errnoOf(() => folder.rename(a, folder, bytesOf("c"), "exchange")), "ENOENT");
  } else assertEquals(errnoOf(() => folder.rename(a, folder, b, "exchange")), "EINVAL");
});

eachPlatform("Folder.removeFile() and removeFolder() remove only what they are for", ({ folder }) => {
  folder.makeFolder(bytesOf("d"), 0o755);
  write(folder, a, "");
  folder.makeSymlink(b, bytesOf("d"));
  assertEquals(errnoOf(() => folder.removeFile(bytesOf("d"))), "EISDIR");
  assertEquals(errnoOf(() => folder.removeFolder(a)), "ENOTDIR");
  assertEquals(errnoOf(() => folder.removeFolder(b)), "ENOTDIR");
  folder.removeFile(b);
  folder.removeFile(a);
  using child = folder.openFolder(bytesOf("d"));
  write(child, a, "");
  assertEquals(errnoOf(() => folder.removeFolder(bytesOf("d"))), "ENOTEMPTY");
  child.removeFile(a);
  folder.removeFolder(bytesOf("d"));
  assertEquals(namesOf(folder), []);
  assertEquals(errnoOf(() => folder.removeFile(a)), "ENOENT");
});

eachPlatform("Folder.setMode() sets files, folders and the folder itself, but no link", ({ folder }) => {
  write(folder, a, "");
  folder.makeSymlink(b, bytesOf("a"));
  folder.setMode(a, 0o4751);
  folder.setMode(dot, 0o711);
  assertEquals([statOf(folder, a).mode, statOf(folder, dot).mode], [0o4751, 0o711]);
  assertEquals(errnoOf(() => folder.setMode(b, 0o600)), "EOPNOTSUPP");
  assertEquals(errnoOf(() => folder.setMode(bytesOf("c"), 0o600)), "ENOENT");
  assertEquals(statOf(folder, a).mode, 0o4751);
});

eachPlatform("Folder.setTimes() sets the time of change, and leaves that of access", ({ folder, path }) => {
  write(folder, a, "");
  Deno.utimeSync(`${path}/a`, 1000, 2000);
  for (const [sec, ms] of [[1_700_000_000, 123], [0, 0], [-5, 999], [8_000_000_000, 1]] as const) {
    for (const name of [a, dot]) {
      folder.setTimes(name, sec, ms * 1_000_000);
      const stat = statOf(folder, name);
      assertEquals([stat.mtimeSec, stat.mtimeNsec], [sec, ms * 1_000_000]);
    }
  }
  assertEquals(Deno.statSync(`${path}/a`).atime?.getTime(), 1_000_000);
});

eachPlatform("Folder[Symbol.dispose]() closes once", ({ folder }) => {
  folder.makeFolder(a, 0o755);
  const child = folder.openFolder(a);
  child[Symbol.dispose]();
  using other = folder.openFolder(dot);
  child[Symbol.dispose]();
  assertEquals(namesOf(other), ["a"]);
});

eachPlatform("Folder.openEntry() holds what had the name, whatever gets it later", ({ folder, path }) => {
  assertEquals(folder.openEntry(a), undefined);
  for (const name of ["a", "other"]) Deno.writeTextFileSync(`${path}/${name}`, name, { mode: 0o600 });
  using entry = folder.openEntry(a);
  assert(entry !== undefined);
  entry.setMode(0o640);
  entry.setTimes(5, 0);
  const stat = Stat.ofFile(entry);
  assertEquals([stat.mode, stat.mtimeSec, stat.mtimeNsec, stat.size], [0o640, 5, 0, 1]);
  Deno.renameSync(`${path}/a`, `${path}/b`);
  Deno.renameSync(`${path}/other`, `${path}/a`);
  const isSet = unlessFailed(["EAGAIN"], () => [entry.setMode(0o666)]) !== undefined;
  assertEquals((Deno.lstatSync(`${path}/a`).mode ?? 0) & 0o777, 0o600);
  assertEquals((Deno.lstatSync(`${path}/b`).mode ?? 0) & 0o777, isSet ? 0o666 : 0o640);
});

eachPlatform(
  "Folder.openEntry() holds the folder itself by `.`, and a link, not what it leads to",
  ({ folder, path }) => {
    Deno.symlinkSync(path, `${path}/b`);
    using link = folder.openEntry(b);
    using itself = folder.openEntry(dot);
    assert(link !== undefined && itself !== undefined);
    assertEquals([Stat.ofFile(link).type, Stat.ofFile(itself).type], [SYMLINK, DIR]);
    itself.setMode(0o700);
    itself.setMode(0o711);
    itself.setTimes(7, 0);
    assertEquals([Stat.ofFolder(folder).mode, Stat.ofFolder(folder).mtimeSec], [0o711, 7]);
  },
);
