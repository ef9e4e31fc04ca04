import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { JvsError } from "../model/errors.ts";
import { callIn } from "../../tests/support/context.ts";
import { exists, namesIn } from "../../tests/support/files.ts";
import { aroundRename } from "../../tests/support/kill_point.ts";
import { pastLease, raiseToken } from "../../tests/support/leases.ts";
import { TestRepository } from "../../tests/support/repository.ts";
import { tempDir } from "../../tests/support/temp_dir.ts";
import { adopt } from "./adopt.ts";
import { init } from "./init.ts";
import { Pins } from "../repo/pins.ts";
import { configSet } from "./config_set.ts";
import { gcPins } from "./gc_pins.ts";
import { gcRun } from "./gc_run.ts";
import { lockAcquire } from "./lock_acquire.ts";
import { worktreeCreate } from "./worktree_create.ts";
import { worktreeFork } from "./worktree_fork.ts";
import { worktreeRemove } from "./worktree_remove.ts";

async function withFork(): Promise<TestRepository & { readonly first: string }> {
  const repository = await TestRepository.saved();
  await repository.call(worktreeFork, { name: "try" });
  return repository;
}

function refusedWith(
  code: string,
  repository: TestRepository,
  input: Record<string, unknown>,
): Promise<JvsError> {
  return assertRejects(() => repository.call(worktreeRemove, input), JvsError).then((error) => {
    assertEquals(error.code, code);
    return error;
  });
}

Deno.test("worktreeRemove() removes folder and record, keeps the snapshots and pins the line", async () => {
  using repository = await withFork();
  repository.write("worktrees/try/c.txt", "three\n");
  const last = await repository.save("in the fork", "worktrees/try");
  const result = await repository.call(worktreeRemove, { name: "try" });
  assertEquals([result.latest_snapshot_id, result.autosave_snapshot_id], [last, null]);
  assertEquals(namesIn(`${repository.path}/worktrees`), []);
  assertEquals(namesIn(`${repository.path}/.jvs/worktrees`), ["main"]);
  const { store } = await repository.open();
  assertEquals(store.snapshots.list(), [repository.first, last]);
  const [pin] = store.pins.list();
  assertEquals([pin?.snapshot_id, pin?.expires_at], [last, result.kept_until]);
  const days = (Date.parse(result.kept_until ?? "") - Date.now()) / 86_400_000;
  assert(days > 29.9 && days < 30.1);
});

Deno.test("worktreeRemove() refuses unsaved work, and with force saves it first", async () => {
  using repository = await withFork();
  repository.write("worktrees/try/idea.txt", "an idea\n");
  const error = await refusedWith("E_UNSAVED_CHANGES", repository, { name: "try" });
  assertMatch(error.hint, /--force/);
  assertEquals(repository.read("worktrees/try/idea.txt"), "an idea\n");
  const { autosave_snapshot_id } = await repository.call(worktreeRemove, { name: "try", force: true });
  assertEquals(repository.read(`.jvs/snapshots/${autosave_snapshot_id}/idea.txt`), "an idea\n");
  assertEquals(exists(`${repository.path}/worktrees/try`), false);
  const operations = (await repository.audit()).slice(-2).map(({ operation }) => operation);
  assertEquals(operations, ["snapshot", "worktree remove"]);
});

Deno.test("worktreeRemove() keeps the unsaved work that it saved as long as the line, where no setting keeps autosaves", async () => {
  using repository = await withFork();
  await repository.call(configSet, { key: "retention.keep_autosave_days", value: "0" });
  repository.write("worktrees/try/idea.txt", "an idea\n");
  const { autosave_snapshot_id: autosave, kept_until } = await repository.call(worktreeRemove, {
    name: "try",
    force: true,
  });
  const pins = (await repository.open()).store.pins.list().filter((pin) => pin.snapshot_id === autosave);
  assertEquals(pins.map(({ expires_at, keeps_line }) => [expires_at, keeps_line]), [[kept_until, false]]);
  await repository.call(gcRun, { yes: true });
  assertEquals(repository.read(`.jvs/snapshots/${autosave}/idea.txt`), "an idea\n");
});

