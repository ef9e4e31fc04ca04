import { assert, assertEquals, assertRejects } from "@std/assert";
import { asOrdinaryThread } from "../../tests/support/ordinary_thread.ts";
import { mustRun } from "../../tests/support/run.ts";
import { indexOf, onTree, scan, tableOf, watched } from "../../tests/support/tree_cases.ts";
import { bytesOf, hexOf } from "../model/bytes.ts";
import { FILE, SOCKET } from "../model/entry.ts";
import { isJvsError, JvsError } from "../model/errors.ts";
import { LinuxFile } from "../platform/linux_file.ts";
import { SystemError } from "../platform/system_error.ts";
import { hashFiles, hashTargets } from "./hash.ts";
import type { TreeTable } from "./table.ts";

onTree("hashFiles() gives what sha256sum gives, for files of all sizes", async ({ platform, root, path }) => {
  const sizes = [0, 1, 4096, 512 * 1024 - 1, 512 * 1024, 512 * 1024 + 1, 3_000_001];
  Deno.mkdirSync(`${path}/sub`);
  for (const size of sizes) {
    const content = Uint8Array.from({ length: size }, (_, i) => i * 31 % 251);
    Deno.writeFileSync(`${path}/${size % 2 === 0 ? "" : "sub/"}${size}`, content);
  }
  const { table } = await scan(root);
  const result = await hashFiles(root, table, files(table), { flush: platform });
  assertEquals(result, { unreadable: [], changed: [], bytes: sizes.reduce((a, b) => a + b) });
  for (
    const line of mustRun("sh", "-c", `cd '${path}' && find . -type f | xargs sha256sum`).trim().split("\n")
  ) {
    const [hash, name] = line.split("  ./");
    assertEquals(hexOf(table.contentHash(indexOf(table, name as string)) as Uint8Array), hash);
  }
});

onTree("hashFiles() reads nothing of holes, and hashes their zeros", async ({ platform, root, path }) => {
  const mega = 2 ** 20;
  // Where each file has a byte, and its size: a hole before it, behind it, on both sides, and nothing else.
  const holes: [name: string, data: number[], size: number][] = [
    ["before", [20 * mega], 20 * mega + 1],
    ["behind", [0], 20 * mega],
    ["around", [3 * mega + 5, 10 * mega], 20 * mega + 7],
    ["all", [], 3 * mega],
  ];
  for (const [name, data, size] of holes) {
    using file = Deno.openSync(`${path}/${name}`, { write: true, create: true });
    file.truncateSync(size);
    for (const at of data) {
      file.seekSync(at, Deno.SeekMode.Start);
      file.writeSync(bytesOf("x"));
    }
  }
  const { table } = await scan(root);
  using reading = bytesRead();
  const { changed, bytes } = await hashFiles(root, table, files(table), { flush: platform });
  assertEquals([changed, bytes], [[], holes.reduce((sum, [, , size]) => sum + size, 0)]);
  assert(reading.bytes <= 4 * mega, `${reading.bytes} bytes were read`);
  for (const [name] of holes) {
    const hash = hexOf(table.contentHash(indexOf(table, name)) as Uint8Array);
    assertEquals(hash, mustRun("sha256sum", `${path}/${name}`).slice(0, 64), name);
  }
});

onTree("hashFiles() reads a file with several names once", async ({ platform, root, path }) => {
  Deno.writeTextFileSync(`${path}/a`, "content");
  Deno.linkSync(`${path}/a`, `${path}/b`);
  Deno.linkSync(`${path}/a`, `${path}/c`);
  Deno.writeTextFileSync(`${path}/d`, "content");
  const { table } = await scan(root);
  const opened: string[] = [];
  const seen = watched(root, (call, name) => {
    if (call === "openFile") opened.push(name);
  });
  const { bytes } = await hashFiles(seen, table, [2, 3, 4], { flush: platform }); // without the group's first
  assertEquals([opened, bytes], [["b", "d"], 14]);
  const [, a, b, c, d] = hashes(table);
  assertEquals([a, b, c], ["", d, d]);
});

onTree("hashFiles() names what changed since the scan", async ({ platform, root, path }) => {
  for (const name of ["dir", "gone", "grown", "link", "pipe", "same", "shrunk", "socket"]) {
    Deno.writeTextFileSync(`${path}/${name}`, "12");
  }
  Deno.mkdirSync(`${path}/folder`);
  Deno.writeTextFileSync(`${path}/folder/file`, "12");
  const { table } = await scan(root);
  for (const name of ["dir", "gone", "link", "pipe", "socket"]) Deno.removeSync(`${path}/${name}`);
  Deno.writeTextFileSync(`${path}/grown`, "123");
  Deno.writeTextFileSync(`${path}/shrunk`, "1");
  Deno.symlinkSync("same", `${path}/link`);
  mustRun("mkfifo", `${path}/pipe`);
  Deno.mkdirSync(`${path}/dir`);
  root.makeSpecial(bytesOf("socket"), SOCKET, 0, 0);
  Deno.renameSync(`${path}/folder`, `${path}/../ours/folder`);
  Deno.symlinkSync("../ours/folder", `${path}/folder`);
  const { changed, unreadable } = await hashFiles(root, table, files(table), { flush: platform });
  const names = changed.map((index) => new TextDecoder().decode(table.path(index)));
  assertEquals(names, ["dir", "folder/file", "gone", "grown", "link", "pipe", "shrunk", "socket"]);
  assertEquals(unreadable, []);
  assertEquals(table.hashed[indexOf(table, "same")], 1);
  assertEquals(table.hashed[indexOf(table, "grown")], 0);
});

