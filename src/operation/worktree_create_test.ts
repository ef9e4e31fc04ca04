import { assertEquals, assertRejects } from "@std/assert";
import { JvsError } from "../model/errors.ts";
import { shortId } from "../model/ids.ts";
import { namesIn } from "../../tests/support/files.ts";
import { TestRepository } from "../../tests/support/repository.ts";
import { restore } from "./restore.ts";
import { snapshot } from "./snapshot.ts";
import { worktreeCreate } from "./worktree_create.ts";
import { worktreeFork } from "./worktree_fork.ts";
import { worktreeList } from "./worktree_list.ts";
import { worktreePath } from "./worktree_path.ts";

Deno.test("worktreeCreate() makes an empty worktree with a line of its own", async () => {
  using repository = await TestRepository.saved();
  const result = await repository.call(worktreeCreate, { name: "scratch" });
  assertEquals([result.head_snapshot_id, result.path], [null, `${repository.path}/worktrees/scratch`]);
  assertEquals(namesIn(result.path), []);
  repository.write("worktrees/scratch/new", "");
  const saved = await repository.call(snapshot, {}, { in: "worktrees/scratch" });
  assertEquals(saved.snapshot.parent_snapshot_id, null);
});

Deno.test("worktreeCreate() opens an empty worktree to no more users than main", async () => {
  using repository = await TestRepository.make();
  await repository.call(worktreeCreate, { name: "scratch" });
  const [main, scratch] = ["main", "worktrees/scratch"].map((path) =>
    Deno.statSync(`${repository.path}/${path}`).mode
  );
  assertEquals(scratch, main);
});

Deno.test("worktreeCreate() from a snapshot begins with what that holds", async () => {
  using repository = await TestRepository.saved();
  await repository.call(worktreeCreate, { name: "review", from: "HEAD" });
  assertEquals(repository.read("worktrees/review/a.txt"), "one\n");
});

Deno.test("worktreeCreate() from a snapshot that does not exist makes nothing", async () => {
  using repository = await TestRepository.saved();
  const input = { name: "review", from: "nonsense" };
  assertEquals(
    (await assertRejects(() => repository.call(worktreeCreate, input), JvsError)).code,
    "E_NOT_FOUND",
  );
  assertEquals(namesIn(`${repository.path}/.jvs/worktrees`), ["main"]);
});

Deno.test("worktreeCreate() refuses an autosave of some paths only as a beginning", async () => {
  using repository = await TestRepository.saved();
  const { store } = await repository.open();
  const whole = await store.snapshots.descriptor(repository.first);
  const { descriptor_checksum: _, ...rest } = whole;
  const id = await store.unfinished.newId();
  const partial = await store.unfinished.sealDescriptor({
    ...rest,
    snapshot_id: id,
    kind: "partial",
    paths: ["a.txt"],
  });
  Deno.mkdirSync(store.layout.unfinishedPayload(id).path);
  store.unfinished.writeDescriptor(partial);
  store.unfinished.publishPayload(id);
  store.unfinished.publishDescriptor(id);
  store.unfinished.writeReady(partial);
  const input = { name: "part", from: id };
  assertEquals(
    (await assertRejects(() => repository.call(worktreeCreate, input), JvsError)).code,
    "E_PARTIAL_SNAPSHOT",
  );
});

Deno.test("worktreeList() tells where each worktree stands and which is the caller's", async () => {
  using repository = await TestRepository.saved();
  repository.write("main/a.txt", "two\n");
  const second = await repository.save();
  await repository.call(restore, { snapshot: repository.first });
  await repository.call(worktreeCreate, { name: "b" });
  const { worktrees } = await repository.call(worktreeList, {}, { in: "worktrees/b" });
  assertEquals(worktrees.map(({ name, current, detached }) => [name, current, detached]), [
    ["b", true, false],
    ["main", false, true],
  ]);
  assertEquals([worktrees[1]?.head_snapshot_id, worktrees[1]?.latest_snapshot_id], [
    repository.first,
    second,
  ]);
});

Deno.test("worktreeList() hides no worktree because another is damaged, gone or replaced", async () => {
  using repository = await TestRepository.saved();
  for (const name of ["bad", "gone", "replaced"]) await repository.call(worktreeCreate, { name });
  repository.write(".jvs/worktrees/bad/config.json", "{");
  Deno.removeSync(`${repository.path}/worktrees/gone`);
  Deno.renameSync(`${repository.path}/worktrees/replaced`, `${repository.path}/aside`);
  Deno.mkdirSync(`${repository.path}/worktrees/replaced`);
  const { worktrees } = await repository.call(worktreeList);
  assertEquals(worktrees.map(({ name, state }) => [name, state]), [
    ["bad", "damaged"],
    ["gone", "missing"],
    ["main", "ok"],
    ["replaced", "replaced"],
  ]);
});

Deno.test("worktreePath() gives the caller's worktree, from a nested folder too, or the named one", async () => {
  using repository = await TestRepository.saved();
  await repository.call(worktreeCreate, { name: "b" });
  assertEquals((await repository.call(worktreePath, {}, { in: "main/data" })).path, repository.main);
  assertEquals((await repository.call(worktreePath, { name: "b" })).path, `${repository.path}/worktrees/b`);
  const error = await assertRejects(() => repository.call(worktreePath, { name: "nobody" }), JvsError);
  assertEquals(error.code, "E_NOT_FOUND");
});

Deno.test("worktreePath() takes no stray folder among the worktrees for main", async () => {
  using repository = await TestRepository.saved();
  await repository.call(worktreeCreate, { name: "b" });
  repository.write("worktrees/stray/file", "");
  assertEquals((await repository.call(worktreePath, {}, { in: "." })).name, "main");
  const error = await assertRejects(
    () => repository.call(worktreePath, {}, { in: "worktrees/stray" }),
    JvsError,
  );
  assertEquals(error.code, "E_NOT_FOUND");
});

Deno.test("what makes a worktree from a snapshot that it cannot use speaks of what the user asked for", async () => {
  using repository = await TestRepository.saved();
  const { first } = repository;
  const file = `${repository.path}/.jvs/snapshots/${first}/a.txt`;
  Deno.chmodSync(file, 0o644);
  Deno.writeTextFileSync(file, "bad\n");
  const told = async (call: Promise<unknown>) =>
    (await assertRejects(() => call, JvsError)).message.split(":")[0];
  assertEquals(
    [
      await told(repository.call(restore, { snapshot: first, name: "new" })),
      await told(repository.call(worktreeCreate, { name: "new", from: first })),
      await told(repository.call(worktreeFork, { name: "new", snapshot: first })),
    ],
    ["restore", "make a worktree from", "fork"].map((action) => `Cannot ${action} ${shortId(first)}`),
  );
  assertEquals((await repository.call(worktreeList)).worktrees.length, 1);
});
