import { assert, assertEquals, assertThrows } from "@std/assert";
import { mustRun } from "../../tests/support/run.ts";
import { bytesOf, equalBytes, textOf } from "../model/bytes.ts";
import { BLOCK, CHAR, DIR, FIFO, FILE, SOCKET } from "../model/entry.ts";
import {
  a,
  b,
  DISKS,
  dot,
  errnoOf,
  onDisks,
  onLinux,
  statOf,
  write,
} from "../../tests/support/platform_cases.ts";
import type { Folder } from "./platform.ts";
import { Stat } from "./stat.ts";
import { openPlatform } from "./open_platform.ts";
import { SystemError } from "./system_error.ts";

onLinux("Folder keeps names and link targets that are any bytes", ({ folder }) => {
  const names = [[0xff, 0xfe], [0x0a], [0xc3, 0x28, 0x25], Array<number>(255).fill(0x80)].map((n) =>
    new Uint8Array(n)
  );
  for (const name of names) {
    folder.makeSymlink(name, name);
    assert(equalBytes(folder.readLink(name), name));
  }
  const listing = folder.list();
  const found = Array.from({ length: listing.count }, (_, i) => listing.name(i).slice());
  for (const name of names) assert(found.some((other) => equalBytes(other, name)));
  assertEquals(found.length, names.length);
  const error = assertThrows(() => folder.openFile(new Uint8Array([0xff]), "read"), SystemError);
  assertEquals([error.errno, error.details.path], ["ENOENT", `${folder.path}/%FF`]);
  assertEquals(errnoOf(() => folder.stat(new Uint8Array(256).fill(0x61), new Stat())), "ENAMETOOLONG");
  assertEquals(errnoOf(() => folder.stat(new Uint8Array(5000).fill(0x61), new Stat())), "ENAMETOOLONG");
});

onLinux(
  "Folder goes deeper than a path can be long, and openFolder() opens such a path",
  ({ folder, path }) => {
    const part = bytesOf("p".repeat(250));
    const levels = 40;
    using open = new DisposableStack();
    const chain = [folder];
    for (let level = 0; level < levels; level++) {
      const last = chain.at(-1) as Folder;
      last.makeFolder(part, 0o755);
      chain.push(open.use(last.openFolder(part)));
    }
    const deepest = chain.at(-1) as Folder;
    write(deepest, a, "x");
    const long = `${path}${`/${textOf(part)}`.repeat(levels)}`;
    assert(long.length > 10_000);
    assertEquals(deepest.path, long);
    using again = openPlatform().openFolder(long);
    assertEquals(statOf(again, a).inoLo, statOf(deepest, a).inoLo);
    deepest.removeFile(a);
    for (let level = levels - 1; level >= 0; level--) chain[level]?.removeFolder(part);
  },
);

onLinux("Folder.list() lists what is larger than its buffer", ({ folder }) => {
  const count = 30_000;
  for (let i = 0; i < count; i++) folder.makeSymlink(bytesOf(`${"n".repeat(200)}${i}`), a);
  const listing = folder.list();
  assertEquals(listing.count, count);
  const seen = new Set(Array.from({ length: count }, (_, i) => textOf(listing.name(i))));
  assertEquals(seen.size, count);
});

onLinux("Folder.makeSpecial() makes FIFOs and sockets", ({ folder }) => {
  folder.makeSpecial(a, FIFO, 0, 0);
  folder.makeSpecial(b, SOCKET, 0, 0);
  assertEquals([statOf(folder, a).type, statOf(folder, b).type], [FIFO, SOCKET]);
  assertEquals(errnoOf(() => folder.makeSpecial(a, FIFO, 0, 0)), "EEXIST");
  assertEquals(errnoOf(() => folder.makeSpecial(bytesOf("c"), FILE, 0, 0)), "EINVAL");
  assertThrows(() => folder.openFile(b, "read"), SystemError);
});

onLinux("Folder.makeSpecial() makes device nodes of any number", ({ folder }) => {
  folder.makeSpecial(a, CHAR, 4095, 1_048_575);
  folder.makeSpecial(b, BLOCK, 7, 300);
  const [char, block] = [statOf(folder, a), statOf(folder, b)];
  assertEquals([char.type, char.rdevMajor, char.rdevMinor], [CHAR, 4095, 1_048_575]);
  assertEquals([block.type, block.rdevMajor, block.rdevMinor], [BLOCK, 7, 300]);
}, "root");

onLinux("Folder.setOwner() sets files, links and the folder itself", ({ folder, path }) => {
  write(folder, a, "");
  folder.makeSymlink(b, a);
  folder.setOwner(b, 12, 34);
  folder.setOwner(dot, 56, 78);
  assertEquals([statOf(folder, b).uid, statOf(folder, b).gid], [12, 34]);
  assertEquals([Deno.statSync(path).uid, Deno.statSync(path).gid], [56, 78]);
  assertEquals(statOf(folder, a).uid, 0);
}, "root");

