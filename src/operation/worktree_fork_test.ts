import { assert, assertEquals, assertMatch, assertNotEquals, assertRejects } from "@std/assert";
import { JvsError } from "../model/errors.ts";
import { exists, namesIn } from "../../tests/support/files.ts";
import { TestRepository } from "../../tests/support/repository.ts";
import { describeTree } from "../../tests/support/trees.ts";
import { requires } from "../../tests/support/requires.ts";
import { restore } from "./restore.ts";
import { snapshot } from "./snapshot.ts";
import { status } from "./status.ts";
import { worktreeFork } from "./worktree_fork.ts";
import { worktreeList } from "./worktree_list.ts";

Deno.test("worktreeFork() goes on from where the current worktree stands", async () => {
  using repository = await TestRepository.saved();
  repository.write("main/unsaved.txt", "");
  const result = await repository.call(worktreeFork, { name: "try" });
  assertEquals(result.path, `${repository.path}/worktrees/try`);
  assertEquals(result.head_snapshot_id, repository.first);
  assertEquals(result.verified, true);
  assertEquals(result.degradations, { counts: {}, first: [] });
  assertEquals(namesIn(result.path), ["a.txt", "data"]);
  assertEquals(repository.read("worktrees/try/data/b.txt"), "two\n");
  const here = await repository.call(status, {}, { in: "worktrees/try" });
  assertEquals([here.worktree, here.clean, here.detached], ["try", true, false]);
});

Deno.test("worktreeFork() goes on from a named snapshot, whatever came after it", async () => {
  using repository = await TestRepository.saved();
  repository.write("main/a.txt", "changed\n");
  await repository.save("second");
  await repository.call(worktreeFork, { snapshot: repository.first, name: "old" });
  assertEquals(repository.read("worktrees/old/a.txt"), "one\n");
  const next = await repository.save("on another line", "worktrees/old");
  const { worktrees } = await repository.call(worktreeList);
  const heads = worktrees.map(({ name, head_snapshot_id }) => [name, head_snapshot_id]);
  assertEquals(heads[1], ["old", next]);
  assertNotEquals(heads[0]?.[1], next);
});

Deno.test("worktreeFork() shares no file with the snapshot: what is written stays in the fork", async () => {
  using repository = await TestRepository.saved();
  await repository.call(worktreeFork, { name: "try" });
  repository.write("worktrees/try/a.txt", "mine\n");
  assertEquals(repository.read(`.jvs/snapshots/${repository.first}/a.txt`), "one\n");
  assertEquals(repository.read("main/a.txt"), "one\n");
});

Deno.test({
  name: "worktreeFork() keeps modes, times and links as the snapshot has them",
  ...requires("python3"),
  async fn() {
    using repository = await TestRepository.make();
    repository.write("main/run.sh", "#!/bin/sh\n");
    Deno.chmodSync(`${repository.main}/run.sh`, 0o750);
    Deno.linkSync(`${repository.main}/run.sh`, `${repository.main}/same.sh`);
    Deno.symlinkSync("run.sh", `${repository.main}/link`);
    Deno.mkdirSync(`${repository.main}/empty`, { mode: 0o500 });
    Deno.utimeSync(`${repository.main}/run.sh`, 1_000_000_000, 1_000_000_000);
    await repository.save();
    await repository.call(worktreeFork, { name: "try" });
    assertEquals(await describeTree(`${repository.path}/worktrees/try`), await describeTree(repository.main));
  },
});

Deno.test("worktreeFork() with live takes unsaved and ignored files along", async () => {
  using repository = await TestRepository.saved();
  repository.write("main/.jvsignore", "cache\n");
  repository.write("main/cache/big.bin", "made\n");
  repository.write("main/a.txt", "unsaved\n");
  const result = await repository.call(worktreeFork, { name: "agent", live: true });
  assertEquals([result.live, result.head_snapshot_id], [true, repository.first]);
  assertEquals(repository.read("worktrees/agent/a.txt"), "unsaved\n");
  assertEquals(repository.read("worktrees/agent/cache/big.bin"), "made\n");
  const here = await repository.call(status, {}, { in: "worktrees/agent" });
  assertEquals(here.clean, false);
});

Deno.test("worktreeFork() with live works before the first snapshot, and from a detached worktree", async () => {
  using repository = await TestRepository.make();
  repository.write("main/a.txt", "one\n");
  const early = await repository.call(worktreeFork, { name: "early", live: true });
  assertEquals(early.head_snapshot_id, null);
  const first = await repository.save();
  repository.write("main/a.txt", "two\n");
  await repository.save();
  await repository.call(restore, { snapshot: first });
  const late = await repository.call(worktreeFork, { name: "late", live: true });
  assertEquals(late.head_snapshot_id, first);
  assertEquals(repository.read("worktrees/late/a.txt"), "one\n");
  await repository.call(snapshot, { note: "attached" }, { in: "worktrees/late" });
});

Deno.test("worktreeFork() refuses before the first snapshot, and says what to do", async () => {
  using repository = await TestRepository.make();
  const error = await assertRejects(() => repository.call(worktreeFork, { name: "try" }), JvsError);
  assertEquals(error.code, "E_NOT_FOUND");
  assertMatch(error.hint, /--live/);
});

