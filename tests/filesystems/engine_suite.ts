import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Engine } from "../../src/engine/contract.ts";
import { LOST } from "../../src/model/entry.ts";
import { isJvsError, JvsError } from "../../src/model/errors.ts";
import { LinuxFolder } from "../../src/platform/linux_folder.ts";
import { openPlatform } from "../../src/platform/open_platform.ts";
import type { Platform } from "../../src/platform/platform.ts";
import { SystemError } from "../../src/platform/system_error.ts";
import { diskImage, type DiskKind, sharedDisk } from "../support/disk_image.ts";
import { asOrdinaryThread } from "../support/ordinary_thread.ts";
import { USER } from "../support/probes.ts";
import { requires } from "../support/requires.ts";
import { mustRun } from "../support/run.ts";
import { tempDir } from "../support/temp_dir.ts";
import { describeTree, makeRichTree } from "../support/trees.ts";
import { EngineFixture, indexOf } from "./engine_fixture.ts";

/** What a test of the suite does with the engine. */
type Body = (fixture: EngineFixture) => Promise<void>;

/** An engine that the suite is run over. */
export interface EngineUnderTest {
  /** How test names begin. */
  readonly name: string;
  readonly make: (platform: Platform) => Engine;
  /** The file systems that it claims. */
  readonly disks: readonly DiskKind[];
}

/** What every engine must do on every file system that it claims. SPEC 5. */
export function testEngine(engine: EngineUnderTest): void {
  for (const disk of engine.disks) {
    const test = (name: string, body: Body) => {
      const title = `${engine.name}.clone() on ${disk} ${name}`;
      Deno.test(title, requires("ffi", "root", "python3", disk), async () => {
        using folder = await sharedDisk(disk);
        const platform = openPlatform();
        await body(new EngineFixture(platform, engine.make(platform), folder.path));
      });
    };
    testFaithfulness(test);
    testSharing(test);
    testHardLinks(test);
    testOrdinaryUser(test);
    testRaces(test);
  }
}

type Test = (name: string, body: Body) => void;

function testFaithfulness(test: Test): void {
  test("brings a rich tree into a payload and back as it was", async (fixture) => {
    Deno.mkdirSync(fixture.at("source"));
    await makeRichTree(fixture.at("source"));
    const asItWas = await describeTree(fixture.at("source"));
    const table = await fixture.scan("source");
    const saved = await fixture.clone("source", "payload", table, { as: "payload" });
    const restored = await fixture.clone("payload", "back", table, { as: "worktree" });

    assertEquals(saved.degradations.toRecord(), { counts: {}, first: [] });
    assertEquals(restored.degradations.toRecord(), { counts: {}, first: [] });
    assertEquals([...saved.changed, ...saved.unreadable, ...restored.changed], []);
    assertEquals(table.lost.some((bits) => bits !== 0), false);
    assertSameLines(await describeTree(fixture.at("back")), asItWas);
    const omit = ["mode", "xattr"];
    assertSameLines(await describeTree(fixture.at("payload"), { omit }), asItWas.filter(isNone(omit)));
    assertSameLines(await describeTree(fixture.at("source")), asItWas);
  });

  test("leaves no write and no set-id bit on payload files, in their ACLs neither", async (fixture) => {
    fixture.write("source/program", "x", 0o6777);
    fixture.write("source/unreadable", "x", 0o222);
    fixture.write("source/acl", "x", 0o660);
    mustRun("setfacl", "-m", "u:12345:rwx", fixture.at("source/acl"));
    Deno.mkdirSync(fixture.at("source/closed"), { mode: 0o055 });
    const table = await fixture.scan("source");
    await fixture.clone("source", "payload", table, { as: "payload" });
    const modes = ["program", "unreadable", "acl", "closed"].map((name) =>
      ((Deno.lstatSync(fixture.at(`payload/${name}`)).mode ?? 0) & 0o7777).toString(8)
    );
    assertEquals(modes, ["555", "400", "450", "755"]);
    const acl = mustRun("getfacl", "-cn", fixture.at("payload/acl"));
    assert(acl.includes("user:12345:r-x") && !acl.includes("w"), acl);
  });

  test("lets nothing inherit the ACL of the folder it is made in", async (fixture) => {
    fixture.write("source/a/b", "x", 0o640);
    const asItWas = await describeTree(fixture.at("source"));
    mustRun("setfacl", "-d", "-m", "u:12345:rwx", fixture.path);
    const table = await fixture.scan("source");
    const { degradations } = await fixture.clone("source", "copy", table, { as: "worktree" });
    assertSameLines(await describeTree(fixture.at("copy")), asItWas);
    assertEquals(degradations.total, 0);
  });

  test("does not depend on the umask", async (fixture) => {
    fixture.write("source/a/b", "x", 0o666);
    const asItWas = await describeTree(fixture.at("source"));
    const table = await fixture.scan("source");
    const before = Deno.umask(0o077);
    try {
      await fixture.clone("source", "copy", table, { as: "worktree" });
    } finally {
      Deno.umask(before);
    }
    assertSameLines(await describeTree(fixture.at("copy")), asItWas);
  });
}

