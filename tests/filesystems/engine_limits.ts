import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import type { Engine } from "../../src/engine/contract.ts";
import { LOST } from "../../src/model/entry.ts";
import { bytesOf } from "../../src/model/bytes.ts";
import { isJvsError, JvsError } from "../../src/model/errors.ts";
import { openPlatform } from "../../src/platform/open_platform.ts";
import type { Platform } from "../../src/platform/platform.ts";
import { diskImage, type DiskKind, sharedDisk } from "../support/disk_image.ts";
import { requires } from "../support/requires.ts";
import { mustRun } from "../support/run.ts";
import { tempDir } from "../support/temp_dir.ts";
import { EngineFixture, indexOf } from "./engine_fixture.ts";

/** An engine, whatever file system it is tried on. */
interface Subject {
  readonly name: string;
  readonly make: (platform: Platform) => Engine;
}

const CLONE = bytesOf("clone");

/** For a disk that is too small for what is cloned onto it. */
export function testFullDisk({ name, make }: Subject, disk: DiskKind): void {
  /** Clones what a shell makes in the source, and changes by `meanwhile` after it was scanned, to the small disk. */
  const clone = async (source: string, meanwhile = "") => {
    using elsewhere = tempDir();
    await using small = await diskImage(disk, { small: true });
    const fixture = fixtureOf(make, elsewhere.path);
    Deno.mkdirSync(fixture.at("source"));
    mustRun("sh", "-ec", `cd '${fixture.at("source")}'; ${source}`);
    using from = fixture.open("source");
    using into = fixture.platform.openFolder(small.path);
    const table = await fixture.scan("source");
    mustRun("sh", "-ec", `cd '${fixture.at("source")}'; ${meanwhile}`);
    const cloning = fixture.engine.clone({
      source: from,
      table,
      gaps: new Set<number>(),
      into,
      name: CLONE,
      as: "payload",
    });
    const error = await cloning.then(() => undefined, (error: unknown) => error);
    return {
      error,
      made: [...Deno.readDirSync(`${small.path}/clone`)].filter((entry) => entry.isFile).length,
    };
  };
  const makeBig = "dd if=/dev/zero of=big bs=1M count=32 status=none";
  const test = (title: string, run: () => Promise<void>) =>
    Deno.test(`${name}.clone() ${title} on ${disk}`, requires("ffi", disk), run);

  test("copies nothing where there is no room for all of it", async () => {
    const { error, made } = await clone(`echo small > a; ${makeBig}`);
    assert(isJvsError(error, "E_NO_SPACE"), String(error));
    assertMatch(error.message, /Cannot copy 33\.6 MB to ".*": the disk has .* free$/);
    assertEquals(made, 0);
  });

  test("says that the disk is full when it finds out on the way", async () => {
    const { error } = await clone("echo small > big", makeBig);
    assert(isJvsError(error, "E_NO_SPACE"), String(error));
    assertStringIncludes(error.message, "the disk is full");
  });

  test("does not take holes for content, nor blocks that were only reserved", async () => {
    const { error, made } = await clone("truncate -s 1G hole; echo end >> hole; fallocate -l 100M reserved");
    assertEquals([error, made], [undefined, 2]);
  });

  if (disk !== "ext4") return; // the others make inodes as they are needed
  test("says that there is no room for so many files", async () => {
    const { error, made } = await clone("seq 20000 | xargs touch"); // the small disk has fewer inodes
    assert(isJvsError(error, "E_NO_SPACE"), String(error));
    assertMatch(error.message, /Cannot copy 20,000 files to ".*": the disk has room for .* more$/);
    assertEquals(made, 0);
  });
}

/** For a disk that the engine cannot work on: an error that names the file, never another way of cloning. */
export function testWrongDisk({ name, make }: Subject, disk: DiskKind): void {
  for (const ffi of [true, false]) {
    const where = ffi ? disk : `${disk} without FFI`;
    Deno.test(
      `${name}.clone() fails on ${where}`,
      requires(disk, ...(ffi ? ["ffi" as const] : [])),
      async () => {
        using folder = await sharedDisk(disk);
        const fixture = fixtureOf(make, folder.path, ffi);
        fixture.write("source/a/file", "x");
        const table = await fixture.scan("source");
        const clone = () => fixture.clone("source", "payload", table, { as: "payload" });
        const error = await assertRejects(clone, JvsError, "payload/a/file");
        assert(isJvsError(error, "E_ENGINE_FAILED"), error.code);
      },
    );
  }
}

