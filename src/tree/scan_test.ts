import { assert, assertEquals, assertRejects } from "@std/assert";
import { asOrdinaryThread } from "../../tests/support/ordinary_thread.ts";
import { mustRun } from "../../tests/support/run.ts";
import { independentRootHash, makeRichTree } from "../../tests/support/trees.ts";
import { indexOf, onTree, pathsOf, scan, scanSettled, watched } from "../../tests/support/tree_cases.ts";
import { type BytePath, bytesOf, compareBytes, equalBytes, hexOf, textOf } from "../model/bytes.ts";
import { DIR, FILE, SYMLINK } from "../model/entry.ts";
import { isJvsError, JvsError } from "../model/errors.ts";
import { hashFiles, hashTargets } from "./hash.ts";
import { parseIgnoreRules } from "./ignore.ts";
import { payloadRootHash } from "./root_hash.ts";
import type { ScanClock } from "./scan_clock.ts";
import { NONE, type TreeTable } from "./table.ts";
import { unreadableError } from "./unreadable.ts";

const ALPHABET = [..."aA0.-_ !+~\n:%"].map((c) => c.charCodeAt(0)).concat(
  0x01,
  0x2e,
  0x30,
  0x7f,
  0x80,
  0xc3,
  0xff,
);

onTree(
  "scanTree() lists random trees of nasty names in the order of their full paths",
  async ({ root, path }) => {
    for (let round = 0; round < 20; round++) {
      const made: BytePath[] = [];
      const name = bytesOf(`round-${round}`);
      root.makeFolder(name, 0o755);
      using top = root.openFolder(name);
      fill(top, new Uint8Array(), made, 4);
      const { table } = await scan(top);
      const expected = made.sort(compareBytes).map(hexOf);
      assertEquals(Array.from({ length: table.count - 1 }, (_, i) => hexOf(table.path(i + 1))), expected);
      for (let i = 0; i < table.count; i++) assertEquals(table.find(table.path(i)), i, path);
    }
  },
);

function fill(folder: Parameters<typeof scan>[0], path: BytePath, made: BytePath[], depth: number): void {
  const count = Math.floor(Math.random() * 12);
  for (let i = 0; i < count; i++) {
    const length = 1 + Math.floor(Math.random() * 3);
    const name = Uint8Array.from(
      { length },
      () => ALPHABET[Math.floor(Math.random() * ALPHABET.length)] as number,
    );
    if (name.every((byte) => byte === 0x2e)) continue;
    const full = new Uint8Array([...path, ...(path.length > 0 ? [0x2f] : []), ...name]);
    if (made.some((other) => equalBytes(other, full))) continue;
    made.push(full);
    if (depth === 0 || Math.random() < 0.5) {
      folder.openFile(name, "create")[Symbol.dispose]();
    } else {
      folder.makeFolder(name, 0o755);
      using inner = folder.openFolder(name);
      fill(inner, full, made, depth - 1);
    }
  }
}

onTree("scanTree() and what follows give the payload root hash of an independent program", async (given) => {
  await makeRichTree(given.path);
  const { table } = await scan(given.root);
  const files = indexesOf(table, FILE);
  const hashed = await hashFiles(given.root, table, files, { flush: given.platform });
  assertEquals([hashed.unreadable, hashed.changed], [[], []]);
  await hashTargets(table);
  assertEquals(await payloadRootHash(table), await independentRootHash(given.path));
}, "python3");

onTree("scanTree() takes type, mode, owner, size, times, target and attributes", async ({ root, path }) => {
  Deno.writeTextFileSync(`${path}/file`, "12345");
  mustRun("touch", "-d", "2001-02-03 04:05:06.123456789 UTC", `${path}/file`);
  mustRun("setfattr", "-n", "user.color", "-v", "blue", `${path}/file`);
  Deno.chmodSync(`${path}/file`, 0o640);
  Deno.symlinkSync("some/where", `${path}/link`);
  const { table } = await scan(root);
  const [file, link] = [indexOf(table, "file"), indexOf(table, "link")];
  assertEquals([table.type[0], table.type[file], table.type[link]], [DIR, FILE, SYMLINK]);
  assertEquals([table.mode[file], table.size[file], table.uid[file]], [0o640, 5, Deno.uid()]);
  assertEquals([table.mtimeSec[file], table.mtimeNsec[file]], [981173106, 123456789]);
  assertEquals(textOf(table.targets.get(link) ?? new Uint8Array()), "some/where");
  assertEquals(table.xattrs.get(file), [{ name: "user.color", value: bytesOf("blue") }]);
  assertEquals([table.parent[0], table.parent[file]], [NONE, 0]);
}, "attr");

