import { assert, assertEquals, assertRejects } from "@std/assert";
import { bytesOf } from "../../src/model/bytes.ts";
import { LOST } from "../../src/model/entry.ts";
import { isJvsError } from "../../src/model/errors.ts";
import { selectEntries } from "../../src/tree/select_entries.ts";
import type { TreeTable } from "../../src/tree/table.ts";
import { unmount } from "../support/disk_image.ts";
import { asOrdinaryThread } from "../support/ordinary_thread.ts";
import { USER } from "../support/as_user.ts";
import { exists } from "../support/files.ts";
import { mustRun } from "../support/run.ts";
import { describeTree } from "../support/trees.ts";
import { assertSameLines, type EngineFixture, indexOf, type Test } from "./engine_fixture.ts";

const LONG_AGO = 1_500_000_000;
/** A new hash, as of content that was never read: the engine takes it over or not. */
const HASH = new Uint8Array(32).fill(7);

/** What an engine must do that clones whole trees: make the clone what was asked for. For subvolumes. */
export function testWholeTrees(test: Test): void {
  testLeftOut(test);
  testInside(test);
  testAspects(test);
  testHashes(test);
  testUser(test);
}

/** Everything but some paths, and what is in them. */
function without(table: TreeTable, ...left: string[]): TreeTable {
  const isLeft = (path: string) => left.some((each) => path === each || path.startsWith(`${each}/`));
  return selectEntries(table, (i) => !isLeft(new TextDecoder().decode(table.path(i)))).table;
}

function cloneSome(fixture: EngineFixture, table: TreeTable, as: "payload" | "worktree" = "payload") {
  return fixture.clone("source", "clone", table, { as, gaps: new Set([0]) });
}

function assertReadOnly(path: string): void {
  let refused = false;
  try {
    Deno.writeTextFileSync(`${path}/stray`, "x");
  } catch {
    refused = true;
  }
  assert(refused, "a stray write went through");
}

function testLeftOut(test: Test): void {
  test("leaves out what the table does not list, and keeps the times of the folders around it", async (fixture) => {
    fixture.write("source/a/kept", "x");
    fixture.write("source/a/ignored", "x");
    fixture.write("source/cache/deep/x", "x");
    fixture.write("source/closed/ignored", "x");
    mustRun("btrfs", "subvolume", "create", fixture.at("source/cache/deep/inner"));
    mustRun("btrfs", "subvolume", "create", fixture.at("source/alone"));
    Deno.linkSync(fixture.at("source/a/kept"), fixture.at("source/a/ignored-name"));
    Deno.chmodSync(fixture.at("source/closed"), 0o555);
    for (const name of ["a/kept", "a", "closed", ""]) {
      Deno.utimeSync(fixture.at(`source/${name}`), LONG_AGO, LONG_AGO);
    }
    const left = ["a/ignored", "a/ignored-name", "alone", "cache", "closed/ignored"];
    const table = without(await fixture.scan("source"), ...left);
    for (const as of ["payload", "worktree"] as const) {
      const result = await cloneSome(fixture, table, as);
      const made = await fixture.scan("clone");
      assertEquals(fixture.names("clone"), ["a", "closed"]);
      assertEquals([...fixture.names("clone/a"), ...fixture.names("clone/closed")], ["kept"]);
      assertEquals([result.degradations.total, result.changed.length, result.table.count], [
        0,
        0,
        made.count,
      ]);
      const mtimes = ["a/kept", "a", "closed", ""].map((name) =>
        Deno.lstatSync(fixture.at(`clone/${name}`)).mtime?.getTime()
      );
      assertEquals(mtimes, mtimes.map(() => LONG_AGO * 1000));
      assertEquals((Deno.lstatSync(fixture.at("clone/closed")).mode ?? 0) & 0o777, 0o555);
      if (as === "payload") {
        assertReadOnly(fixture.at("clone"));
        mustRun("btrfs", "property", "set", "-ts", fixture.at("clone"), "ro", "false");
      }
      mustRun("btrfs", "subvolume", "delete", fixture.at("clone"));
    }
  });

  test("leaves out what is in another repository", async (fixture) => {
    fixture.write("source/a/inner/.jvs/format_version", "2\n");
    fixture.write("source/a/inner/main/file", "x");
    mustRun("btrfs", "subvolume", "create", fixture.at("source/a/inner/.jvs/snapshot"));
    for (const name of ["a/inner", "a"]) Deno.utimeSync(fixture.at(`source/${name}`), LONG_AGO, LONG_AGO);
    const table = await fixture.scan("source"); // does not enter it
    for (const as of ["payload", "worktree"] as const) {
      const { changed, degradations } = await fixture.clone("source", as, table, { as, gaps: new Set([0]) });
      assertEquals(fixture.names(`${as}/a/inner`), []);
      assertEquals([changed.length, degradations.total], [0, 0]);
      assertEquals(Deno.lstatSync(fixture.at(`${as}/a/inner`)).mtime?.getTime(), LONG_AGO * 1000);
    }
    assertEquals(fixture.read("source/a/inner/main/file"), "x");
  });

  test("says that it failed where it may not leave something out", async (fixture) => {
    fixture.write("source/a", "x");
    fixture.write("source/fixed", "x");
    const table = without(await fixture.scan("source"), "fixed");
    mustRun("chattr", "+i", fixture.at("source/fixed"));
    try {
      const error = await assertRejects(() => cloneSome(fixture, table));
      assert(isJvsError(error, "E_ENGINE_FAILED") && error.message.includes("clone/fixed"), String(error));
      assert(error.hint.includes("reflink-copy"), error.hint);
    } finally {
      for (const tree of ["source", "clone"]) mustRun("chattr", "-i", fixture.at(`${tree}/fixed`));
    }
  });
}