onTree("hashFiles() names what may not be read, and goes on", async ({ root, path }) => {
  for (const name of ["a", "b"]) Deno.writeTextFileSync(`${path}/${name}`, "");
  Deno.chmodSync(`${path}/a`, 0);
  const { table } = await scan(root);
  await hashFiles(root, table, [], { flush: false }); // what is loaded lazily is loaded now
  const asked = async () => {
    using _user = asOrdinaryThread();
    return await hashFiles(root, table, [1, 2], { flush: false });
  };
  const { unreadable } = await asked();
  assertEquals([unreadable, table.hashed[1], table.hashed[2]], [[1], 0, 1]);
}, "root");

onTree(
  "hashFiles() throws what the device reports, or tells who asked for it",
  async ({ platform, root, path }) => {
    for (const name of ["a", "b"]) Deno.writeTextFileSync(`${path}/${name}`, "");
    const { table } = await scan(root);
    const failing = watched(root, (call, name) => {
      if (call === "openFile" && name === "a") throw new SystemError("read", "a", "EIO");
    });
    await assertRejects(() => hashFiles(failing, table, [1, 2], { flush: platform }), SystemError);
    const failed: [number, string][] = [];
    await hashFiles(failing, table, [1, 2], {
      flush: platform,
      onFailure: (index, error) => failed.push([index, error.errno]),
    });
    assertEquals(failed, [[1, "EIO"]]);
    assertEquals([table.hashed[1], table.hashed[2]], [0, 1]);
  },
);

onTree(
  "hashFiles() waits for a write into a file and flushes it, if it is to, before it reads it",
  async ({ platform, root, path }) => {
    Deno.writeTextFileSync(`${path}/a`, "");
    const { table } = await scan(root);
    for (const flush of [platform, false] as const) {
      const calls: string[] = [];
      await hashFiles(watched(root, (call) => calls.push(call)), table, [1], { flush });
      const flushing = flush ? ["syncData"] : [];
      assertEquals(calls, ["openFile", "waitForWrite", ...flushing, "read"]);
    }
  },
);

onTree("hashFiles() flushes many files by one call for all", async ({ platform, root, path }) => {
  for (let i = 0; i < 100; i++) Deno.writeTextFileSync(`${path}/${i}`, "");
  const { table } = await scan(root);
  const calls: string[] = [];
  let flushed = 0;
  const counting = Object.assign(Object.create(platform) as typeof platform, {
    fileSystem: () => platform.fileSystem(root),
    syncFileSystem: () => void flushed++,
  });
  await hashFiles(watched(root, (call) => calls.push(call)), table, files(table), { flush: counting });
  assertEquals([flushed, calls.includes("syncData")], [1, false]);
});

onTree("hashFiles() can be cancelled within a large file, and reports on the way", async ({ root, path }) => {
  Deno.writeTextFileSync(`${path}/large`, "");
  Deno.truncateSync(`${path}/large`, 2 ** 31);
  const { table } = await scan(root);
  const stop = new AbortController();
  let done = 0;
  const reporter = {
    begin(phase: string, total?: { entries?: number; bytes?: number }) {
      assertEquals([phase, total], ["hashing", { entries: 1, bytes: 2 ** 31 }]);
    },
    advance(_entries: number, bytes: number) {
      done += bytes;
      stop.abort();
    },
    warn() {},
  };
  const error = await assertRejects(
    () => hashFiles(root, table, [1], { flush: false, reporter, signal: stop.signal }),
    JvsError,
  );
  assert(isJvsError(error, "E_INTERRUPTED"));
  assert(done > 0 && done < 2 ** 31);
});

Deno.test("hashTargets() hashes the targets of links that have no hash yet", async () => {
  const table = tableOf("a", "b");
  for (const i of [1, 2]) table.targets.set(i, new TextEncoder().encode("abc"));
  table.setHash(2, new Uint8Array(32));
  await hashTargets(table);
  assertEquals(hashes(table).slice(1).map((hash) => hash.slice(0, 8)), ["ba7816bf", "00000000"]);
});

function files(table: TreeTable): number[] {
  return Array.from({ length: table.count }, (_, i) => i).filter((i) => table.type[i] === FILE);
}

function hashes(table: TreeTable): string[] {
  return Array.from({ length: table.count }, (_, i) => hexOf(table.contentHash(i) ?? new Uint8Array()));
}

/** Counts what is read of all files until the block ends. */
function bytesRead(): Disposable & { readonly bytes: number } {
  const { read } = LinuxFile.prototype;
  const counted = { bytes: 0, [Symbol.dispose]: () => void (LinuxFile.prototype.read = read) };
  LinuxFile.prototype.read = function (buffer) {
    const got = read.call(this, buffer);
    counted.bytes += got;
    return got;
  };
  return counted;
}
