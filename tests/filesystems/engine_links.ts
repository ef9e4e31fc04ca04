import { assertEquals } from "@std/assert";
import { LOST } from "../../src/model/entry.ts";
import { LinuxFolder } from "../../src/platform/linux_folder.ts";
import { SystemError } from "../../src/platform/system_error.ts";
import { USER } from "../support/as_user.ts";
import { describeTree } from "../support/trees.ts";
import { assertSameLines, type EngineFixture, indexOf, type Test } from "./engine_fixture.ts";

const LONG_AGO = 1_500_000_000;

/** Which inodes payloads may share with each other. */
export function testSharing(test: Test): void {
  test("shares unchanged files with the earlier payload and none with a worktree", async (fixture) => {
    fixture.write("source/a/same", "same");
    fixture.write("source/a/other", "before");
    fixture.write("source/new", "x");
    const known = await fixture.scan("source");
    await fixture.clone("source", "one", known, { as: "payload" });
    fixture.write("source/a/other", "changed");
    const table = await fixture.scan("source");
    await fixture.cloneSharing("source", "two", table, { name: "one", table: known });
    await fixture.cloneSharing("two", "back", table, { name: "one", table: known }, "worktree");

    assertEquals(shared(fixture, ["a/same", "a/other", "new"]), ["a/same", "new"]);
    assertEquals(fixture.read("two/a/other"), "changed");
    assertEquals(fixture.read("one/a/other"), "before");
    for (const name of ["a/same", "a/other", "new"]) {
      const inodes = ["source", "one", "back"].map((tree) => fixture.inode(`${tree}/${name}`));
      assertEquals(new Set(inodes).size, 3, name);
      assertEquals(Deno.lstatSync(fixture.at(`back/${name}`)).nlink, 1);
    }
    const omit = ["mtime"]; // without FFI only milliseconds are kept
    const [back, source] = [fixture.at("back"), fixture.at("source")];
    assertSameLines(await describeTree(back, { omit }), await describeTree(source, { omit }));
  });

  test("does not share a payload file that differs from its manifest", async (fixture) => {
    for (const name of ["grown", "touched", "replaced"]) {
      fixture.write(`source/${name}`, "right");
      Deno.utimeSync(fixture.at(`source/${name}`), LONG_AGO, LONG_AGO); // what is written now has another time for sure
    }
    const known = await fixture.scan("source");
    await fixture.clone("source", "one", known, { as: "payload" });
    Deno.writeTextFileSync(fixture.at("one/grown"), "wrong and longer");
    Deno.utimeSync(fixture.at("one/grown"), LONG_AGO, LONG_AGO);
    Deno.writeTextFileSync(fixture.at("one/touched"), "wrong");
    Deno.removeSync(fixture.at("one/replaced"));
    Deno.symlinkSync("grown", fixture.at("one/replaced"));
    const table = await fixture.scan("source");
    await fixture.cloneSharing("source", "two", table, { name: "one", table: known });
    assertEquals(shared(fixture, ["grown", "touched"]), []);
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
    await fixture.cloneSharing("source", "two", table, { name: "one", table: known });
    assertEquals(shared(fixture, ["mode", "owner"]), []);
    assertEquals(Deno.statSync(fixture.at("one/owner")).uid, 0);
  });
}

/** Several names of one file. */
export function testHardLinks(test: Test): void {
  test("clones what cannot be linked", async (fixture) => {
    fixture.write("source/a", "x");
    const known = await fixture.scan("source");
    await fixture.clone("source", "one", known, { as: "payload" });
    using _fault = failingLinks("EPERM");
    const result = await fixture.cloneSharing("source", "two", known, { name: "one", table: known });
    assertEquals([shared(fixture, ["a"]), result.degradations.total], [[], 0]);
    assertEquals(fixture.read("two/a"), "x");
  });

  test("clones hard links together that the earlier payload's file has no room for", async (fixture) => {
    fixture.write("source/a", "linked");
    fixture.write("source/x", "alone");
    const names = ["a", "b", "c", "d"];
    for (const name of names.slice(1)) Deno.linkSync(fixture.at("source/a"), fixture.at(`source/${name}`));
    const known = await fixture.scan("source");
    await fixture.clone("source", "one", known, { as: "payload" });
    const table = await fixture.scan("source");
    using _fault = failingLinks("EMLINK", 3);
    const { degradations } = await fixture.cloneSharing("source", "two", table, {
      name: "one",
      table: known,
    });
    assertEquals([degradations.total, shared(fixture, [...names, "x"])], [0, ["x"]]);
    assertEquals(new Set(names.map((name) => fixture.inode(`two/${name}`))).size, 1);
    assertEquals([fixture.read("two/d"), table.lost[indexOf(table, "d")]], ["linked", 0]);
  });

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

/** Which of these files are the same in both payloads. */
function shared(fixture: EngineFixture, names: readonly string[]): string[] {
  return names.filter((name) => fixture.inode(`one/${name}`) === fixture.inode(`two/${name}`));
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
