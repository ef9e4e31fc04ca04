import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { JvsError } from "../model/errors.ts";
import { asAfterReboot, killedAt } from "../../tests/support/kill_point.ts";
import { TestRepository } from "../../tests/support/repository.ts";
import { mustRun, python } from "../../tests/support/run.ts";
import { requires } from "../../tests/support/requires.ts";
import { restore } from "./restore.ts";
import { status } from "./status.ts";

/** What came after the colon of the sentence. */
const told = (sentence: string) => sentence.replace(/^[^:]*: /, "").replace(/;.*|\.$/, "");

Deno.test("restore() tells of folders that come and go where no file tells of them", async () => {
  using repository = await TestRepository.saved();
  Deno.mkdirSync(`${repository.main}/data/empty/inner`, { recursive: true });
  const second = await repository.save();
  const back = await repository.call(restore, { snapshot: repository.first });
  assertEquals(told(back.sentence), "2 empty folders removed");
  const again = await repository.call(restore, { snapshot: second });
  assertEquals(told(again.sentence), "2 empty folders added");
  Deno.removeSync(`${repository.main}/data`, { recursive: true });
  const { sentence, folders_added } = await repository.call(restore, { snapshot: second });
  assertEquals([told(sentence), folders_added], ["1 added, 2 empty folders added", 2]);
  const first = await repository.call(restore, { snapshot: repository.first, paths: ["data/empty/inner"] });
  assertEquals(told(first.sentence), "1 empty folder removed");
});

Deno.test("restore() tells of the files in a folder, not of the folder too", async () => {
  using repository = await TestRepository.saved();
  repository.write("main/new/folder/c.txt", "three\n");
  repository.write("main/new/d.txt", "four\n");
  const back = await repository.call(restore, { snapshot: repository.first });
  assertEquals([told(back.sentence), back.folders_removed], ["2 removed", 0]);
  const again = await repository.call(restore, { snapshot: back.autosave_snapshot_id ?? "" });
  assertEquals([told(again.sentence), again.folders_added], ["2 added", 0]);
});

Deno.test("restore() counts an empty folder that takes the place of a file", async () => {
  using repository = await TestRepository.saved();
  Deno.removeSync(`${repository.main}/a.txt`);
  Deno.mkdirSync(`${repository.main}/a.txt`);
  const second = await repository.save();
  const back = await repository.call(restore, { snapshot: repository.first });
  assertEquals(told(back.sentence), "1 added");
  assertEquals(
    told((await repository.call(restore, { snapshot: second })).sentence),
    "1 removed, 1 empty folder added",
  );
});

/** Kills a restore when it has begun to change the worktree. */
async function interruptRestore(
  repository: TestRepository,
  snapshot: string,
  begun: () => boolean,
): Promise<void> {
  for (let n = 5; !begun(); n++) {
    assert(await killedAt(n, () => repository.call(restore, { snapshot })), "it came to its end first");
  }
  asAfterReboot(`${repository.path}/.jvs`);
  assertEquals((await repository.call(status)).pending_recovery, ["restore"]);
}

Deno.test("restore() of a preview leaves what was interrupted as it is, and says so", async () => {
  using repository = await TestRepository.saved();
  repository.write("main/a.txt", "another\n");
  const second = await repository.save();
  const a = () => repository.read("main/a.txt");
  await interruptRestore(repository, repository.first, () => a() === "one\n");
  const listing = () => mustRun("find", `${repository.path}/.jvs/runtime/shared`, "-printf", "%p %i %T@\n");
  const before = listing();
  const result = await repository.call(restore, { snapshot: second, preview: true });
  assertEquals([a(), listing()], ["one\n", before]);
  assertEquals(result.pending_recovery, ["restore"]);
  assertEquals(told(result.sentence), "1 file changed");
  await repository.call(restore, { snapshot: second });
  assertEquals(a(), "another\n");
});

Deno.test("restore() refuses a path that is neither here nor in the snapshot, and changes nothing", async () => {
  using repository = await TestRepository.saved();
  repository.write("main/a.txt", "another\n");
  const input = { snapshot: repository.first, paths: ["a.txt", "no/such", "data/../nor"] };
  const error = await assertRejects(() => repository.call(restore, input), JvsError);
  assertEquals(error.code, "E_NOT_FOUND");
  assertStringIncludes(error.message, "no/such, nor");
  assertEquals(repository.read("main/a.txt"), "another\n");
  repository.write("main/new", "new\n");
  const { removed } = await repository.call(restore, { snapshot: repository.first, paths: ["new"] });
  assertEquals(removed, 1);
});

Deno.test({
  name: "restore() takes a name that is no UTF-8 the way it is shown, and a name that only looks so as it is",
  ...requires("ffi"),
  async fn() {
    using repository = await TestRepository.saved();
    const sh = (script: string) => mustRun("sh", "-c", `cd '${repository.main}' && ${script}`);
    sh(`printf x >"$(printf 'n\\377')"; printf y >n%41; printf z >nA`);
    const id = await repository.save();
    sh("rm n*");
    const back = async (path: string) => {
      await repository.call(restore, { snapshot: id, paths: [path] });
      return sh("cat n*");
    };
    assertEquals(await back("n%FF"), "x");
    assertEquals(await back("n%41"), "yx");
    assertEquals(await back("n%2541"), "yx");
    assertEquals(await back("%6eA"), "yzx");
    const input = { snapshot: id, paths: ["50%"] };
    assertEquals((await assertRejects(() => repository.call(restore, input), JvsError)).code, "E_NOT_FOUND");
  },
});