onTree("scanTree() groups the names of one file under the first", async ({ root, path }) => {
  Deno.mkdirSync(`${path}/d`);
  Deno.writeTextFileSync(`${path}/d/one`, "");
  Deno.linkSync(`${path}/d/one`, `${path}/d.two`);
  Deno.linkSync(`${path}/d/one`, `${path}/z`);
  Deno.writeTextFileSync(`${path}/half`, "");
  Deno.linkSync(`${path}/half`, `${path}/../ours/other half`);
  const { table } = await scan(root);
  const first = indexOf(table, "d.two");
  const groups = ["d.two", "d/one", "z", "half", "d"].map((name) => table.linkGroup[indexOf(table, name)]);
  assertEquals(groups, [first, first, first, NONE, NONE]);
});

onTree("scanTree() leaves out what is ignored, a whole folder as one path", async ({ root, path }) => {
  Deno.mkdirSync(`${path}/build/deep`, { recursive: true });
  Deno.mkdirSync(`${path}/src`);
  for (const name of ["build/deep/x", "src/a.log", "src/a.ts", "log"]) {
    Deno.writeTextFileSync(`${path}/${name}`, "");
  }
  const { table, ignored } = await scan(root, { rules: parseIgnoreRules("build/\n*.log\n") });
  assertEquals(pathsOf(table), ["log", "src", "src/a.ts"]);
  assertEquals(ignored.map(textOf), ["build", "src/a.log"]);
});

onTree("scanTree() passes over names of ours in the root only", async ({ root, path }) => {
  Deno.mkdirSync(`${path}/staging/inside`, { recursive: true });
  Deno.mkdirSync(`${path}/sub/staging`, { recursive: true });
  const { table, ignored } = await scan(root, { skipAtRoot: [bytesOf("staging")] });
  assertEquals(pathsOf(table), ["sub", "sub/staging"]);
  assertEquals(ignored, []);
});

onTree("scanTree() lists a tree 3,000 folders deep, with siblings on the way back", async ({ root }) => {
  const depth = 3000;
  const [down, file, after] = [bytesOf("d"), bytesOf("a file"), bytesOf("e")];
  const open = [root.openFolder(bytesOf("."))];
  for (let i = 0; i < depth; i++) {
    const folder = open[0] as typeof root;
    folder.makeFolder(down, 0o755);
    folder.openFile(after, "create")[Symbol.dispose]();
    open[0] = folder.openFolder(down);
    folder[Symbol.dispose]();
  }
  using bottom = open[0] as typeof root;
  bottom.openFile(file, "create")[Symbol.dispose]();
  const before = performance.now();
  const { table } = await scan(root);
  assertEquals(table.count, 1 + 2 * depth + 1);
  assertEquals(textOf(table.path(depth + 1)), "d/".repeat(depth) + "a file");
  assertEquals(textOf(table.path(table.count - 1)), "e");
  assert(performance.now() - before < 5000);
});

onTree("scanTree() leaves out what vanishes under it", async ({ root, path }) => {
  Deno.mkdirSync(`${path}/folder/inside`, { recursive: true });
  for (const name of ["a", "b", "c"]) Deno.writeTextFileSync(`${path}/${name}`, "");
  Deno.symlinkSync("a", `${path}/link`);
  const root2 = watched(root, (call, name) => {
    if (call === "stat" && name === "b") Deno.removeSync(`${path}/b`);
    if (call === "xattrs" && name === "c") Deno.removeSync(`${path}/c`);
    if (call === "readLink") Deno.removeSync(`${path}/link`);
    if (call === "openFolder") {
      Deno.removeSync(`${path}/folder`, { recursive: true });
      Deno.symlinkSync("/", `${path}/folder`);
    }
  });
  const { table, unreadable } = await scan(root2);
  assertEquals(pathsOf(table), ["a", "folder"]);
  assertEquals(unreadable, []);
});