function testSharing(test: Test): void {
  test("shares unchanged files with the earlier payload and none with a worktree", async (fixture) => {
    fixture.write("source/a/same", "same");
    fixture.write("source/a/other", "before");
    fixture.write("source/new", "x");
    const known = await fixture.scan("source");
    await fixture.clone("source", "one", known, { as: "payload" });
    fixture.write("source/a/other", "changed");
    const table = await fixture.scan("source");
    const result = await fixture.cloneSharing("source", "two", table, "one", known);
    await fixture.clone("two", "back", table, { as: "worktree" });

    assertEquals([result.sharedFiles, result.clonedBytes], [2, "changed".length]);
    assertEquals(fixture.inode("two/a/same"), fixture.inode("one/a/same"));
    assertEquals(fixture.read("two/a/other"), "changed");
    assertEquals(fixture.read("one/a/other"), "before");
    for (const name of ["a/same", "a/other", "new"]) {
      const inodes = ["source", "one", "back"].map((tree) => fixture.inode(`${tree}/${name}`));
      assertEquals(new Set(inodes).size, 3, name);
      assertEquals(Deno.lstatSync(fixture.at(`back/${name}`)).nlink, 1);
    }
    assertSameLines(await describeTree(fixture.at("back")), await describeTree(fixture.at("source")));
  });

  test("does not share a payload file that differs from its manifest", async (fixture) => {
    for (const name of ["grown", "touched", "replaced"]) fixture.write(`source/${name}`, "right");
    const known = await fixture.scan("source");
    await fixture.clone("source", "one", known, { as: "payload" });
    Deno.writeTextFileSync(fixture.at("one/grown"), "wrong and longer");
    const { mtime } = Deno.statSync(fixture.at("source/grown"));
    Deno.utimeSync(fixture.at("one/grown"), mtime ?? 0, mtime ?? 0);
    Deno.writeTextFileSync(fixture.at("one/touched"), "wrong");
    Deno.removeSync(fixture.at("one/replaced"));
    Deno.symlinkSync("grown", fixture.at("one/replaced"));
    const table = await fixture.scan("source");
    const { sharedFiles } = await fixture.cloneSharing("source", "two", table, "one", known);
    assertEquals(sharedFiles, 0);
    for (const name of ["grown", "touched", "replaced"]) assertEquals(fixture.read(`two/${name}`), "right");
  });

  test("shares no file whose mode or owner changed", async (fixture) => {
    fixture.write("source/mode", "x", 0o600);
    fixture.write("source/owner", "x");
    const known = await fixture.scan("source");
    await fixture.clone("source", "one", known, { as: "payload" });
    Deno.chmodSync(fixture.at("source/mode"), 0o755);
    Deno.chownSync(fixture.at("source/owner"), USER, USER);
    const table = await fixture.scan("source");
    const { sharedFiles } = await fixture.cloneSharing("source", "two", table, "one", known);
    assertEquals(sharedFiles, 0);
    assertEquals(Deno.statSync(fixture.at("one/owner")).uid, 0);
  });

  test("clones what cannot be linked", async (fixture) => {
    fixture.write("source/a", "x");
    const known = await fixture.scan("source");
    await fixture.clone("source", "one", known, { as: "payload" });
    using _fault = failingLinks("EPERM");
    const result = await fixture.cloneSharing("source", "two", known, "one", known);
    assertEquals([result.sharedFiles, result.clonedBytes, result.degradations.total], [0, 1, 0]);
    assertEquals(fixture.read("two/a"), "x");
  });
}

