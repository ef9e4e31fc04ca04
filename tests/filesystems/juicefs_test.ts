import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { BlackBox } from "../support/black_box.ts";
import { type Disk, diskImage } from "../support/disk_image.ts";
import { exists, namesIn } from "../support/files.ts";
import { jvsJson, spawnJvs } from "../support/jvs.ts";
import { reachableJuicefs } from "../support/juicefs.ts";
import { USER } from "../support/as_user.ts";
import { requires } from "../support/requires.ts";
import { mustRun, python } from "../support/run.ts";
import { tempDir } from "../support/temp_dir.ts";
import { describeTree, makeRichTree } from "../support/trees.ts";
import { assertSameLines } from "./engine_fixture.ts";
import { until } from "../support/until.ts";

/*
 * The engine juicefs-clone on a real volume, called as a user calls it. A program of the same name before it on PATH writes
 * down each call, and can be made to wait or fail.
 */

const NEEDED = requires("root", "ffi", "juicefs", "python3");

/** A repository on a volume, and what the engine calls. */
class Volume implements AsyncDisposable {
  private constructor(
    private readonly disk: Disk,
    private readonly folder: Disposable & { readonly path: string },
    readonly box: BlackBox,
  ) {}

  static async make(user?: number): Promise<Volume> {
    const disk = await diskImage("juicefs");
    const folder = tempDir();
    Deno.mkdirSync(`${folder.path}/bin`);
    const env = { PATH: `${folder.path}/bin:/usr/bin:/bin` };
    if (user !== undefined) Deno.chmodSync(disk.path, 0o1777);
    const made = Volume.letProgram(folder.path, "");
    Deno.writeTextFileSync(made, "");
    Deno.chmodSync(made, 0o666);
    const box = await BlackBox.make({ parent: disk.path, env, ...(user === undefined ? {} : { user }) });
    return new Volume(disk, folder, box);
  }

  /** What the program does before it begins, in the language of the shell. Returns the file of the calls. */
  private static letProgram(folder: string, first: string, last = ""): string {
    const program = `${folder}/bin/juicefs`;
    const script = `#!/bin/sh\necho "$@" >> ${folder}/calls\n${first}\n${reachableJuicefs()} "$@"\n` +
      `code=$?\n${last}\ntouch ${folder}/ended\nexit $code\n`;
    Deno.writeTextFileSync(program, script, { mode: 0o755 });
    return `${folder}/calls`;
  }

  /** Lets each call tell that it began, and wait for a while. */
  slowDown(): void {
    this.first(`touch ${this.folder.path}/began; sleep 1`);
  }

  first(script: string): void {
    Volume.letProgram(this.folder.path, script);
  }

  /** The same, for the next call only, and what it does at its end. */
  once(first: string, last = ""): void {
    const flag = `${this.folder.path}/once`;
    Deno.writeTextFileSync(flag, "");
    const begin = `[ -e ${flag} ] && { ${first || ":"}; }`;
    Volume.letProgram(this.folder.path, begin, `[ -e ${flag} ] && { ${last || ":"}; rm ${flag}; }`);
  }

  /** The calls since the last time, without options, below the repository. */
  calls(): string[] {
    const path = `${this.folder.path}/calls`;
    const lines = Deno.readTextFileSync(path).split("\n").filter((line) => line !== "");
    Deno.truncateSync(path);
    return lines.map((line) => line.replace("--no-color ", "").replaceAll(`${this.box.path}/`, ""));
  }

  /** What the mount counts. */
  count(name: string): number {
    const text = Deno.readTextFileSync(`${this.disk.path}/.stats`);
    return Number(new RegExp(`^${name} (\\d+)`, "m").exec(text)?.[1]);
  }

  /** Waits until a file of the script of `first` is there. */
  async until(name: string): Promise<void> {
    await until(() => exists(`${this.folder.path}/${name}`));
  }

