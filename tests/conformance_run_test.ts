import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { ResultOf } from "../src/operation/registry.ts";
import { BlackBox } from "./support/black_box.ts";
import { diskImage } from "./support/disk_image.ts";
import { exists, namesIn } from "./support/files.ts";
import { jvsEnvironment } from "./support/jvs.ts";
import { requires } from "./support/requires.ts";
import { mustRun } from "./support/run.ts";
import { until } from "./support/until.ts";
import { tempDir } from "./support/temp_dir.ts";

type Report = ResultOf<"conformance run">;

const cli = new URL("../cli.ts", import.meta.url).pathname;

/** Starts `jvs conformance run` of this checkout; by default with the right to run programs. */
async function start(
  cwd: string,
  args: string[],
  { permissions = "-A", program }: { permissions?: string; program?: string } = {},
): Promise<Deno.ChildProcess> {
  const { program: usual, env } = await jvsEnvironment();
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "--no-prompt", permissions, cli, "conformance", "run", ...args],
    cwd,
    clearEnv: true,
    env: { ...env, DENO_DIR: Deno.env.get("DENO_DIR") ?? "", JVS_BIN: program ?? usual },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

async function run(...how: Parameters<typeof start>): Promise<{ code: number; out: string; err: string }> {
  const { code, stdout, stderr } = await (await start(...how)).output();
  const text = new TextDecoder();
  return { code, out: text.decode(stdout), err: text.decode(stderr) };
}

async function report(cwd: string, args: string[], program?: string): Promise<Report & { code: number }> {
  const { code, out, err } = await run(cwd, [...args, "--json"], program === undefined ? {} : { program });
  assert(out !== "", err);
  return { code, ...JSON.parse(out) };
}

/** What is in a folder, with what tells a change. */
function listingOf(path: string): string {
  return mustRun("find", path, "-printf", "%p %i %m %s %T@ %C@\n");
}

Deno.test("jvs conformance run asks for a folder that is not there to be made first", async () => {
  using folder = tempDir();
  const { code, out } = await run(folder.path, ["nosuch", "--json"]);
  const { error, hint } = JSON.parse(out);
  assertEquals([code, error], [1, "E_NOT_FOUND"]);
  assertStringIncludes(hint, "Make the folder first");
  assertEquals(namesIn(folder.path), []);
});

Deno.test("jvs conformance run checks beside the user's repository, changes nothing in it, and leaves nothing", async () => {
  using box = await BlackBox.make();
  box.write("a.txt", "one\n");
  await box.save("first");
  box.write("a.txt", "unsaved\n");
  const before = listingOf(box.outside);
  const found = await report(box.main, ["--rule", "25", "--rule", "38"]);
  assertEquals(found.rules.map(({ result, rule }) => [rule, result]), [[25, "passed"], [38, "passed"]]);
  assertEquals([found.code, found.passed, found.failed, found.not_run], [0, 2, 0, 0]);
  assertEquals([found.folder, found.kept, found.removed], [box.outside, null, []]);
  assertEquals(found.repository, { path: box.path, healthy: true, findings: [] });
  const after = listingOf(box.outside);
  // The folder around it had one more for a while, and doctor keeps caches of this host.
  const isOthers = (line: string) =>
    line.startsWith(`${box.outside} `) || line.includes("/.jvs/runtime/hosts/");
  const own = (text: string) => text.split("\n").filter((line) => !isOthers(line));
  assertEquals(own(after), own(before));
});

Deno.test("jvs conformance run fails where its own repository is not in order", async () => {
  using box = await BlackBox.make();
  box.write("a.txt", "one\n");
  const { snapshot_id: id } = await box.save("first");
  Deno.truncateSync(`${box.control}/descriptors/${id}.json`, 100);
  const { code, failed, repository } = await report(box.main, ["--rule", "27"]);
  assertEquals([code, failed, repository?.healthy], [1, 0, false]);
  assert(repository?.findings.some((found) => found.code === "E_DESCRIPTOR_CORRUPT"));
});

Deno.test("jvs conformance run says what a program did that breaks a promise, and keeps what it left if asked to", async () => {
  using folder = tempDir();
  const { program } = await jvsEnvironment();
  const broken = `${folder.path}/broken`;
  const script =
    `#!/bin/sh\n"${program}" "$@"\ncode=$?\n[ "$1" != restore ] || touch folder/c.txt\nexit $code\n`;
  Deno.writeTextFileSync(broken, script, { mode: 0o755 });
  const place = `${folder.path}/a place`;
  Deno.mkdirSync(place);
  const args = ["--rule", "36", "--rule", "27"];
  const { code, failed, passed, rules } = await report(place, args, broken);
  assertEquals([code, failed, passed, namesIn(place)], [1, 1, 1, []]);
  const [, found] = rules;
  assertStringIncludes(found?.reason ?? "", "Inode and ctime of folder/c.txt");
  assertStringIncludes(found?.means ?? "", "Restores rewrite files");
  const { out } = await run(place, args, { program: broken });
  for (
    const said of [
      "FAILED   36  restore touches only",
      "It means: Restores",
      "1 failed",
      `conformance run '${place}' --rule 36 --seed `,
    ]
  ) {
    assertStringIncludes(out, said);
  }

  const { kept } = await report(place, [...args, "--keep"], broken);
  assertEquals(namesIn(place), [kept?.split("/").at(-1)]);
  assertEquals(namesIn(`${kept}`), ["home", "rule-36"]);
  assert(exists(`${kept}/rule-36/box/project/main/folder/c.txt`));
  // It is the user's now: no later run takes it for a left-over.
  assertEquals((await report(place, ["--rule", "27"])).removed, []);
  assert(exists(`${kept}`));
});

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.test(`jvs conformance run leaves nothing when ${signal} ends it`, async () => {
    using folder = tempDir();
    const child = await start(folder.path, ["--rule", "7"]);
    await until(() =>
      namesIn(folder.path).some((name) => exists(`${folder.path}/${name}/rule-07/box/project`))
    );
    child.kill(signal);
    const { code } = await child.output();
    assertEquals([code, namesIn(folder.path)], [130, []]);
  });
}