function testHardLinks(test: Test): void {
  test("clones hard links that it cannot keep, and says so", async (fixture) => {
    fixture.write("source/a", "linked");
    for (const name of ["b", "c", "d"]) Deno.linkSync(fixture.at("source/a"), fixture.at(`source/${name}`));
    const table = await fixture.scan("source");
    // b can be linked to a; c cannot, and stands in for it: d is linked to c.
    using _fault = failingLinks("EMLINK", 2);
    const { degradations } = await fixture.clone("source", "payload", table, { as: "payload" });
    const inode = (name: string) => fixture.inode(`payload/${name}`);
    assertEquals([inode("a") === inode("b"), inode("a") === inode("c"), inode("c") === inode("d")], [
      true,
      false,
      true,
    ]);
    assertEquals(fixture.read("payload/d"), "linked");
    assertEquals(degradations.toRecord().counts, { hardlink: 2 });
    const lost = ["a", "b", "c", "d"].map((name) => table.lost[indexOf(table, name)]);
    assertEquals(lost, [0, 0, LOST.hardlink, LOST.hardlink]);
  });

  test("keeps hard links together whose first name went away", async (fixture) => {
    fixture.write("source/a", "linked");
    for (const name of ["b", "c"]) Deno.linkSync(fixture.at("source/a"), fixture.at(`source/${name}`));
    const table = await fixture.scan("source");
    Deno.removeSync(fixture.at("source/a"));
    const { changed, degradations } = await fixture.clone("source", "payload", table, { as: "payload" });
    assertEquals([...changed], [indexOf(table, "a")]);
    assertEquals(fixture.names("payload"), ["b", "c"]);
    assertEquals(fixture.inode("payload/b"), fixture.inode("payload/c"));
    assertEquals(degradations.total, 0);
  });
}

function testOrdinaryUser(test: Test): void {
  test("says what an ordinary user cannot keep, and keeps the rest", async (fixture) => {
    fixture.write("source/others", "x", 0o4755);
    fixture.write("source/mine", "x", 0o640);
    fixture.write("source/linked", "x", 0o644);
    Deno.linkSync(fixture.at("source/linked"), fixture.at("source/linked-too"));
    mustRun("mknod", fixture.at("source/null"), "c", "1", "3");
    mustRun("mkfifo", fixture.at("source/fifo"));
    for (const name of ["", "/mine", "/fifo"]) Deno.chownSync(fixture.at(`source${name}`), USER, USER);
    Deno.chownSync(fixture.path, USER, USER);
    const table = await fixture.scan("source");
    {
      using _user = asOrdinaryThread();
      const saved = await fixture.clone("source", "payload", table, { as: "payload" });
      assertEquals(saved.degradations.toRecord().counts, { type: 1, owner: 3 });
      const restored = await fixture.clone("payload", "back", table, { as: "worktree" });
      assertEquals(restored.degradations.toRecord().counts, { type: 1, owner: 3, mode: 1 });
    }
    const lost = ["mine", "others", "null", "fifo", "linked", "linked-too"].map((name) =>
      table.lost[indexOf(table, name)]
    );
    assertEquals(lost, [0, LOST.owner, LOST.type, 0, LOST.owner, LOST.owner]);
    assertEquals(fixture.names("back"), ["fifo", "linked", "linked-too", "mine", "others"]);
    assertEquals(
      (Deno.statSync(fixture.at("back/others")).mode ?? 0) & 0o7777,
      0o755,
      "no set-id bit of others",
    );
    assertEquals((Deno.statSync(fixture.at("back/mine")).mode ?? 0) & 0o7777, 0o640);
  });

  test("makes a payload that its owner cannot write into by mistake", async (fixture) => {
    fixture.write("source/a/b", "x", 0o666);
    mustRun("chown", "-R", `${USER}:${USER}`, fixture.path);
    const table = await fixture.scan("source");
    using _user = asOrdinaryThread();
    await fixture.clone("source", "payload", table, { as: "payload" });
    let refused = false;
    try {
      Deno.writeTextFileSync(fixture.at("payload/a/b"), "stray");
    } catch (error) {
      refused = error instanceof Deno.errors.PermissionDenied;
    }
    assert(refused, "a stray write went through");
  });

  test("clones and restores an ordinary user's read-only folders and attributes of read-only files", async (fixture) => {
    fixture.write("source/a/b/c", "x", 0o444);
    mustRun("chown", "-R", `${USER}:${USER}`, fixture.path);
    mustRun("setfacl", "-m", "u:12345:r", fixture.at("source/a/b/c"));
    for (const name of ["a/b", "a"]) Deno.chmodSync(fixture.at(`source/${name}`), 0o555);
    const asItWas = await describeTree(fixture.at("source"));
    const table = await fixture.scan("source");
    {
      using _user = asOrdinaryThread();
      await fixture.clone("source", "payload", table, { as: "payload" });
      const { degradations } = await fixture.clone("payload", "back", table, { as: "worktree" });
      assertEquals(degradations.total, 0);
    }
    assertSameLines(await describeTree(fixture.at("back")), asItWas);
  });
}