/** For an engine that copies from one disk to another, whose limits are narrower. */
export function testPoorerDisk({ name, make }: Subject, from: DiskKind, to: DiskKind): void {
  const title = `${name}.clone() says which attributes of ${from} are too long for ${to}`;
  Deno.test(title, requires("ffi", "python3", from, to), async () => {
    using here = await sharedDisk(from);
    using there = await sharedDisk(to);
    const fixture = fixtureOf(make, here.path);
    fixture.write("source/file", "x");
    const script = "import os, sys; os.setxattr(sys.argv[1], 'user.long', b'x' * 60000)";
    mustRun("python3", "-c", script, fixture.at("source/file"));
    const table = await fixture.scan("source");
    using source = fixture.open("source");
    using into = fixture.platform.openFolder(there.path);
    const request = { source, table, gaps: new Set<number>(), into, name: CLONE, as: "payload" } as const;
    const { degradations } = await fixture.engine.clone(request);
    const { counts, first } = degradations.toRecord();
    assertEquals(counts, { xattr: 1 });
    assert(first[0]?.reason.startsWith("user.long: "));
    assertEquals(table.lost[indexOf(table, "file")], LOST.xattr);
  });
}

/** For an engine that copies content: a large file must not keep everything else waiting. */
export function testSlices({ name, make }: Subject): void {
  Deno.test(`${name}.clone() tells of a large file in parts, and stops in the middle of it`, async () => {
    using folder = tempDir();
    const fixture = fixtureOf(make, folder.path);
    const size = 256 * 1024 * 1024;
    Deno.mkdirSync(fixture.at("source"));
    mustRun("dd", "if=/dev/zero", `of=${fixture.at("source/big")}`, "bs=1M", "count=256", "status=none");
    const table = await fixture.scan("source");
    const parts: number[] = [];
    const advance = (_entries: number, bytes: number) => void (bytes > 0 && parts.push(bytes));
    const reporter = { begin() {}, warn() {}, advance };
    await fixture.clone("source", "whole", table, { as: "payload", reporter });
    assert(parts.length > 1);
    assertEquals(parts.reduce((sum, part) => sum + part), size);

    const stop = new AbortController();
    let copied = 0;
    const stopSoon = {
      ...reporter,
      advance(_entries: number, bytes: number) {
        copied += bytes;
        stop.abort();
        const until = performance.now() + 60;
        while (performance.now() < until); // so that the slice is used up and there is a turn
      },
    };
    const clone = () =>
      fixture.clone("source", "part", table, { as: "payload", reporter: stopSoon, signal: stop.signal });
    const error = await assertRejects(clone, JvsError);
    assert(isJvsError(error, "E_INTERRUPTED"));
    assert(copied < size);
  });
}

const LONG_AGO = 1_500_000_000;

/**
 * For a disk where a store through a memory map shows in the times only when the page was written out before: what is
 * stored after a payload was made must show. SPEC 5.
 */
export function testMappedStores({ name, make }: Subject, disk: DiskKind): void {
  for (const files of [1, 40]) {
    const title = `${name}.clone() on ${disk} lets later stores into a memory map show, with ${files} files`;
    Deno.test(title, requires("ffi", "python3", disk), async () => {
      using folder = await sharedDisk(disk);
      const fixture = fixtureOf(make, folder.path);
      if (fixture.engine.abilities.wholeTrees) mustRun("btrfs", "subvolume", "create", fixture.at("source"));
      for (let i = 0; i < files; i++) fixture.write(`source/${i}`, "x".repeat(8192));
      await using mapped = new MappedFile(fixture.at("source/0"));
      await mapped.store();
      Deno.utimeSync(fixture.at("source/0"), LONG_AGO, LONG_AGO);
      const table = await fixture.scan("source");
      await fixture.clone("source", "payload", table, { as: "payload" });
      assertEquals(Deno.statSync(fixture.at("source/0")).mtime?.getTime(), LONG_AGO * 1000);
      await mapped.store();
      assert((Deno.statSync(fixture.at("source/0")).mtime?.getTime() ?? 0) > LONG_AGO * 1000);
    });
  }
}

/** A file that another process has mapped into its memory. */
class MappedFile implements AsyncDisposable {
  private readonly process: Deno.ChildProcess;
  private readonly answers: ReadableStreamDefaultReader<Uint8Array>;
  private readonly orders: WritableStreamDefaultWriter<Uint8Array>;

  constructor(path: string) {
    const script = `import mmap, sys
file = open(sys.argv[1], "r+b")
memory = mmap.mmap(file.fileno(), 0)
for number, _ in enumerate(sys.stdin):
    memory[0] = number
    print(flush=True)`;
    const args = ["-c", script, path];
    this.process = new Deno.Command("python3", { args, stdin: "piped", stdout: "piped" }).spawn();
    this.answers = this.process.stdout.getReader();
    this.orders = this.process.stdin.getWriter();
  }

  /** Stores into the first page. */
  async store(): Promise<void> {
    await this.orders.write(new Uint8Array([0x0a]));
    await this.answers.read();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.orders.close();
    await this.process.status;
    await this.answers.cancel();
  }
}

function fixtureOf(make: Subject["make"], path: string, ffi = true): EngineFixture {
  const platform = openPlatform({ ffi });
  return new EngineFixture(platform, make(platform), path);
}