  /** Many files in a folder of main. */
  fill(folder: string, count = 50): void {
    for (let i = 0; i < count; i++) this.box.write(`${folder}/${i}`, `${folder} ${i}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.box[Symbol.dispose]();
    this.folder[Symbol.dispose]();
    await this.disk[Symbol.asyncDispose]();
  }
}

function test(title: string, body: (volume: Volume) => Promise<void>, user?: number): void {
  Deno.test(`juicefs-clone ${title}`, NEEDED, async () => {
    await using volume = await Volume.make(user);
    await body(volume);
  });
}

test("clones a tree by one call, and brings back all of it", async (volume) => {
  const { box } = volume;
  await makeRichTree(box.main);
  // With it, JuiceFS 1.4 fails; another test has one.
  mustRun(python(), "-c", `import os; os.removexattr("${box.main}/xattrs/file", "user.empty")`);
  mustRun("rm", "-r", `${box.main}/special`); // entries that a clone may lack; another test has them
  const asItWas = await describeTree(box.main);
  const { engine, degradations, snapshot_id: id, consistency_level } = await box.save();
  assertEquals([engine, degradations.counts, consistency_level], ["juicefs-clone", {}, "quiesced"]);
  assertEquals(volume.calls(), [`clone -p main .jvs/snapshots/${id}.tmp`]);
  assertSameLines(await describeTree(`${box.control}/snapshots/${id}`), asItWas);
  const { path } = await box.json<{ path: string }>(["worktree", "fork", "try"]);
  assertSameLines(await describeTree(path), asItWas);
  assertEquals(volume.calls().length, 1);
  for (const name of namesIn(box.main)) mustRun("rm", "-rf", `${box.main}/${name}`);
  await box.json(["restore", "HEAD", "--discard"]);
  assertSameLines(await describeTree(box.main), asItWas);
  assertEquals((await box.json(["status"])).clean, true);
  await box.audit();
});

test("keeps what the program cannot clone: an empty attribute, a name that is no UTF-8", async (volume) => {
  const { box } = volume;
  for (const folder of ["a", "b", "c/d"]) volume.fill(folder);
  const script = `import os
os.chdir("${box.main}")
os.setxattr("a/7", "user.empty", b"")
os.setxattr("c/d/7", "user.empty", b"")
os.rename(b"c/d", b"c/\\xff")
os.makedirs(b"c/\\xff/\\xfe")`;
  mustRun(python(), "-c", script);
  const asItWas = await describeTree(box.main);
  const { snapshot_id: id, degradations } = await box.save();
  assertEquals(degradations.counts, {});
  assertEquals(volume.calls(), [`clone -p main/b .jvs/snapshots/${id}.tmp/b`]);
  assertSameLines(await describeTree(`${box.control}/snapshots/${id}`), asItWas);
  const { path } = await box.json<{ path: string }>(["worktree", "fork", "try"]);
  assertSameLines(await describeTree(path), asItWas);
});

test("reads nothing again that did not change", async (volume) => {
  volume.fill("data", 200);
  await volume.box.save();
  const before = volume.count("juicefs_fuse_ops_total_open");
  const { stats } = await volume.box.save();
  assertEquals(stats.changed_bytes, 0);
  const opened = volume.count("juicefs_fuse_ops_total_open") - before;
  assert(opened < 100, `${opened} files were opened`); // those of the repository itself
});

test("changes nothing of what it clones only to remove it again", async (volume) => {
  const { box } = volume;
  volume.fill("data", 200);
  const { snapshot_id: id } = await box.save();
  for (let i = 0; i < 120; i++) Deno.removeSync(`${box.main}/data/${i}`);
  volume.calls();
  const before = volume.count("juicefs_fuse_ops_total_setattr");
  await box.json(["restore", id, "--discard"]);
  assertEquals(volume.calls().length, 1);
  const set = volume.count("juicefs_fuse_ops_total_setattr") - before;
  assert(set < 60, `attributes were set ${set} times`); // those of folders, and of the repository itself
  assertEquals((await box.json(["status"])).clean, true);
});

test("never clones what is ignored, and clones the largest trees around it", async (volume) => {
  const { box } = volume;
  for (const folder of ["plain/deep", "mixed/clean", "mixed/secret", "small"]) {
    volume.fill(folder, folder === "small" ? 3 : 50);
  }
  box.write(".jvsignore", "secret/\n*.tmp\n");
  box.write("mixed/x.tmp", "x");
  const { snapshot_id: id } = await box.save();
  const payload = `.jvs/snapshots/${id}.tmp`;
  assertEquals(volume.calls(), [
    `clone -p main/mixed/clean ${payload}/mixed/clean`,
    `clone -p main/plain ${payload}/plain`,
  ]);
  assertEquals(namesIn(`${box.control}/snapshots/${id}/mixed`), ["clean"]);
  assertEquals(namesIn(`${box.control}/snapshots/${id}/small`).length, 3);
  assertSameLines(
    await describeTree(`${box.control}/snapshots/${id}`),
    (await describeTree(box.main)).filter((line) => !/^mixed\/(secret|x\.tmp)/.test(line)),
  );
  assertEquals((await box.json(["status"])).clean, true);
  await box.audit();
});

test("does not enter a repository inside the worktree", async (volume) => {
  const { box } = volume;
  volume.fill("data");
  await jvsJson(["init", "inner"], { cwd: `${box.main}/data` }).catch(() => {});
  mustRun("cp", "-a", box.control, `${box.main}/data/.jvs`); // as a user may copy one
  const { snapshot_id: id, degradations } = await box.save();
  assertEquals(degradations.counts, { nested_repository: 1 });
  assertEquals(namesIn(`${box.control}/snapshots/${id}/data`), []);
});

test("holds what a program has written and not closed", async (volume) => {
  const { box } = volume;
  box.write("log", "before");
  const script =
    "import sys, time\nf = open(sys.argv[1], 'w')\nf.write('written')\nf.flush()\nprint(flush=True)\ntime.sleep(60)";
  const writer = new Deno.Command(python(), { args: ["-c", script, `${box.main}/log`], stdout: "piped" })
    .spawn();
  const reader = writer.stdout.getReader();
  await reader.read();
  const { snapshot_id: id } = await box.save();
  writer.kill();
  await writer.status;
  await reader.cancel();
  assertEquals(Deno.readTextFileSync(`${box.control}/snapshots/${id}/log`), "written");
});

test("keeps the change that came while it cloned", async (volume) => {
  const { box } = volume;
  volume.fill("data");
  await box.save();
  volume.first(
    `[ -e ${box.outside}/once ] || { touch ${box.outside}/once; echo later > ${box.main}/data/7; }`,
  );
  volume.calls();
  const { snapshot_id: id } = await box.save();
  assertEquals(Deno.readTextFileSync(`${box.control}/snapshots/${id}/data/7`), "later\n");
  await box.audit();
});

test("brings back little by few calls, and much by one", async (volume) => {
  const { box } = volume;
  for (const folder of ["a", "b", "c"]) volume.fill(folder);
  const { snapshot_id: first } = await box.save();
  box.write("a/7", "changed");
  await box.save();
  volume.calls();
  await box.json(["restore", first]);
  assertEquals(volume.calls(), []);
  assertEquals(box.read("a/7"), "a 7");
  Deno.removeSync(`${box.main}/a`, { recursive: true });
  Deno.removeSync(`${box.main}/b`, { recursive: true });
  await box.json(["restore", first, "--discard"]);
  assertEquals(volume.calls().filter((call) => call.startsWith("clone")).length, 1);
  assertEquals((await box.json(["status"])).clean, true);
  await box.audit();
});

test("removes a large tree by one call", async (volume) => {
  volume.fill("data", 150);
  await volume.box.save();
  await volume.box.json(["worktree", "fork", "try"]);
  volume.calls();
  await volume.box.json(["worktree", "remove", "try"]);
  assertEquals(volume.calls().map((call) => call.split(" ")[0]), ["rmr"]);
  assert(!exists(`${volume.box.path}/worktrees/try`));
});

test("leaves nothing over when the program fails, and says what it said", async (volume) => {
  const { box } = volume;
  volume.fill("data");
  const fatal = (words: string) =>
    volume.first(`echo "2026/01/01 x juicefs[1] <FATAL>: ${words} [main@main.go:31]" >&2; exit 1`);
  const cases: [words: string, code: string, message: RegExp][] = [
    ["clone failed: no space left on device", "E_NO_SPACE", /the disk is full/],
    ["clone failed: permission denied", "E_PERMISSION", /access was refused/],
    ["something new", "E_ENGINE_FAILED", /juicefs ended with 1: something new/],
  ];
  for (const [words, code, message] of cases) {
    fatal(words);
    assertMatch((await box.error(code, ["snapshot"])).message, message);
    assertEquals(namesIn(`${box.control}/snapshots`), []);
  }
  volume.first("echo \"No help topic for 'clone'\"; exit 3");
  assertStringIncludes((await box.error("E_ENGINE_UNAVAILABLE", ["snapshot"])).hint, "1.1");
  volume.first("exit 0"); // it says that it worked
  assertStringIncludes((await box.error("E_ENGINE_FAILED", ["snapshot"])).message, "made nothing");
  await box.audit();
});

test("says why it is not used", async (volume) => {
  const { box } = volume;
  const other = { env: { PATH: "/usr/bin:/bin" } };
  const { message } = await box.error("E_ENGINE_UNAVAILABLE", ["snapshot"], {
    env: { ...other.env, JVS_SNAPSHOT_ENGINE: "juicefs-clone" },
  });
  assertStringIncludes(message, "is not on PATH");
  assertEquals(
    (await box.json<{ snapshot: { engine: string } }>(["snapshot"], other)).snapshot.engine,
    "copy",
  );
  using elsewhere = await BlackBox.make();
  elsewhere.write(".control", "a file of that name proves nothing");
  assert((await elsewhere.save()).engine !== "juicefs-clone");
});

test("uses no program of the current folder", async (volume) => {
  const { box } = volume;
  Deno.writeTextFileSync(`${box.main}/juicefs`, `#!/bin/sh\ntouch ${box.outside}/taken\nexit 1\n`, {
    mode: 0o755,
  });
  const { snapshot } = await box.json<{ snapshot: { engine: string } }>(["snapshot"], {
    env: { PATH: ".:/usr/bin:/bin" },
  });
  assertEquals([snapshot.engine, exists(`${box.outside}/taken`)], ["copy", false]);
});