/** Subvolumes and mount points inside the source. */
function testInside(test: Test): void {
  test("makes a nested subvolume an empty folder with its aspects", async (fixture) => {
    Deno.mkdirSync(fixture.at("source/a"));
    mustRun("btrfs", "subvolume", "create", fixture.at("source/a/inner"));
    fixture.write("source/a/inner/theirs", "precious");
    Deno.chmodSync(fixture.at("source/a/inner"), 0o750);
    Deno.chownSync(fixture.at("source/a/inner"), 12345, 23456);
    for (const name of ["a/inner", "a"]) Deno.utimeSync(fixture.at(`source/${name}`), LONG_AGO, LONG_AGO);
    const table = await fixture.scan("source"); // does not enter it
    const expected = (await describeTree(fixture.at("source"))).filter((line) =>
      !line.startsWith("a/inner/")
    );
    const { degradations, changed } = await cloneSome(fixture, table);
    assertSameLines(await describeTree(fixture.at("clone")), expected);
    assertEquals([degradations.total, changed.length], [0, 0]);
    assertReadOnly(fixture.at("clone/a/inner"));
    // Also where the subvolume came after the look.
    mustRun("btrfs", "subvolume", "create", fixture.at("source/later"));
    await fixture.clone("source", "again", table, { as: "payload" });
    assertEquals(exists(fixture.at("again/later")), false);
  });

  test("takes what is mounted over a folder for empty, and over a file for its content", async (fixture) => {
    fixture.write("source/folder/hidden", "below the mount");
    fixture.write("source/file", "below the mount");
    fixture.write("mounted", "what is seen", 0o640);
    const [folder, file] = [fixture.at("source/folder"), fixture.at("source/file")];
    mustRun("mount", "-t", "tmpfs", "-o", "mode=0700", "jvs-test", folder);
    mustRun("mount", "--bind", fixture.at("mounted"), file);
    try {
      fixture.write("source/folder/theirs", "precious");
      const table = await fixture.scan("source");
      const { changed } = await cloneSome(fixture, table);
      assertEquals(changed, []);
      assertEquals(fixture.names("clone/folder"), []);
      assertEquals((Deno.lstatSync(fixture.at("clone/folder")).mode ?? 0) & 0o7777, 0o700);
      assertEquals(fixture.read("clone/file"), "what is seen");
      assertEquals((Deno.lstatSync(fixture.at("clone/file")).mode ?? 0) & 0o7777, 0o640);
      assertEquals(fixture.read("source/folder/theirs"), "precious");
    } finally {
      for (const path of [folder, file]) unmount(path);
    }
    assertEquals(fixture.read("source/file"), "below the mount");
    assertEquals(fixture.read("source/folder/hidden"), "below the mount");
  });
}

function testAspects(test: Test): void {
  test("gives a worktree the aspects of the table, not those of the tree", async (fixture) => {
    fixture.write("source/program", "x", 0o4755);
    fixture.write("source/plain", "x");
    mustRun("setfattr", "-n", "trusted.secret", "-v", "1", fixture.at("source/plain"));
    mustRun("setfattr", "-n", "user.color", "-v", "blue", fixture.at("source/plain"));
    const table = await fixture.scan("source");
    const [program, plain] = [indexOf(table, "program"), indexOf(table, "plain")];
    table.mode[program] = 0o755;
    table.mtimeSec[program] = LONG_AGO;
    table.mtimeNsec[program] = 0;
    table.uid[plain] = 12345;
    table.xattrs.set(plain, (table.xattrs.get(plain) ?? []).filter(({ name }) => name === "user.color"));
    const result = await fixture.clone("source", "clone", table, { as: "worktree" });
    assertEquals([result.degradations.total, result.changed.length], [0, 0]);
    const made = Deno.lstatSync(fixture.at("clone/program"));
    assertEquals([(made.mode ?? 0) & 0o7777, made.mtime?.getTime()], [0o755, LONG_AGO * 1000]);
    assertEquals(Deno.lstatSync(fixture.at("clone/plain")).uid, 12345);
    const attributes = mustRun("getfattr", "-d", "-m", "-", fixture.at("clone/plain"));
    assert(attributes.includes("user.color") && !attributes.includes("secret"), attributes);
    Deno.writeTextFileSync(fixture.at("clone/plain"), "writable");
    assertEquals(fixture.read("source/plain"), "x");
  });
}