Deno.test("worktreeRemove() pins the unsaved work of a worktree without a snapshot", async () => {
  using folder = tempDir();
  await callIn(folder.path, init, { name: "repo" });
  const main = `${folder.path}/repo/main`;
  const { path } = await callIn(main, worktreeCreate, { name: "try" });
  Deno.writeTextFileSync(`${path}/idea.txt`, "an idea\n");
  const result = await callIn(main, worktreeRemove, { name: "try", force: true });
  const { pins } = await callIn(main, gcPins);
  assertEquals(pins.map(({ expires_at, snapshot_id }) => [snapshot_id, expires_at]), [
    [result.autosave_snapshot_id, result.kept_until],
  ]);
});

Deno.test("worktreeRemove() leaves the worktree where garbage collection took the autosave before it was pinned", async () => {
  using repository = await withFork();
  repository.write("worktrees/try/idea.txt", "an idea\n");
  const { store } = await repository.open();
  const add = Pins.prototype.add;
  Pins.prototype.add = function (pin) {
    add.call(this, pin); // the pin of the line, after the autosave
    const [autosave = ""] = store.snapshots.list().filter((id) => id !== repository.first);
    Deno.removeSync(`${repository.path}/.jvs/snapshots/${autosave}.READY`);
  };
  try {
    await refusedWith("E_NOT_FOUND", repository, { name: "try", force: true });
  } finally {
    Pins.prototype.add = add;
  }
  assertEquals(repository.read("worktrees/try/idea.txt"), "an idea\n");
  assertEquals(store.pins.list(), []);
});

Deno.test("worktreeRemove() counts ignored files as unsaved work, and saves them", async () => {
  using repository = await withFork();
  repository.write("worktrees/try/.jvsignore", "cache\n");
  await repository.save("with rules", "worktrees/try");
  repository.write("worktrees/try/cache/model.bin", "expensive\n");
  await refusedWith("E_UNSAVED_CHANGES", repository, { name: "try" });
  const { autosave_snapshot_id } = await repository.call(worktreeRemove, { name: "try", force: true });
  assertEquals(repository.read(`.jvs/snapshots/${autosave_snapshot_id}/cache/model.bin`), "expensive\n");
});

Deno.test("worktreeRemove() with discard gives unsaved work up", async () => {
  using repository = await withFork();
  repository.write("worktrees/try/idea.txt", "an idea\n");
  const { autosave_snapshot_id } = await repository.call(worktreeRemove, { name: "try", discard: true });
  assertEquals(autosave_snapshot_id, null);
  assertEquals(exists(`${repository.path}/worktrees/try`), false);
  const last = (await repository.audit()).at(-1);
  assertEquals([last?.operation, last?.details.discarded], ["worktree remove", true]);
});

Deno.test("worktreeRemove() refuses main, and what is no worktree", async () => {
  using repository = await TestRepository.saved();
  for (const more of [{}, { force: true }, { discard: true }]) {
    await refusedWith("E_USAGE", repository, { name: "main", ...more });
  }
  await refusedWith("E_NOT_FOUND", repository, { name: "nobody" });
  await refusedWith("E_PATH_ESCAPE", repository, { name: "../main" });
  assertEquals(repository.read("main/a.txt"), "one\n");
});

Deno.test("worktreeRemove() refuses the adopted folder", async () => {
  using folder = tempDir();
  Deno.mkdirSync(`${folder.path}/work`);
  await callIn(`${folder.path}/work`, adopt);
  const error = await assertRejects(
    () => callIn(`${folder.path}/work`, worktreeRemove, { name: "main", force: true }),
    JvsError,
  );
  assertEquals(error.code, "E_USAGE");
  assert(exists(`${folder.path}/work`));
});

Deno.test("worktreeRemove() does not remove a repository that lies in the worktree", async () => {
  using repository = await withFork();
  // Made elsewhere and moved in: `init` itself refuses to make one there.
  await callIn(repository.outside, init, { name: "other" });
  Deno.renameSync(`${repository.outside}/other`, `${repository.path}/worktrees/try/other`);
  for (const more of [{}, { force: true }, { discard: true }]) {
    await refusedWith("E_PERMISSION", repository, { name: "try", ...more });
  }
  assert(exists(`${repository.path}/worktrees/try/other/.jvs/format_version`));
});

Deno.test("worktreeRemove() follows no link out of the worktree", async () => {
  using repository = await withFork();
  Deno.mkdirSync(`${repository.outside}/precious`);
  Deno.writeTextFileSync(`${repository.outside}/precious/file`, "mine\n");
  Deno.symlinkSync(`${repository.outside}/precious`, `${repository.path}/worktrees/try/link`);
  await repository.call(worktreeRemove, { name: "try", force: true });
  assertEquals(Deno.readTextFileSync(`${repository.outside}/precious/file`), "mine\n");
});

