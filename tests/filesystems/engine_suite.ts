import { assert, assertEquals } from "@std/assert";
import type { Engine } from "../../src/engine/contract.ts";
import { LOST } from "../../src/model/entry.ts";
import { openPlatform } from "../../src/platform/open_platform.ts";
import type { Platform } from "../../src/platform/platform.ts";
import { type DiskKind, sharedDisk } from "../support/disk_image.ts";
import { requires } from "../support/requires.ts";
import { mustRun } from "../support/run.ts";
import { describeTree, makeRichTree } from "../support/trees.ts";
import { assertSameLines, EngineFixture, indexOf, type Test } from "./engine_fixture.ts";
import { testHardLinks, testSharing } from "./engine_links.ts";
import { testOrdinaryUser, testRaces } from "./engine_troubles.ts";
import { testWholeTrees } from "./engine_whole.ts";

/** An engine that the suite is run over. */
export interface EngineUnderTest {
  /** How test names begin. */
  readonly name: string;
  readonly make: (platform: Platform) => Engine;
  /** The file systems that it claims. */
  readonly disks: readonly Place[];
  /** Only with the C library; without it too by default. What is lost without it is the same on each file system. */
  readonly withFfi?: boolean;
}

/** A disk, or a subvolume of its own for the source on one. */
type Place = DiskKind | "btrfs (subvolume)";

/** What every engine must do on every file system that it claims. SPEC 5. */
export function testEngine(engine: EngineUnderTest): void {
  for (const disk of engine.disks) {
    const { sharesFiles, wholeTrees } = engine.make(openPlatform()).abilities;
    for (const ffi of wholeTrees || engine.withFfi ? [true] : [true, false]) {
      const test = testsOf(engine, disk, ffi);
      if (sharesFiles) testSharing(test);
      testRaces(test);
      if (ffi) testFaithfulness(test);
      else testWithoutFfi(test);
      if (ffi && !wholeTrees) testPayloadModes(test);
      if (ffi && sharesFiles) testHardLinks(test);
      if (ffi && !wholeTrees) testOrdinaryUser(test);
      if (wholeTrees) testWholeTrees(test);
    }
  }
}

function testsOf(engine: EngineUnderTest, place: Place, ffi: boolean): Test {
  const isSubvolume = place === "btrfs (subvolume)";
  const disk = isSubvolume ? "btrfs" : place;
  const where = ffi ? `on ${place}` : `on ${place}, without FFI,`;
  const needed = requires("root", "python3", "acl", disk, ...(ffi ? ["ffi" as const] : []));
  return (name, body) =>
    Deno.test(`${engine.name}.clone() ${where} ${name}`, needed, async () => {
      using folder = await sharedDisk(disk);
      const platform = openPlatform({ ffi });
      if (isSubvolume) mustRun("btrfs", "subvolume", "create", `${folder.path}/source`);
      else Deno.mkdirSync(`${folder.path}/source`);
      await body(new EngineFixture(platform, engine.make(platform), folder.path));
    });
}

function testFaithfulness(test: Test): void {
  test("brings a rich tree into a payload and back as it was", async (fixture) => {
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

/** For an engine whose payloads lose the write rights. */
function testPayloadModes(test: Test): void {
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
}

function testWithoutFfi(test: Test): void {
  test("brings back what can be kept, and says what cannot", async (fixture) => {
    fixture.write("source/a/file", "x", 0o640);
    fixture.write("source/a.txt", "between a and what is in it");
    fixture.write("source/-dash", "no option");
    fixture.write("source/new\nline", "x", 0o4755);
    fixture.write("source/empty", "", 0o600);
    fixture.write("source/a/linked", "two names");
    Deno.linkSync(fixture.at("source/a/linked"), fixture.at("source/linked-too"));
    Deno.chownSync(fixture.at("source/a/file"), 12345, 23456);
    Deno.symlinkSync("a/file", fixture.at("source/link"));
    mustRun(
      "sh",
      "-c",
      `touch -h -d '2020-02-02 02:02:02.125' $(find ${fixture.at("source")} -not -name 'new*')`,
    );
    mustRun("touch", "-d", "2020-02-02 02:02:02.125", fixture.at("source/new\nline"), fixture.at("source"));
    const omit = ["xattr"];
    const asItWas = await describeTree(fixture.at("source"), { omit });
    const table = await fixture.scan("source");
    const saved = await fixture.clone("source", "payload", table, { as: "payload" });
    await fixture.clone("payload", "back", table, { as: "worktree" });
    assertEquals(saved.degradations.toRecord().counts, { times: 1 });
    assertEquals(table.lost[indexOf(table, "link")], LOST.times);
    const ofLink = (line: string) => line.startsWith("link\tmtime");
    const back = await describeTree(fixture.at("back"), { omit });
    assertSameLines(back.filter((line) => !ofLink(line)), asItWas.filter((line) => !ofLink(line)));
  });
}

function isNone(aspects: string[]): (line: string) => boolean {
  return (line) => !aspects.includes(line.split("\t")[1]?.split(" ")[0] ?? "");
}
