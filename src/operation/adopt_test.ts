import { assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { JvsError } from "../model/errors.ts";
import { callIn, repositoryIn, warnings } from "../../tests/support/context.ts";
import { killedAt } from "../../tests/support/kill_point.ts";
import { exists, namesIn } from "../../tests/support/files.ts";
import { requires } from "../../tests/support/requires.ts";
import { type TempDir, tempDir } from "../../tests/support/temp_dir.ts";
import { describeTree } from "../../tests/support/trees.ts";
import { adopt } from "./adopt.ts";
import { doctor } from "./doctor.ts";
import { init } from "./init.ts";
import { restore } from "./restore.ts";
import { lockAcquire } from "./lock_acquire.ts";
import { snapshot } from "./snapshot.ts";
import { status } from "./status.ts";
import { worktreeFork } from "./worktree_fork.ts";

function withWork(): TempDir {
  const folder = tempDir();
  Deno.mkdirSync(`${folder.path}/work/data`, { recursive: true });
  Deno.writeTextFileSync(`${folder.path}/work/a.txt`, "one\n");
  Deno.writeTextFileSync(`${folder.path}/work/data/b.txt`, "two\n");
  return folder;
}

async function operations(folder: string): Promise<string[]> {
  const { store } = await repositoryIn(folder);
  const found: string[] = [];
  for await (const { operation } of store.audit.read()) found.push(operation);
  return found;
}

Deno.test({
  name: "adopt() touches nothing in the folder, and puts all that is ours beside it",
  ...requires("python3"),
  async fn() {
    using folder = withWork();
    const before = await describeTree(`${folder.path}/work`, { add: ["inode", "ctime"] });
    const result = await callIn(`${folder.path}/work`, adopt);
    assertEquals(result.repository, `${folder.path}/work.jvs`);
    assertEquals(result.worktree, { name: "main", path: `${folder.path}/work` });
    assertEquals(await describeTree(`${folder.path}/work`, { add: ["inode", "ctime"] }), before);
    assertEquals(namesIn(folder.path), ["work", "work.jvs"]);
    assertEquals(await operations(`${folder.path}/work`), ["adopt"]);
  },
});

Deno.test("adopt() of a folder named from elsewhere, or through a link, adopts the real one", async () => {
  using folder = withWork();
  Deno.symlinkSync(`${folder.path}/work`, `${folder.path}/link`);
  const result = await callIn(folder.path, adopt, { folder: "link" });
  assertEquals(result.repository, `${folder.path}/work.jvs`);
});

Deno.test("adopt() makes a folder that saves, restores and forks like any other", async () => {
  using folder = withWork();
  const work = `${folder.path}/work`;
  await callIn(folder.path, adopt, { folder: "work" });
  const { snapshot: saved } = await callIn(work, snapshot, { note: "first" });
  Deno.removeSync(`${work}/data`, { recursive: true });
  await callIn(work, restore, { snapshot: saved.snapshot_id });
  assertEquals(Deno.readTextFileSync(`${work}/data/b.txt`), "two\n");
  const fork = await callIn(`${work}/data`, worktreeFork, { name: "try" });
  assertEquals(fork.path, `${folder.path}/work.jvs/worktrees/try`);
  assertEquals((await callIn(fork.path, status)).worktree, "try");
});

Deno.test("adopt() refuses what is adopted, holds a repository or lies in one, and makes nothing", async () => {
  using folder = withWork();
  const refuse = async (cwd: string, input: { folder?: string }, code: string) => {
    const error = await assertRejects(() => callIn(cwd, adopt, input), JvsError);
    assertEquals(error.code, code, `${cwd} ${JSON.stringify(input)}`);
  };
  await callIn(folder.path, init, { name: "project" });
  await refuse(folder.path, {}, "E_ALREADY_EXISTS");
  await refuse(`${folder.path}/project`, {}, "E_ALREADY_EXISTS");
  await refuse(`${folder.path}/project/main`, {}, "E_USAGE");
  await callIn(folder.path, adopt, { folder: "work" });
  await refuse(folder.path, { folder: "work" }, "E_ALREADY_EXISTS");
  await refuse(folder.path, { folder: "work/data" }, "E_USAGE");
  await refuse(folder.path, { folder: "work.jvs" }, "E_ALREADY_EXISTS");
  await refuse(folder.path, { folder: "nowhere" }, "E_NOT_FOUND");
  await refuse(folder.path, { folder: "work/a.txt" }, "E_USAGE");
  await refuse(folder.path, { folder: "" }, "E_USAGE");
  await refuse(folder.path, { folder: "/" }, "E_USAGE");
  assertEquals(namesIn(folder.path), ["project", "work", "work.jvs"]);
  assertEquals(namesIn(`${folder.path}/work`), ["a.txt", "data"]);
});

Deno.test("adopt() refuses a home folder", async () => {
  using folder = withWork();
  const home = `${folder.path}/work`;
  assertEquals((await assertRejects(() => callIn(home, adopt, {}, { home }), JvsError)).code, "E_USAGE");
});

Deno.test("adopt() says nothing of an ordinary tree", async () => {
  using folder = withWork();
  const reporter = warnings();
  await callIn(folder.path, adopt, { folder: "work" }, { reporter });
  assertEquals(reporter.told, []);
});

Deno.test("adopt() with relocate goes on after the folder and its history were moved", async () => {
  using folder = withWork();
  await callIn(folder.path, adopt, { folder: "work" });
  await callIn(`${folder.path}/work`, snapshot, { note: "before" });
  Deno.mkdirSync(`${folder.path}/elsewhere`);
  Deno.renameSync(`${folder.path}/work`, `${folder.path}/elsewhere/moved`);
  Deno.renameSync(`${folder.path}/work.jvs`, `${folder.path}/elsewhere/moved.jvs`);
  const moved = `${folder.path}/elsewhere/moved`;
  const lost = await assertRejects(() => callIn(moved, status), JvsError);
  assertMatch(lost.hint, /adopt --relocate/);
  const { findings } = await callIn(moved, doctor);
  assertEquals(findings.map(({ code, severity }) => [severity, code]), [["error", "WORKTREE_MISSING"]]);
  assertMatch(findings[0]?.message ?? "", /elsewhere\/moved"\. .*adopt --relocate/);
  const result = await callIn(moved, adopt, { relocate: true });
  assertEquals(result.worktree, { name: "main", path: moved });
  assertEquals((await callIn(moved, status)).clean, true);
  assertEquals(await operations(moved), ["adopt", "snapshot", "adopt relocate"]);
  await callIn(moved, adopt, { relocate: true }); // nothing to do, so nothing is recorded
  assertEquals(await operations(moved), ["adopt", "snapshot", "adopt relocate"]);
});

Deno.test("adopt() with relocate: each message after a rename says that the history must be renamed, too", async () => {
  using folder = withWork();
  const [work, renamed] = [`${folder.path}/work`, `${folder.path}/renamed`];
  await callIn(folder.path, adopt, { folder: "work" });
  Deno.renameSync(work, renamed);
  const { findings } = await callIn(`${work}.jvs`, doctor);
  const message = findings.find(({ code }) => code === "WORKTREE_MISSING")?.message ?? "";
  const gone = await assertRejects(() => callIn(`${work}.jvs`, status, { worktree: "main" }), JvsError);
  for (const text of [message, gone.hint]) {
    assertStringIncludes(
      text,
      "move its .jvs folder with it, so that its name is that of the folder and .jvs again",
    );
  }
  const apart = await assertRejects(() => callIn(renamed, adopt, { relocate: true }), JvsError);
  assertStringIncludes(apart.hint, "Move its history there, the folder that ends in .jvs");
  Deno.renameSync(`${work}.jvs`, `${renamed}.jvs`);
  await callIn(renamed, adopt, { relocate: true });
  assertEquals((await callIn(renamed, doctor)).findings, []);
});

Deno.test("adopt() with relocate leaves a worktree alone that another session holds", async () => {
  using folder = withWork();
  const work = `${folder.path}/work`;
  await callIn(folder.path, adopt, { folder: "work" });
  await callIn(work, lockAcquire, {}, { session: "holder" });
  Deno.renameSync(work, `${work}.old`);
  Deno.mkdirSync(work);
  const error = await assertRejects(() => callIn(work, adopt, { relocate: true }), JvsError);
  assertEquals(error.code, "E_LOCK_CONFLICT");
  await callIn(work, adopt, { relocate: true }, { session: "holder" });
  assertEquals(await operations(work), ["adopt", "lock acquire", "adopt relocate"]);
});

Deno.test("adopt() with relocate takes a folder that replaced the one that was adopted", async () => {
  using folder = withWork();
  const work = `${folder.path}/work`;
  await callIn(work, adopt);
  const { snapshot: saved } = await callIn(work, snapshot);
  Deno.renameSync(work, `${folder.path}/aside`);
  Deno.mkdirSync(work);
  await callIn(work, adopt, { relocate: true });
  await callIn(work, restore, { snapshot: saved.snapshot_id });
  assertEquals(Deno.readTextFileSync(`${work}/a.txt`), "one\n");
});

Deno.test("adopt() with relocate says what is missing where there is no history", async () => {
  using folder = withWork();
  const error = await assertRejects(() => callIn(`${folder.path}/work`, adopt, { relocate: true }), JvsError);
  assertEquals(error.code, "E_NOT_FOUND");
  assertMatch(error.message, /work\.jvs/);
});

Deno.test("adopt() killed at any moment leaves the folder alone, and can be repeated", async () => {
  for (let n = 1;; n++) {
    using folder = withWork();
    const work = `${folder.path}/work`;
    const killed = await killedAt(n, () => callIn(work, adopt));
    if (!exists(`${work}.jvs/.jvs`)) await callIn(work, adopt);
    assertEquals(namesIn(work), ["a.txt", "data"], `killed at ${n}`);
    await callIn(work, snapshot);
    assertEquals(await operations(work), ["adopt", "snapshot"], `killed at ${n}`);
    if (!killed) return;
  }
});

Deno.test("adopt() with relocate killed at any moment is done or not, with a record if it is", async () => {
  for (let n = 1;; n++) {
    using folder = withWork();
    await callIn(folder.path, adopt, { folder: "work" });
    Deno.renameSync(`${folder.path}/work`, `${folder.path}/moved`);
    Deno.renameSync(`${folder.path}/work.jvs`, `${folder.path}/moved.jvs`);
    const moved = `${folder.path}/moved`;
    const killed = await killedAt(n, () => callIn(moved, adopt, { relocate: true }));
    await callIn(moved, adopt, { relocate: true });
    await callIn(moved, snapshot);
    assertEquals(await operations(moved), ["adopt", "adopt relocate", "snapshot"], `killed at ${n}`);
    if (!killed) return;
  }
});