test("lets the program end when it is interrupted, and leaves nothing over", async (volume) => {
  const { box } = volume;
  volume.fill("data");
  volume.slowDown();
  const running = await spawnJvs(["snapshot"], box.commands({ under: ["setsid"] }));
  await volume.until("began");
  mustRun("kill", "-INT", "--", `-${running.pid}`); // everything in the group, as Ctrl-C does
  const { code } = await running.output();
  await running.stdin.close().catch(() => {});
  assertEquals(code, 130);
  await volume.until("ended");
  assertEquals(namesIn(`${box.control}/snapshots`), []);
  await box.audit();
});

test("removes what the program of a killed JVS publishes late", async (volume) => {
  const { box } = volume;
  volume.fill("data");
  volume.slowDown();
  const running = await spawnJvs(["snapshot"], box.commands());
  await volume.until("began");
  running.kill("SIGKILL");
  await running.output();
  await running.stdin.close().catch(() => {});
  await box.json(["doctor", "--repair-runtime"]);
  await volume.until("ended");
  assertEquals(namesIn(`${box.control}/snapshots`).length, 1);
  volume.first("");
  await box.save(); // it is in nobody's way
  await box.json(["doctor", "--repair", "clean_tmp"]);
  assertEquals(namesIn(`${box.control}/snapshots`).filter((name) => name.includes("tmp")), []);
  await box.audit();
});