Deno.test("restore() of some paths from a snapshot of others leaves alone what that knows nothing of", async () => {
  using repository = await TestRepository.saved();
  repository.write("main/data/c.txt", "three\n");
  await repository.save();
  const { store } = await repository.open();
  const { descriptor_checksum: _, ...whole } = await store.snapshots.descriptor(repository.first);
  const id = await store.unfinished.newId();
  const partial = await store.unfinished.sealDescriptor({
    ...whole,
    snapshot_id: id,
    kind: "partial",
    paths: ["data/b.txt"],
  });
  await copySnapshot(repository, repository.first, id);
  store.unfinished.writeDescriptor(partial);
  store.unfinished.publishDescriptor(id);
  store.unfinished.writeReady(partial);
  repository.write("main/data/b.txt", "changed\n");
  await repository.call(restore, { snapshot: id, paths: ["data"] });
  assertEquals(repository.read("main/data/b.txt"), "two\n");
  assertEquals(repository.read("main/data/c.txt"), "three\n");
});

/** The payload and manifest of a snapshot once more. */
async function copySnapshot(repository: TestRepository, from: string, to: string): Promise<void> {
  const script = 'cd "$1" && cp -a "snapshots/$2" "snapshots/$3" && cp -a "manifests/$2" "manifests/$3"';
  await Promise.resolve(mustRun("sh", "-c", script, "sh", `${repository.path}/.jvs`, from, to));
}

Deno.test("restore() into a new worktree refuses what would be about this one", async () => {
  using repository = await TestRepository.saved();
  for (
    const more of [{ paths: ["a.txt"] }, { preview: true }, { discard: true }, { force: true }, {
      inplace: true,
    }]
  ) {
    const input = { snapshot: repository.first, name: "new", ...more };
    const error = await assertRejects(() => repository.call(restore, input), JvsError);
    assertEquals(error.code, "E_USAGE");
    assertStringIncludes(error.message, `--${Object.keys(more)[0]}`);
  }
  const kept = { snapshot: repository.first, name: "new", verify: false, strict: true };
  assertEquals((await repository.call(restore, kept)).verified, false);
  assertEquals((await repository.call(restore, { ...kept, name: "checked", verify: true })).verified, true);
});

Deno.test("restore() that is strict fails where something was left alone", async () => {
  using repository = await TestRepository.saved();
  const boundary = `${repository.main}/data`;
  Deno.removeSync(boundary, { recursive: true });
  repository.write("main/data/.jvs/format_version", "2\n"); // another repository, which is never entered
  const { left_alone } = await repository.call(restore, { snapshot: repository.first });
  assertEquals(left_alone, ["data"]);
  const input = { snapshot: repository.first, strict: true };
  const error = await assertRejects(() => repository.call(restore, input), JvsError);
  assertEquals(error.code, "E_DEGRADED");
  assertStringIncludes(error.message, "left alone data");
  const preview = await assertRejects(() => repository.call(restore, { ...input, preview: true }), JvsError);
  assertStringIncludes(preview.message, "Would restore");
});

Deno.test({
  name: "restore() names the programs that have a replaced or removed file open",
  ...requires("ffi", "python3"),
  async fn() {
    using repository = await TestRepository.saved();
    repository.write("main/a.txt", "another\n");
    repository.write("main/gone", "gone\n");
    const openers = await Promise.all(["a.txt", "gone"].map((name) => opener(`${repository.main}/${name}`)));
    try {
      const { processes } = await repository.call(restore, { snapshot: repository.first });
      const pids = openers.map(({ pid }) => pid).sort((a, b) => a - b);
      assertEquals(processes.map(({ pid, uses }) => [pid, uses]), pids.map((pid) => [pid, "file"]));
    } finally {
      for (const process of openers) {
        process.kill("SIGKILL");
        await process.output();
      }
    }
  },
});

/** A process that has a file open and stands elsewhere. */
async function opener(path: string): Promise<Deno.ChildProcess> {
  const script = "import sys, time; f = open(sys.argv[1], 'a'); print('ready', flush=True); time.sleep(60)";
  const process = new Deno.Command(python(), { args: ["-c", script, path], cwd: "/", stdout: "piped" })
    .spawn();
  const reader = process.stdout.getReader();
  await reader.read();
  reader.releaseLock();
  return process;
}

Deno.test({
  name: "restore() takes a socket of the name .jvsignore for no rules",
  ...requires("python3"),
  async fn() {
    using repository = await TestRepository.saved();
    const script = "import socket; socket.socket(socket.AF_UNIX).bind('.jvsignore')";
    mustRun("sh", "-c", 'cd "$1" && exec "$2" -c "$3"', "sh", repository.main, python(), script);
    repository.write("main/new", "new\n");
    const { changes } = await repository.call(status);
    assertEquals(changes.added, 2);
    const { removed } = await repository.call(restore, { snapshot: repository.first });
    assertEquals(removed, 2);
  },
});

Deno.test("restore() in a worktree without snapshots names the word that was typed", async () => {
  using repository = await TestRepository.make();
  for (const snapshot of ["HEAD", "LATEST"]) {
    const { message } = await assertRejects(() => repository.call(restore, { snapshot }), JvsError);
    assertStringIncludes(message, `"${snapshot}"`);
  }
});

Deno.test("restore() writes large numbers as all commands do", async () => {
  using repository = await TestRepository.saved();
  for (let n = 0; n < 1002; n++) repository.write(`main/many/${n}`, "");
  const { sentence } = await repository.call(restore, { snapshot: "HEAD", preview: true });
  assertEquals(told(sentence), "1,002 removed");
});