onDisks("Stat tells flags of inodes that are not kept", ["ext4"], ({ folder, path }) => {
  write(folder, a, "");
  assertEquals(statOf(folder, a).inodeFlags, false);
  mustRun("chattr", "+d", `${path}/a`);
  assertEquals(statOf(folder, a).inodeFlags, true);
});

onLinux("Host.isAlive() knows living from ended processes", async () => {
  const { host } = openPlatform();
  const child = new Deno.Command("sleep", { args: ["60"] }).spawn();
  const line = mustRun("cat", `/proc/${child.pid}/stat`);
  const start = line.slice(line.lastIndexOf(")") + 2).split(" ")[19] as string;
  assert(host.isAlive(child.pid, start));
  assert(!host.isAlive(child.pid, String(Number(start) - 1)));
  child.kill("SIGKILL");
  await child.status;
  assert(!host.isAlive(child.pid, start));
});

onLinux("Host.isAlive() takes no process for alive that has ended and waits for its parent", async () => {
  const { host } = openPlatform();
  // A shell may wait for its children by itself; so the child ends only when its parent has become something else.
  const script = "exec 3<&0; (read line <&3) & echo $!; exec sleep 60";
  const child = new Deno.Command("sh", { args: ["-c", script], stdin: "piped", stdout: "piped" }).spawn();
  const { value } = await child.stdout.getReader().read();
  const pid = Number(textOf(value ?? a));
  const facts = (of: number) => {
    const line = mustRun("cat", `/proc/${of}/stat`);
    return line.slice(line.lastIndexOf("(")).split(/[()] ?| /);
  };
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  while (facts(child.pid)[1] !== "sleep") await turn();
  assert(host.isAlive(pid, facts(pid)[21] as string));
  await child.stdin.close();
  while (facts(pid)[2] !== "Z") await turn();
  assert(!host.isAlive(pid, facts(pid)[21] as string));
  child.kill("SIGKILL");
  await child.status;
});

onDisks("setTimes() keeps nanoseconds of files, links and folders", DISKS, ({ folder }) => {
  write(folder, a, "");
  folder.makeSymlink(b, a);
  for (const name of [a, b, dot]) {
    folder.setTimes(name, 1_700_000_001, 123_456_789);
    assertEquals([statOf(folder, name).mtimeSec, statOf(folder, name).mtimeNsec], [
      1_700_000_001,
      123_456_789,
    ]);
  }
});

onDisks("rename() exchanges files and folders", ["ext4", "xfs", "btrfs", "tmpfs"], ({ folder }) => {
  write(folder, a, "x");
  folder.makeFolder(b, 0o755);
  folder.rename(a, folder, b, "exchange");
  assertEquals([statOf(folder, a).type, statOf(folder, b).type], [DIR, FILE]);
});

onLinux("Stat tells a bind mount from a folder", ({ folder, path }) => {
  folder.makeFolder(a, 0o755);
  folder.makeFolder(b, 0o755);
  mustRun("mount", "--bind", `${path}/a`, `${path}/b`);
  try {
    assert(openPlatform().abilities.mountRoots);
    assertEquals([statOf(folder, a).mountRoot, statOf(folder, b).mountRoot], [false, true]);
    assertEquals([statOf(folder, a).devMinor], [statOf(folder, b).devMinor]);
  } finally {
    mustRun("umount", `${path}/b`);
  }
}, "root");

onLinux(
  "Folder.openEntry() sets owner, times and attributes of any type, without the right to open it",
  ({ folder, path }) => {
    Deno.writeTextFileSync(`${path}/a`, "", { mode: 0o000 });
    Deno.symlinkSync("nowhere", `${path}/b`);
    folder.makeSpecial(bytesOf("pipe"), FIFO, 0, 0);
    for (const name of [a, b, bytesOf("pipe")]) {
      using entry = folder.openEntry(name);
      assert(entry !== undefined);
      entry.setOwner(12, 34);
      entry.setTimes(5, 6);
      const { uid, gid, mtimeSec, mtimeNsec } = Stat.ofFile(entry);
      assertEquals([uid, gid, mtimeSec, mtimeNsec], [12, 34, 5, 6]);
      entry.setXattr({ name: "trusted.k", value: bytesOf("v") });
      assertEquals(entry.xattrs(), [{ name: "trusted.k", value: bytesOf("v") }]);
      assertEquals(folder.xattrs(name), entry.xattrs());
      entry.removeXattr("trusted.k");
      assertEquals(entry.xattrs(), []);
    }
  },
  "root",
);