test("saves an ordinary user's closed folders and files of others", async (volume) => {
  const { box } = volume;
  for (const folder of ["plain", "closed", "around"]) volume.fill(folder);
  mustRun("chown", "-R", `${USER}:${USER}`, box.main);
  Deno.chmodSync(`${box.main}/closed`, 0o555);
  Deno.chownSync(`${box.main}/around/7`, 0, 0);
  volume.calls();
  const asItWas = await describeTree(box.main);
  const { snapshot_id: id, engine } = await box.save();
  assertEquals([engine, volume.calls().length], ["juicefs-clone", 2]);
  assertSameLines(await describeTree(`${box.control}/snapshots/${id}`), asItWas);
  assertEquals((await box.json(["status"])).clean, true);
  await box.json(["worktree", "fork", "try"]);
  Deno.chownSync(`${box.main}/plain/7`, 0, 0);
  Deno.chmodSync(`${box.main}/plain/7`, 0o600);
  const { message } = await box.error("E_PERMISSION", ["snapshot"]);
  assertStringIncludes(message, "plain/7");
  assertEquals(namesIn(`${box.control}/snapshots`).filter((name) => name.includes("tmp")), []);
}, USER);

test("gives no path to the program where others may put something else there", async (volume) => {
  const { box } = volume;
  const engineNow = async () => {
    const { engine } = await box.save();
    const calls = volume.calls();
    return [engine, calls.length > 0];
  };
  volume.fill("data", 150);
  assertEquals(await engineNow(), ["juicefs-clone", true]);
  // Others may rename the repository itself, and in another one what is in .jvs.
  Deno.chmodSync(box.outside, 0o777);
  assertEquals(await engineNow(), ["copy", false]);
  await box.json(["worktree", "fork", "try"]);
  await box.json(["worktree", "remove", "try"]);
  assertEquals(volume.calls(), []);
  const { engine } = await box.json<{ engine: { reason: string } }>(["info"]);
  assertStringIncludes(engine.reason, `others may move what is in "${box.outside}"`);
  Deno.chmodSync(box.outside, 0o1777);
  assertEquals(await engineNow(), ["juicefs-clone", true]);
  Deno.chmodSync(`${box.control}/snapshots`, 0o770);
  await box.save();
  assertEquals(volume.calls(), []);
});