Deno.test("worktreeRemove() of one whose folder is gone removes the record", async () => {
  using repository = await withFork();
  Deno.removeSync(`${repository.path}/worktrees/try`, { recursive: true });
  await repository.call(worktreeRemove, { name: "try" });
  assertEquals(namesIn(`${repository.path}/.jvs/worktrees`), ["main"]);
});

Deno.test("worktreeRemove() puts everything back when something was written at that moment", async () => {
  using repository = await withFork();
  const late = `${repository.path}/worktrees/try/late.txt`;
  let scans = 0;
  // Written after the look, before the folder is out of sight: the second scan finds it.
  const reporter = {
    begin(phase: string) {
      if (phase === "scanning" && ++scans === 2) Deno.writeTextFileSync(inStaging(repository), "late\n");
    },
    advance() {},
    warn() {},
  };
  const error = await assertRejects(
    () => repository.call(worktreeRemove, { name: "try" }, { reporter }),
    JvsError,
  );
  assertEquals(error.code, "E_UNSAVED_CHANGES");
  assertMatch(error.message, /late\.txt/);
  assertEquals(Deno.readTextFileSync(late), "late\n");
  await repository.call(worktreeRemove, { name: "try", force: true });
});

Deno.test("worktreeRemove() puts everything back when another session got the worktree while it was out of sight", async () => {
  for (const session of [undefined, "mine"]) {
    using repository = await withFork();
    if (session !== undefined) await repository.call(lockAcquire, { worktree: "try" }, { session });
    const caller = session === undefined ? {} : { session };
    const error = await assertRejects(
      () =>
        aroundRename(
          "try",
          { after: () => raiseToken(repository, "try") },
          () => repository.call(worktreeRemove, { name: "try", discard: true }, caller),
        ),
      JvsError,
    );
    assertEquals(error.code, "E_FENCING_MISMATCH");
    assertEquals(repository.read("worktrees/try/a.txt"), "one\n");
    const { store } = await repository.open();
    assertEquals([store.intents.list(), store.pins.list(), store.worktrees.list().length], [[], [], 2]);
    assertEquals((await repository.audit()).filter(({ operation }) => operation === "worktree remove"), []);
  }
});

Deno.test("worktreeRemove() puts everything back when its lease ran out while the worktree was out of sight", async () => {
  using repository = await withFork();
  const mine = { session: "mine" };
  await repository.call(lockAcquire, { worktree: "try" }, mine);
  const error = await assertRejects(
    () =>
      aroundRename(
        "try",
        { after: () => pastLease(repository, 30_001, "try") },
        () => repository.call(worktreeRemove, { name: "try", discard: true }, mine),
      ),
    JvsError,
  );
  assertEquals(error.code, "E_LOCK_EXPIRED");
  assertEquals(repository.read("worktrees/try/a.txt"), "one\n");
  await repository.call(lockAcquire, { worktree: "try" }, mine);
  await repository.call(worktreeRemove, { name: "try" }, mine);
});

/** As an open folder would let a process write after the rename. */
function inStaging(repository: TestRepository): string {
  const staging = `${repository.path}/.jvs/runtime/shared/staging`;
  return `${staging}/${namesIn(staging)[0]}/late.txt`;
}

Deno.test("worktreeRemove() leaves a worktree whose root is read-only as it was, or removes it", async () => {
  using repository = await withFork();
  const root = `${repository.path}/worktrees/try`;
  Deno.chmodSync(root, 0o555);
  repository.write("worktrees/try/new", "");
  await refusedWith("E_UNSAVED_CHANGES", repository, { name: "try" });
  assertEquals((Deno.statSync(root).mode ?? 0) & 0o777, 0o555);
  await repository.call(worktreeRemove, { name: "try", force: true });
  assertEquals(exists(root), false);
});

Deno.test("worktreeRemove() tells of its progress while it deletes the files", async () => {
  using repository = await withFork();
  let at = "";
  let removed = 0;
  const reporter = {
    begin: (name: string) => void (at = name),
    advance: (entries: number) => void (removed += at === "removing" ? entries : 0),
    warn() {},
  };
  await repository.call(worktreeRemove, { name: "try" }, { reporter });
  assert(removed > 0);
});