onTree("scanTree() leaves out a link in whose place a file comes", async ({ root, path }) => {
  Deno.symlinkSync("a", `${path}/link`);
  const replaced = watched(root, (call) => {
    if (call !== "readLink") return;
    Deno.removeSync(`${path}/link`);
    Deno.writeTextFileSync(`${path}/link`, "");
  });
  const { table, unreadable } = await scan(replaced);
  assertEquals([pathsOf(table), unreadable], [[], []]);
});

onTree(
  "scanTree() records what may not be read; the error names up to 20 of it, and the two ways on",
  async ({ root, path }) => {
    for (let i = 10; i < 40; i++) Deno.mkdirSync(`${path}/secret-${i}/inside`, { recursive: true });
    Deno.writeTextFileSync(`${path}/open`, "");
    for (let i = 10; i < 40; i++) Deno.chmodSync(`${path}/secret-${i}`, 0);
    const rules = parseIgnoreRules("secret-1*/\n");
    const asked = async () => {
      using _user = asOrdinaryThread();
      return await Promise.all([
        scan(root),
        scan(root, { rules }),
      ]);
    };
    const [recorded, fewer] = await asked();
    const { code, message, hint, details } = unreadableError(recorded.unreadable);
    assertEquals(code, "E_PERMISSION");
    assert(message.includes("30 paths") && message.includes("secret-10, secret-11"), message);
    assert(message.includes("secret-29 and 10 more") && !message.includes("secret-30"), message);
    assert(hint.includes(".jvsignore") && hint.includes("--skip-unreadable"));
    assertEquals(details["count"], 30);
    assertEquals(recorded.table.count, 32);
    assertEquals(recorded.unreadable.length, 30);
    assertEquals(recorded.degradations.toRecord().counts, { unreadable: 30 });
    assertEquals(fewer.unreadable.length, 20);
  },
  "root",
);

onTree("scanTree() records names in a folder that may be listed but not searched", async ({ root, path }) => {
  Deno.mkdirSync(`${path}/listed`);
  for (const name of ["a", "b"]) Deno.writeTextFileSync(`${path}/listed/${name}`, "");
  Deno.chmodSync(`${path}/listed`, 0o744);
  const asked = async () => {
    using _user = asOrdinaryThread();
    return await scan(root, {});
  };
  const { table, unreadable } = await asked();
  assertEquals(pathsOf(table), ["listed"]);
  assertEquals(unreadable.map(textOf).sort(), ["listed/a", "listed/b"]);
}, "root");

onTree("scanTree() stops when it is cancelled", async ({ root }) => {
  const error = await assertRejects(() => scan(root, { signal: AbortSignal.abort() }), JvsError);
  assert(isJvsError(error, "E_INTERRUPTED"));
});

onTree("scanTree() asks no more of what is clean and unchanged than its stat", async (given) => {
  const { path } = given;
  Deno.mkdirSync(`${path}/sub`);
  for (const name of ["a", "sub/b", "sub.c", "gone"]) Deno.writeTextFileSync(`${path}/${name}`, name);
  Deno.symlinkSync("a", `${path}/link`);
  mustRun("setfattr", "-n", "user.color", "-v", "blue", `${path}/sub/b`);
  const { table: known } = await scanSettled(given);
  await hashFiles(given.root, known, indexesOf(known, FILE), { flush: given.platform });
  await hashTargets(known);
  Deno.writeTextFileSync(`${path}/a`, "A"); // the same size
  Deno.removeSync(`${path}/gone`);
  Deno.writeTextFileSync(`${path}/new`, "");

  const asked: string[] = [];
  const root = watched(given.root, (call, name) => {
    if (call === "xattrs" || call === "readLink" || call === "openFile") asked.push(`${call} ${name}`);
  });
  const { table } = await scan(root, { known });
  assertEquals(asked, ["xattrs .", "xattrs a", "xattrs new"]);
  assertEquals(pathsOf(table), ["a", "link", "new", "sub", "sub.c", "sub/b"]);
  const hashed = ["a", "link", "new", "sub", "sub.c", "sub/b"].map((name) =>
    table.hashed[indexOf(table, name)]
  );
  assertEquals(hashed, [0, 1, 0, 0, 1, 1]);
  for (const name of ["link", "sub.c", "sub/b"]) {
    assertEquals(table.contentHash(indexOf(table, name)), known.contentHash(indexOf(known, name)));
  }
  assertEquals(table.xattrs.get(indexOf(table, "sub/b"))?.[0]?.name, "user.color");
  assertEquals(textOf(table.targets.get(indexOf(table, "link")) ?? new Uint8Array()), "a");
}, "attr");