Deno.test("worktreeFork() refuses names that are none, and makes nothing", async () => {
  using repository = await TestRepository.saved();
  const bad: [string, string][] = [
    ["../out", "E_PATH_ESCAPE"],
    ["a/b", "E_PATH_ESCAPE"],
    ["a\\b", "E_PATH_ESCAPE"],
    ["..", "E_PATH_ESCAPE"],
    ["a\0b", "E_PATH_ESCAPE"],
    [".", "E_NAME_INVALID"],
    [".git", "E_NAME_INVALID"],
    ["-rf", "E_NAME_INVALID"],
    ["a\u001b[31m", "E_NAME_INVALID"],
    ["ä", "E_NAME_INVALID"],
    ["x".repeat(200), "E_NAME_INVALID"],
    ["", "E_NAME_INVALID"],
  ];
  for (const [name, code] of bad) {
    for (const live of [true, false]) {
      const error = await assertRejects(() => repository.call(worktreeFork, { name, live }), JvsError);
      assertEquals(error.code, code, JSON.stringify(name));
    }
  }
  assertEquals(exists(`${repository.path}/worktrees`), false);
  assertEquals((await repository.audit()).length, 2);
});

Deno.test("worktreeFork() refuses a name that a worktree, or any folder in its place, has", async () => {
  using repository = await TestRepository.saved();
  await repository.call(worktreeFork, { name: "try" });
  repository.write("worktrees/stray/file", "not ours");
  for (const name of ["main", "try", "stray"]) {
    const error = await assertRejects(() => repository.call(worktreeFork, { name }), JvsError);
    assertEquals(error.code, "E_ALREADY_EXISTS", name);
  }
  assertEquals(repository.read("worktrees/stray/file"), "not ours");
  assertEquals(namesIn(`${repository.path}/.jvs/runtime/shared/staging`), []);
  assertEquals(namesIn(`${repository.path}/.jvs/runtime/shared/intents`), []);
});

Deno.test("worktreeFork() does not follow a link in the place where worktrees stand", async () => {
  using repository = await TestRepository.saved();
  Deno.mkdirSync(`${repository.outside}/elsewhere`);
  Deno.symlinkSync(`${repository.outside}/elsewhere`, `${repository.path}/worktrees`);
  const error = await assertRejects(() => repository.call(worktreeFork, { name: "try" }), JvsError);
  assertEquals(error.code, "E_PATH_ESCAPE");
  assertEquals(namesIn(`${repository.outside}/elsewhere`), []);
});

Deno.test("worktreeFork() of a damaged snapshot fails and leaves nothing", async () => {
  using repository = await TestRepository.saved();
  const file = `${repository.path}/.jvs/snapshots/${repository.first}/a.txt`;
  Deno.chmodSync(file, 0o600);
  Deno.writeTextFileSync(file, "bad\n");
  const error = await assertRejects(() => repository.call(worktreeFork, { name: "try" }), JvsError);
  assertEquals(error.code, "E_PAYLOAD_HASH_MISMATCH");
  assertMatch(error.message, /a\.txt/);
  Deno.removeSync(file);
  const gone = await assertRejects(
    () => repository.call(worktreeFork, { name: "try", verify: false }),
    JvsError,
  );
  assertEquals(gone.code, "E_PAYLOAD_HASH_MISMATCH");
  assertEquals(exists(`${repository.path}/worktrees/try`), false);
  assertEquals(namesIn(`${repository.path}/.jvs/runtime/shared/staging`), []);
});

Deno.test("worktreeFork() refuses a snapshot together with live", async () => {
  using repository = await TestRepository.saved();
  const input = { snapshot: repository.first, name: "try", live: true };
  assertEquals((await assertRejects(() => repository.call(worktreeFork, input), JvsError)).code, "E_USAGE");
});

Deno.test("worktreeFork() several times at once makes all, and of two with one name one", async () => {
  using repository = await TestRepository.saved();
  const names = ["a", "b", "c", "d", "same", "same", "e", "f"];
  const results = await Promise.allSettled(names.map((name) => repository.call(worktreeFork, { name })));
  const failed = results.filter((result) => result.status === "rejected");
  assertEquals(failed.map(({ reason }) => reason.code), ["E_ALREADY_EXISTS"]);
  assertEquals(namesIn(`${repository.path}/worktrees`), ["a", "b", "c", "d", "e", "f", "same"]);
  const forks = (await repository.audit()).filter(({ operation }) => operation === "worktree fork");
  assertEquals(forks.map(({ target }) => target).sort(), ["a", "b", "c", "d", "e", "f", "same"]);
});

Deno.test("worktreeFork() leaves the first snapshot in the fork nothing to read again", async () => {
  using repository = await TestRepository.saved();
  for (let i = 0; i < 20; i++) repository.write(`main/many/${i}`, `${i}\n`);
  await repository.save();
  await repository.call(worktreeFork, { name: "try" });
  let read = 0;
  const reporter = {
    begin: (phase: string, total?: { entries?: number }) =>
      void (phase === "hashing" ? read += total?.entries ?? 0 : 0),
    advance() {},
    warn() {},
  };
  repository.write("worktrees/try/new", "\n");
  const saved = await repository.call(snapshot, {}, { in: "worktrees/try", reporter });
  assertEquals(saved.snapshot.stats.files, 23);
  assert(read <= 23 - 20, `${read} files were read`);
});

Deno.test("worktreeFork() keeps a payload root that its owner may not write", async () => {
  using repository = await TestRepository.saved();
  Deno.chmodSync(repository.main, 0o555);
  await repository.save();
  const { path } = await repository.call(worktreeFork, { name: "try" });
  assertEquals((Deno.statSync(path).mode ?? 0) & 0o7777, 0o555);
});
