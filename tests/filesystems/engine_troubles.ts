import { assert, assertEquals, assertRejects } from "@std/assert";
import { LOST } from "../../src/model/entry.ts";
import { isJvsError, JvsError } from "../../src/model/errors.ts";
import { asOrdinaryThread } from "../support/ordinary_thread.ts";
import { USER } from "../support/as_user.ts";
import { mustRun, run } from "../support/run.ts";
import { describeTree } from "../support/trees.ts";
import { assertSameLines, indexOf, type Test } from "./engine_fixture.ts";

/** What changes or is cancelled while a tree is cloned. */
export function testRaces(test: Test): void {
  test("names what vanished or changed its type since the scan", async (fixture) => {
    const gone = ["folder/file", "removed", "to-fifo", "to-folder", "to-link"];
    for (const name of [...gone, "stays"]) fixture.write(`source/${name}`, "x");
    const table = await fixture.scan("source");
    Deno.removeSync(fixture.at("source/folder"), { recursive: true });
    for (const name of gone.slice(1)) Deno.removeSync(fixture.at(`source/${name}`));
    mustRun("mkfifo", fixture.at("source/to-fifo"));
    fixture.write("source/to-folder/inside/it", "x");
    Deno.symlinkSync("/etc/passwd", fixture.at("source/to-link"));
    const result = await fixture.clone("source", "payload", table, { as: "payload" });
    const { wholeTrees } = fixture.engine.abilities;
    const expected = wholeTrees ? ["folder", ...gone] : gone; // the others make a folder from the table
    assertEquals([...result.changed], expected.map((name) => indexOf(table, name)).sort((a, b) => a - b));
    if (wholeTrees) assertEquals(fixture.names("payload"), ["stays", "to-fifo", "to-folder", "to-link"]);
    else assertEquals(fixture.names("payload"), ["folder", "stays"]);
  });

  test("gives what was exchanged for a file since the look no more rights than it has", async (fixture) => {
    fixture.write("source/all", "for all", 0o664);
    fixture.write("source/own", "for one", 0o600);
    const table = await fixture.scan("source");
    const [all, own] = [indexOf(table, "all"), indexOf(table, "own")];
    Deno.renameSync(fixture.at("source/all"), fixture.at("source/x"));
    Deno.renameSync(fixture.at("source/own"), fixture.at("source/all"));
    Deno.renameSync(fixture.at("source/x"), fixture.at("source/own"));
    const { changed } = await fixture.clone("source", "payload", table, { as: "payload", isLook: true });
    assertEquals([...changed], [all, own]);
    assertEquals(fixture.read("payload/all"), "for one");
    assertEquals((Deno.statSync(fixture.at("payload/all")).mode ?? 0) & 0o077, 0);
    assertEquals(fixture.read("payload/own"), "for all");
  });

  test("follows no link that took a file's place", async (fixture) => {
    fixture.write("source/a", "x");
    const table = await fixture.scan("source");
    Deno.removeSync(fixture.at("source/a"));
    Deno.symlinkSync("/etc/passwd", fixture.at("source/a"));
    const { changed } = await fixture.clone("source", "payload", table, { as: "payload" });
    assertEquals([...changed], [indexOf(table, "a")]);
    const { wholeTrees } = fixture.engine.abilities;
    if (wholeTrees) assertEquals(Deno.readLinkSync(fixture.at("payload/a")), "/etc/passwd");
    else assertEquals(fixture.names("payload"), []);
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

/** A caller who is not root. */
export function testOrdinaryUser(test: Test): void {
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

  test("names what may not be read", async (fixture) => {
    for (const name of ["secret", "closed/inside", "stays"]) fixture.write(`source/${name}`, "x");
    Deno.chmodSync(fixture.at("source/secret"), 0o600);
    Deno.chmodSync(fixture.at("source/closed"), 0o700);
    Deno.chownSync(fixture.path, USER, USER);
    const table = await fixture.scan("source");
    using _user = asOrdinaryThread();
    const { unreadable } = await fixture.clone("source", "payload", table, { as: "payload" });
    assertEquals([...unreadable], ["closed/inside", "secret"].map((name) => indexOf(table, name)));
    assertEquals(fixture.names("payload"), ["closed", "stays"]);
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
    // Older kernels have no such attributes on tmpfs.
    run("python3", "-c", `import os; os.setxattr("${fixture.at("source/a/b/c")}", "user.color", b"blue")`);
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