onTree("scanTree() takes nothing from what was not clean, although nothing shows a change", async (given) => {
  Deno.writeTextFileSync(`${given.path}/file`, "one");
  const { table } = await scan(given.root);
  const [tickNs, second] = [10_000_000, 1e9];
  for (
    const [laterNs, clean] of [[0, 0], [tickNs + 1000, 2], [second - 1000, 2], [second + 1000, 1]] as const
  ) {
    const nsec = Number(table.ctimeNsec[1]) + laterNs;
    const clock = {
      sec: Number(table.ctimeSec[1]),
      nsec,
      granularityNs: tickNs,
      tickNs,
      readAt: 0,
      storesComeLate: true,
    };
    const { table: known } = await scan(given.root, { clock });
    await hashFiles(given.root, known, [1], { flush: given.platform });
    assertEquals([known.clean[1], known.hashed[1]], [clean, 1], `${laterNs} ns`);
    assertEquals((await scan(given.root, { known, clock })).table.hashed[1], clean === 1 ? 1 : 0);
  }
});

onTree("scanTree() notices each kind of change to a clean file", async (given) => {
  const { path } = given;
  const changes: Record<string, () => void> = {
    "content of the same size, time put back": () => {
      const { mtime } = Deno.statSync(`${path}/file`);
      Deno.writeTextFileSync(`${path}/file`, "two");
      Deno.utimeSync(`${path}/file`, mtime ?? 0, mtime ?? 0);
    },
    "another file renamed into place": () => {
      mustRun("cp", "-p", `${path}/file`, `${given.ours}/other`);
      Deno.renameSync(`${given.ours}/other`, `${path}/file`);
    },
    "touched": () => mustRun("touch", `${path}/file`),
    "mode": () => Deno.chmodSync(`${path}/file`, 0o600),
    "a second name": () => Deno.linkSync(`${path}/file`, `${given.ours}/second`),
    "another type": () => {
      Deno.removeSync(`${path}/file`);
      Deno.mkdirSync(`${path}/file`);
    },
  };
  for (const [what, change] of Object.entries(changes)) {
    Deno.writeTextFileSync(`${path}/file`, "one");
    const { table: known } = await scanSettled(given);
    await hashFiles(given.root, known, [1], { flush: given.platform });
    assertEquals((await scan(given.root, { known })).table.hashed[1], 1);
    change();
    assertEquals((await scan(given.root, { known })).table.hashed[1], 0, what);
  }
});

function indexesOf(table: TreeTable, type: number): number[] {
  return Array.from({ length: table.count }, (_, i) => i).filter((i) => table.type[i] === type);
}

onTree("scanTree() lists a folder again only where its times do not prove its names", async (given) => {
  const { path } = given;
  for (const name of ["same", "changed", "ignoring", "holder", "holder/.jvs"]) {
    Deno.mkdirSync(`${path}/${name}`);
    Deno.writeTextFileSync(`${path}/${name}/kept`, name);
  }
  Deno.writeTextFileSync(`${path}/ignoring/left`, "");
  const rules = parseIgnoreRules("left");
  const { clock } = await scanSettled(given);
  const { table: known } = await scan(given.root, { rules, clock });
  await hashFiles(given.root, known, indexesOf(known, FILE), { flush: given.platform });
  Deno.writeTextFileSync(`${path}/changed/new`, "");
  const lists = async (known: TreeTable) => {
    let lists = 0;
    const root = watched(given.root, (call) => void (lists += call === "list" ? 1 : 0));
    const { table } = await scan(root, { known, clock });
    assertEquals(pathsOf(table).filter((each) => /left|new/.test(each)), ["changed/new", "ignoring/left"]);
    return lists;
  };
  assertEquals(await lists(known), ["changed", "ignoring", "holder"].length);
  const elsewhere = { ...clock as ScanClock, foldersTell: false };
  assertEquals(await lists((await scan(given.root, { rules, clock: elsewhere })).table), 6);
});