Deno.test("jvs conformance run removes and names what a killed one left, and touches no run that is under way", async () => {
  using folder = tempDir();
  const child = await start(folder.path, ["--rule", "7"]);
  await until(() =>
    namesIn(folder.path).some((name) => exists(`${folder.path}/${name}/rule-07/box/project`))
  );
  const [left] = namesIn(folder.path);
  const beside = await report(folder.path, ["--rule", "27"]);
  assertEquals([beside.removed, namesIn(folder.path)], [[], [left]]);
  Deno.kill(child.pid, "SIGKILL");
  await child.output();
  const { passed, removed } = await report(folder.path, ["--rule", "27"]);
  assertEquals([passed, removed, namesIn(folder.path)], [1, [`${folder.path}/${left}`], []]);
});

Deno.test("jvs conformance run says of a rule for which there is no room that it was not run", async () => {
  using folder = tempDir();
  const { program } = await jvsEnvironment();
  const [full, place] = [`${folder.path}/full`, `${folder.path}/place`];
  Deno.mkdirSync(place);
  const answer = `echo '{ "error": "E_NO_SPACE", "message": "Cannot copy: the disk is full" }'; exit 1`;
  const when = (command: string) =>
    Deno.writeTextFileSync(
      full,
      `#!/bin/sh\n[ "$1" != ${command} ] || { ${answer}; }\nexec "${program}" "$@"\n`,
      {
        mode: 0o755,
      },
    );
  when("snapshot");
  const { code, rules } = await report(place, ["--rule", "27", "--rule", "36"], full);
  assertEquals([code, rules.map(({ result }) => result)], [0, ["passed", "not run"]]);
  assertEquals([rules[1]?.reason, rules[1]?.means], ["the disk has too little room", null]);
  when("init");
  const { out } = await run(place, ["--rule", "27", "--json"], { program: full });
  const { error, message } = JSON.parse(out);
  assertEquals(error, "E_NO_SPACE");
  assertStringIncludes(message, "the disk has too little room");
  assertEquals(namesIn(place), []);
});

Deno.test({
  name:
    "jvs conformance run says on a disk that is too small for its rules which were not run, and that none failed",
  ...requires("root", "ext4"),
  async fn() {
    await using disk = await diskImage("ext4", { sizeMb: 12 });
    const place = `${disk.path}/place`;
    Deno.mkdirSync(place);
    const { code, failed, rules } = await report(place, ["--rule", "2", "--rule", "27"]);
    assertEquals([code, failed, rules[0]?.reason], [0, 0, "the disk has too little room"]);
    assertEquals(namesIn(place), []);
  },
});

Deno.test("jvs conformance run refuses what it cannot do, with a way out", async () => {
  using box = await BlackBox.make();
  const refused = async (code: string, args: string[], more: Parameters<typeof start>[2] = {}) => {
    const { code: exit, out } = await run(box.main, [...args, "--json"], more);
    const error = JSON.parse(out);
    assertEquals(error.error, code, out);
    assert(exit !== 0 && error.hint !== "");
    return `${error.message} ${error.hint}`;
  };
  assertStringIncludes(await refused("E_PERMISSION", [], { permissions: "-P=jvs" }), "by its launcher");
  assertStringIncludes(await refused("E_USAGE", [box.main]), "it is in the repository");
  assertStringIncludes(await refused("E_NOT_FOUND", ["--rule", "99"]), "there is no such rule");
  assertStringIncludes(await refused("E_USAGE", ["--rule", "27"], { program: "/bin/true" }), "JVS_BIN");
  await refused("E_USAGE", ["--rule", "27"], { program: "/nowhere" });
  assertEquals(namesIn(box.outside), ["project"]);
});

Deno.test({
  name: "jvs conformance run works nowhere where another user could exchange its folder",
  ...requires("root"),
  async fn() {
    using folder = tempDir();
    const place = `${folder.path}/place`;
    Deno.mkdirSync(place);
    for (const prepare of [() => Deno.chmodSync(place, 0o777), () => Deno.chownSync(place, 61002, 61002)]) {
      prepare();
      const { code, err, out } = await run(place, ["--rule", "27", "--json"]);
      assertEquals(err, ""); // no warning before that
      assertEquals([code, JSON.parse(out).error, namesIn(place)], [1, "E_PERMISSION", []]);
      Deno.chmodSync(place, 0o755);
    }
  },
});

Deno.test("jvs conformance run takes no folder for a left-over whose lock is none", async () => {
  using folder = tempDir();
  const planted = `${folder.path}/.jvs-conformance-deadbeef`;
  Deno.mkdirSync(planted);
  mustRun("mkfifo", `${planted}/lock`);
  assertEquals((await report(folder.path, ["--rule", "27"])).removed, []);
  assert(exists(planted));
});