function testHashes(test: Test): void {
  test("keeps the hash of a file only if nothing was written since", async (fixture) => {
    for (const name of ["same", "touched", "grown", "linked"]) fixture.write(`source/${name}`, "x");
    for (const name of ["same", "touched", "grown"]) {
      Deno.utimeSync(fixture.at(`source/${name}`), LONG_AGO, LONG_AGO);
    }
    const table = await fixture.scan("source");
    for (const name of ["same", "touched", "grown"]) table.setHash(indexOf(table, name), HASH);
    // Size and modification time are as before: only the change time shows it.
    Deno.writeTextFileSync(fixture.at("source/touched"), "y");
    Deno.utimeSync(fixture.at("source/touched"), LONG_AGO, LONG_AGO);
    Deno.writeTextFileSync(fixture.at("source/grown"), "longer");
    const { changed, table: made } = await fixture.clone("source", "clone", table, { as: "payload" });
    const hashed = ["same", "touched", "grown", "linked"].map((name) =>
      made.hashed[made.find(bytesOf(name))]
    );
    assertEquals(hashed, [1, 0, 0, 0]);
    assertEquals([...changed], [indexOf(table, "grown")]);
  });

  test("names files of a worktree whose source has another time than the table: they must be read", async (fixture) => {
    for (const name of ["same", "touched"]) fixture.write(`source/${name}`, "x");
    const table = await fixture.scan("source");
    Deno.utimeSync(fixture.at("source/touched"), LONG_AGO, LONG_AGO);
    const { changed, doubtful } = await fixture.clone("source", "clone", table, { as: "worktree" });
    assertEquals([changed, doubtful], [[], [indexOf(table, "touched")]]);
  });
}

/** A user who owns the subvolume, and not all that is in it. */
function testUser(test: Test): void {
  const OTHER = 12345;
  const give = (fixture: EngineFixture) => {
    for (const path of [fixture.path, fixture.at("source")]) Deno.chownSync(path, USER, USER);
  };

  test("names what an ordinary user may not read", async (fixture) => {
    for (const name of ["secret", "closed/inside", "stays"]) fixture.write(`source/${name}`, "x");
    for (const name of ["secret", "closed"]) Deno.chownSync(fixture.at(`source/${name}`), OTHER, OTHER);
    Deno.chmodSync(fixture.at("source/secret"), 0o600);
    Deno.chmodSync(fixture.at("source/closed"), 0o700);
    give(fixture);
    const table = await fixture.scan("source");
    using _user = asOrdinaryThread();
    const { changed, unreadable } = await fixture.clone("source", "clone", table, { as: "worktree" });
    assertEquals(changed, []);
    assertEquals([...unreadable], ["closed/inside", "secret"].map((name) => indexOf(table, name)));
  });

  test("empties folders of an ordinary user, and says that another user's lost its time", async (fixture) => {
    fixture.write("source/theirs/ignored", "x");
    fixture.write("source/fixed/ignored", "x");
    Deno.chownSync(fixture.at("source/fixed"), USER, USER);
    Deno.chmodSync(fixture.at("source/fixed"), 0o555);
    Deno.chmodSync(fixture.at("source/theirs"), 0o777);
    Deno.chownSync(fixture.at("source/theirs"), OTHER, OTHER);
    Deno.utimeSync(fixture.at("source/theirs"), LONG_AGO, LONG_AGO);
    give(fixture);
    const table = without(await fixture.scan("source"), "theirs/ignored", "fixed/ignored");
    using _user = asOrdinaryThread();
    const { degradations, table: made } = await cloneSome(fixture, table);
    const theirs = indexOf(made, "theirs");
    assertEquals(degradations.toRecord().counts, { times: 1 });
    assertEquals([made.mtimeSec[theirs], made.lost[theirs]], [LONG_AGO, LOST.times]);
    assertEquals([fixture.names("clone/theirs"), fixture.names("clone/fixed")], [[], []]);
    assertEquals((Deno.lstatSync(fixture.at("clone/fixed")).mode ?? 0) & 0o7777, 0o555);
  });
}