test("clones by paths only what no other user can move", async (volume) => {
  const { box } = volume;
  for (const folder of ["ours/deep", "theirs/deep", "open/deep"]) volume.fill(folder);
  box.write(".jvsignore", "*.log");
  box.write("x.log", "ignored");
  Deno.chownSync(`${box.main}/theirs`, USER, USER);
  Deno.chmodSync(`${box.main}/open`, 0o777);
  const { snapshot_id: id } = await box.save();
  // The folder itself lies in ours; what is in it could be moved.
  assertEquals(
    volume.calls().map((call) => call.split(" ")[2]).sort(),
    ["main/open", "main/ours", "main/theirs"],
  );
  box.write("open/y.log", "ignored");
  box.write("theirs/y.log", "ignored");
  await box.save();
  assertEquals(volume.calls().map((call) => call.split(" ")[2]), ["main/ours"]);
  assertEquals(namesIn(`${box.control}/snapshots/${id}/theirs/deep`).length, 50);
  await box.audit();
});

test("joins hard links of which one name was cloned and the other copied", async (volume) => {
  const { box } = volume;
  volume.fill("big");
  Deno.linkSync(`${box.main}/big/1`, `${box.main}/top`);
  box.write(".jvsignore", "*.log");
  box.write("x.log", "ignored");
  const { snapshot_id: id, degradations } = await box.save();
  assertEquals(degradations.counts, {});
  const payload = `${box.control}/snapshots/${id}`;
  assertEquals(Deno.statSync(`${payload}/top`).ino, Deno.statSync(`${payload}/big/1`).ino);
  await box.audit();
});