function testRaces(test: Test): void {
  test("names what vanished or changed its type since the scan, and what may not be read", async (fixture) => {
    const gone = ["folder/file", "removed", "to-fifo", "to-folder", "to-link"];
    for (const name of [...gone, "secret", "stays"]) fixture.write(`source/${name}`, "x");
    Deno.chmodSync(fixture.at("source"), 0o777);
    Deno.chmodSync(fixture.at("source/secret"), 0o600);
    const table = await fixture.scan("source");
    Deno.removeSync(fixture.at("source/folder"), { recursive: true });
    for (const name of gone.slice(1)) Deno.removeSync(fixture.at(`source/${name}`));
    mustRun("mkfifo", fixture.at("source/to-fifo"));
    Deno.mkdirSync(fixture.at("source/to-folder"));
    Deno.symlinkSync("/etc/passwd", fixture.at("source/to-link"));
    Deno.chownSync(fixture.path, USER, USER);
    using _user = asOrdinaryThread();
    const result = await fixture.clone("source", "payload", table, { as: "payload" });
    assertEquals([...result.changed], gone.map((name) => indexOf(table, name)).sort((a, b) => a - b));
    assertEquals([...result.unreadable], [indexOf(table, "secret")]);
    assertEquals(fixture.names("payload"), ["folder", "stays"]);
  });

  test("holds what was stored through a memory map just before", async (fixture) => {
    fixture.write("source/mapped", "before".padEnd(8192));
    const table = await fixture.scan("source");
    const script = `import mmap
file = open("${fixture.at("source/mapped")}", "r+b")
mmap.mmap(file.fileno(), 0)[0:6] = b"stored"`;
    mustRun("python3", "-c", script);
    await fixture.clone("source", "payload", table, { as: "payload" });
    assertEquals(fixture.read("payload/mapped").trim(), "stored");
  });

  test("stops when it is cancelled", async (fixture) => {
    for (let i = 0; i < 300; i++) fixture.write(`source/${i}`, "x");
    const table = await fixture.scan("source");
    const stop = new AbortController();
    let done = 0;
    const advance = () => {
      done++;
      stop.abort();
      const until = performance.now() + 1;
      while (performance.now() < until); // so that the slice is used up and there is a turn
    };
    const reporter = { begin() {}, warn() {}, advance };
    const cloning = () =>
      fixture.clone("source", "payload", table, { as: "payload", reporter, signal: stop.signal });
    const error = await assertRejects(cloning, JvsError);
    assert(isJvsError(error, "E_INTERRUPTED"));
    assert(done < table.count);
  });
}

/** For a disk that is too small for what is cloned onto it. */
export function testFullDisk(engine: Omit<EngineUnderTest, "disks">, disk: DiskKind): void {
  const title = `${engine.name}.clone() says that the disk is full on ${disk}`;
  Deno.test(title, requires("ffi", disk), async () => {
    using elsewhere = tempDir();
    await using small = await diskImage(disk, { small: true });
    const platform = openPlatform();
    const fixture = new EngineFixture(platform, engine.make(platform), elsewhere.path);
    Deno.mkdirSync(fixture.at("source"));
    mustRun("dd", "if=/dev/zero", `of=${fixture.at("source/big")}`, "bs=1M", "count=32", "status=none");
    using source = fixture.open("source");
    using destination = platform.openFolder(small.path);
    const table = await fixture.scan("source");
    const clone = () => fixture.engine.clone({ source, destination, table, as: "payload" });
    const error = await assertRejects(clone, JvsError, "the disk is full");
    assert(isJvsError(error, "E_NO_SPACE"));
  });
}

/** Makes each hard link fail from the given one on (default: the first), until the block ends. */
function failingLinks(errno: string, from = 1): Disposable {
  const { linkFrom } = LinuxFolder.prototype;
  let calls = 0;
  LinuxFolder.prototype.linkFrom = function (...args) {
    // Only one fails: a file system that refused one link of a file takes those of its clone.
    if (++calls === from) throw new SystemError("link", this.path, errno);
    linkFrom.apply(this, args);
  };
  return { [Symbol.dispose]: () => void (LinuxFolder.prototype.linkFrom = linkFrom) };
}

function isNone(aspects: string[]): (line: string) => boolean {
  return (line) => !aspects.includes(line.split("\t")[1]?.split(" ")[0] ?? "");
}

/** As `assertEquals`, showing only what differs: a tree's description is long. */
function assertSameLines(actual: string[], expected: string[]): void {
  const [has, wants] = [new Set(actual), new Set(expected)];
  assertEquals(actual.filter((line) => !wants.has(line)), expected.filter((line) => !has.has(line)));
  assertEquals(actual.length, expected.length);
}