test("gives folders of joined links what they had when they were cloned", async (volume) => {
  const { box } = volume;
  for (const folder of ["a", "b"]) volume.fill(folder);
  Deno.linkSync(`${box.main}/a/1`, `${box.main}/b/linked`);
  volume.once(`chmod 700 ${box.main}/b; touch -d 2021-01-01 ${box.main}/b`);
  const { snapshot_id: id, consistency_level } = await box.save();
  assertEquals(consistency_level, "quiesced");
  const saved = Deno.statSync(`${box.control}/snapshots/${id}/b`);
  assertEquals([(saved.mode ?? 0) & 0o777, saved.mtime?.getUTCFullYear()], [0o700, 2021]);
  await box.audit();
});

test("saves what was elsewhere while the autosave was made", async (volume) => {
  const { box } = volume;
  volume.fill("d");
  await box.save();
  box.write("d/dd/in", "precious");
  volume.once(`mv ${box.main}/d/dd ${box.outside}/away`, `mv ${box.outside}/away ${box.main}/d/dd`);
  await box.json(["restore", "HEAD"]);
  const { path } = await box.json<{ path: string }>(["path", "HEAD"]);
  const payloads = path.replace(/[^/]*$/, "");
  const found = mustRun("find", payloads, "-name", "in").trim().split("\n");
  assertEquals(found.filter((each) => each !== "").length, 1);
});

test("reads a saved file whose time was lost, and refuses what was tampered with", async (volume) => {
  const { box } = volume;
  volume.fill("d");
  Deno.symlinkSync("7", `${box.main}/d/link`);
  const { snapshot_id: id } = await box.save();
  const payload = `${box.control}/snapshots/${id}`;
  mustRun("touch", `${payload}/d/7`); // as a copier does that keeps no times
  const { path } = await box.json<{ path: string }>(["worktree", "fork", "first"]);
  assertEquals(Deno.readTextFileSync(`${path}/d/7`), "d 7");
  assertEquals(Deno.statSync(`${path}/d/7`).mtime, Deno.statSync(`${box.main}/d/7`).mtime);
  Deno.writeTextFileSync(`${payload}/d/8`, "d !");
  assertStringIncludes(
    (await box.error("E_PAYLOAD_HASH_MISMATCH", ["worktree", "fork", "no"])).message,
    "d/8",
  );
  Deno.writeTextFileSync(`${payload}/d/8`, "d 8");
  mustRun("ln", "-sfn", "8", `${payload}/d/link`);
  assertStringIncludes(
    (await box.error("E_PAYLOAD_HASH_MISMATCH", ["worktree", "fork", "no"])).message,
    "d/link",
  );
});

test("is what hashing is left out for, not its name in the snapshot", async (volume) => {
  const { box } = volume;
  volume.fill("d");
  const { snapshot_id: id } = await box.save();
  using elsewhere = tempDir();
  mustRun("cp", "-a", box.path, `${elsewhere.path}/copy`); // where each fork is a copy
  const cwd = `${elsewhere.path}/copy/main`;
  await box.json(["doctor", "--repair-runtime"], { cwd });
  const file = `${elsewhere.path}/copy/.jvs/snapshots/${id}/d/7`;
  mustRun(
    "sh",
    "-c",
    `touch -r ${file} ${file}.time; printf 'd !' > ${file}; touch -r ${file}.time ${file}; rm ${file}.time`,
  );
  assertStringIncludes(
    (await box.error("E_PAYLOAD_HASH_MISMATCH", ["worktree", "fork", "no"], { cwd })).message,
    "d/7",
  );
});

test("brings an ordinary user's closed folders back", async (volume) => {
  const { box } = volume;
  for (const folder of ["ro", "x"]) volume.fill(folder, 60);
  mustRun("chown", "-R", `${USER}:${USER}`, box.main);
  Deno.chmodSync(`${box.main}/ro`, 0o555);
  const asItWas = await describeTree(box.main);
  await box.save();
  mustRun("rm", "-rf", `${box.main}/ro`);
  await box.json(["restore", "HEAD", "--discard"]);
  assertSameLines((await describeTree(box.main)).filter(isNoRootTime), asItWas.filter(isNoRootTime));
}, USER);

function isNoRootTime(line: string): boolean {
  return !line.startsWith(".\tmtime");
}
